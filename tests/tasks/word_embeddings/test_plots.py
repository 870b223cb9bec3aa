import numpy as np
import pandas as pd
import pytest

from keras_suite.data.provenance import Provenance
from keras_suite.plots.style import save
from keras_suite.tasks.word_embeddings import plots
from keras_suite.tasks.word_embeddings.answers import ask
from tests.tasks.word_embeddings.toy_words import QUESTIONS, toy_vectors

COLUMNS = ["asked", "accuracy", "wrong_sign", "neighbour"]
SCORES = pd.DataFrame(
    [[100, 0.7, 0.01, 0.2], [0, float("nan"), float("nan"), float("nan")]],
    ["family", "currency"],
    COLUMNS,
)


@pytest.fixture(scope="module")
def figures():
    keyed = toy_vectors()
    return plots.draw(keyed, QUESTIONS, ask(keyed, QUESTIONS, 4), SCORES)


def ticks(axis):
    return [label.get_text() for label in axis.get_yticklabels()]


def titles(figure):
    return [axis.get_title() for axis in figure.axes if axis.axison]


def test_all_answers_are_drawn_and_saved(tmp_path, figures):
    assert set(figures) == {
        *("neighbours", "triples", "analogies", "gender", "plural"),
        *("categories", "failing_analogy", "benchmark"),
    }
    for name, figure in figures.items():
        save(figure, tmp_path / f"{name}.png", Provenance("toys", "sample", 11, "0" * 64))
        assert (tmp_path / f"{name}.png").stat().st_size > 5000


def test_words_stand_below_each_other_and_the_expected_one_has_another_colour(figures):
    assert titles(figures["neighbours"]) == ["king", "cow"]
    assert ticks(figures["triples"].axes[0]) == ["queen", "dog"]
    assert titles(figures["analogies"]) == [
        "man:woman::king:?\nright sign: queen at place 1",
        "man:woman::king:?\nwrong sign: queen at place 3",
    ]
    for axis, place in zip(figures["analogies"].axes, (0, 2), strict=True):
        colours = [bar.get_facecolor() for bar in axis.patches]
        assert [colour for colour in colours if colours.count(colour) == 1] == [colours[place]]


def test_the_failing_analogy_stands_first_beside_the_steps(figures):
    sums, *steps = figures["failing_analogy"].axes
    assert ticks(sums) == ["dog:dogs::actor", "man:woman::king"]
    assert [ticks(axis) for axis in steps] == [["cow – cows"], ["king – queen", "actor – actress"]]


def test_the_benchmark_has_three_bars_for_each_section_that_was_asked(figures):
    (axis,) = figures["benchmark"].axes
    assert ticks(axis) == ["family"]
    assert {text.get_text() for text in axis.texts} == {"70.0%", "1.0%", "20.0%"}


def test_an_arrow_goes_from_each_first_word_to_the_second(figures):
    (axis,) = figures["gender"].axes
    assert axis.get_title().startswith("gender: mean cosine of the steps 0.9")
    starts, ends = (points.get_offsets() for points in axis.collections)
    arrows = [text for text in axis.texts if not text.get_text()][:3]
    assert np.allclose([arrow.xyann for arrow in arrows], starts)
    assert np.allclose([arrow.xy for arrow in arrows], ends)


@pytest.mark.parametrize("name", ["gender", "categories"])
def test_no_label_covers_another_or_leaves_the_plane(figures, name):
    figure = figures[name]
    figure.draw_without_rendering()
    (axis,) = figure.axes
    frame = axis.get_window_extent()
    boxes = [text.get_window_extent() for text in axis.texts if text.get_text()]
    assert len(boxes) == sum(len(points.get_offsets()) for points in axis.collections)
    for i, box in enumerate(boxes):
        assert frame.x0 <= box.x0 < box.x1 <= frame.x1
        assert not any(box.overlaps(other) for other in boxes[:i])


def test_what_was_not_answered_is_not_drawn():
    keyed = toy_vectors("man", "woman", "king", "queen")
    figures = plots.draw(keyed, QUESTIONS, ask(keyed, QUESTIONS, 1), SCORES[1:])
    assert set(figures) == {"neighbours", "analogies", "gender"}
