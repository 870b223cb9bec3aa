import numpy as np
import pandas as pd
import pytest

from keras_suite.tasks.word_embeddings import plots
from keras_suite.tasks.word_embeddings.answers import ask
from tests.tasks.word_embeddings.toy_words import QUESTIONS, toy_vectors

SHARES = {"accuracy": [0.7, np.nan], "wrong_sign": [0.01, np.nan], "neighbour": [0.2, np.nan]}
SIGNS = "right", "wrong"
SCORES = pd.DataFrame({"asked": [100, 0]} | SHARES, ["family", "currency"])


@pytest.fixture(scope="module")
def figures():
    keyed = toy_vectors()
    return plots.draw(keyed, QUESTIONS, ask(keyed, QUESTIONS, 4), SCORES)


def ticks(axis):
    return [label.get_text() for label in axis.get_yticklabels()]


def test_words_and_sections_stand_below_each_other(figures):
    assert ticks(figures["triples"].axes[0]) == ["queen", "dog"]
    sums, *steps = figures["failing_analogy"].axes
    assert ticks(sums) == ["dog:dogs::actor", "man:woman::king"]
    assert [ticks(axis) for axis in steps] == [["cow – cows"], ["king – queen", "actor – actress"]]
    (axis,) = figures["benchmark"].axes
    assert ticks(axis) == ["family"]  # the one that was asked
    assert {text.get_text() for text in axis.texts} == {"70.0%", "1.0%", "20.0%"}


def test_the_expected_word_has_another_colour_and_its_place_is_said(figures):
    for axis, sign, place in zip(figures["analogies"].axes, SIGNS, (0, 2), strict=True):
        said = f"man:woman::king:?\n{sign} sign: queen at place {place + 1}"
        assert axis.get_title() == said
        colours = [bar.get_facecolor() for bar in axis.patches]
        assert [colour for colour in colours if colours.count(colour) == 1] == [colours[place]]


@pytest.mark.parametrize("name", ["gender", "categories"])
def test_arrows_go_from_first_words_to_second_and_no_label_covers_another(figures, name):
    figure = figures[name]
    (axis,) = figure.axes
    points = [dots.get_offsets() for dots in axis.collections]
    if name == "gender":
        assert axis.get_title().startswith("gender: mean cosine of the steps 0.9")
        arrows = [text for text in axis.texts if not text.get_text()][:3]
        ends = zip(*((arrow.xyann, arrow.xy) for arrow in arrows), strict=True)
        assert np.allclose(list(ends), points)
    figure.draw_without_rendering()
    frame = axis.get_window_extent()
    boxes = [text.get_window_extent() for text in axis.texts if text.get_text()]
    assert len(boxes) == sum(map(len, points))
    for i, box in enumerate(boxes):
        assert frame.x0 <= box.x0 < box.x1 <= frame.x1
        assert not any(box.overlaps(other) for other in boxes[:i])


def test_what_was_not_answered_is_not_drawn(figures):
    panels = {"neighbours", "triples", "analogies", "failing_analogy", "benchmark"}
    assert set(figures) == panels | {"gender", "plural", "categories"}
    keyed = toy_vectors("man", "woman", "king", "queen")
    few = plots.draw(keyed, QUESTIONS, ask(keyed, QUESTIONS, 1), SCORES[1:])
    assert set(few) == {"neighbours", "analogies", "gender"}
