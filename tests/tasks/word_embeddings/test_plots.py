import numpy as np
import pytest

from keras_suite.data.provenance import Provenance
from keras_suite.plots.common import save
from keras_suite.tasks.word_embeddings import plots
from keras_suite.tasks.word_embeddings.answers import ask
from keras_suite.tasks.word_embeddings.tasks import plane
from keras_suite.tasks.word_embeddings.word_analogies import SectionScore
from tests.tasks.word_embeddings.test_answers import QUESTIONS
from tests.tasks.word_embeddings.toy_words import toy_vectors


@pytest.fixture(scope="module")
def answers():
    return ask(toy_vectors(), QUESTIONS, 4)


def texts(axis):
    return {text.get_text() for text in axis.texts}


def ticks(axis):
    return [label.get_text() for label in axis.get_yticklabels()]


def test_each_word_has_a_panel_of_its_neighbours(answers):
    found = answers.neighbours | {"dog": answers.neighbours["cow"], "men": []}
    figure = plots.neighbours(found)
    drawn = [axis for axis in figure.axes if axis.axison]
    assert [axis.get_title() for axis in drawn] == ["king", "cow", "dog", "men"]
    assert ticks(drawn[0]) == [word for word, _ in answers.neighbours["king"]]
    widths = [bar.get_width() for bar in drawn[0].patches]
    assert widths == pytest.approx([cosine for _, cosine in answers.neighbours["king"]])


def test_a_triple_is_a_row_with_both_words(answers):
    (axis,) = plots.triples(answers.triples).axes
    assert ticks(axis) == ["king", "man"]
    assert texts(axis) == {"queen", "dog", "cow", "king"}
    bottom, top = axis.get_ylim()
    assert top < 0 < 1 < bottom  # no row lies on the frame


def test_both_signs_stand_side_by_side_and_the_right_answer_has_another_colour(answers):
    right, wrong = plots.analogies(answers.analogies).axes
    assert right.get_title() == "man:woman::king:?\nright sign: queen at place 1"
    assert "wrong sign" in wrong.get_title()
    colors = [bar.get_facecolor() for bar in right.patches]
    assert colors[0] != colors[1] == colors[2]


def test_an_arrow_goes_from_each_first_word_to_the_second():
    pairs = QUESTIONS.relations["gender"]
    words = [word for pair in pairs for word in pair]
    points, _ = plane(toy_vectors(), words)
    (axis,) = plots.pairs_plane(points, pairs, "gender").axes
    arrows = [text for text in axis.texts if not text.get_text()]
    assert np.allclose([arrow.xyann for arrow in arrows], points[::2])
    assert np.allclose([arrow.xy for arrow in arrows], points[1::2])
    assert texts(axis) == {*words, ""}


def test_each_category_has_its_colour_and_every_word_its_label():
    words = [word for each in QUESTIONS.categories.values() for word in each]
    points, _ = plane(toy_vectors(), words)
    (axis,) = plots.categories_plane(points, QUESTIONS.categories, "categories").axes
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["people", "animals"]
    assert texts(axis) == set(words)


def test_the_failing_analogy_stands_first_beside_the_steps(answers):
    left, right = plots.failure(answers.failure).axes
    assert ticks(left) == ["dog:dogs::actor:?", "man:woman::king:?"]
    assert ticks(right) == ["cow – cows", "king – queen", "actor – actress"]


def test_the_benchmark_has_three_bars_a_section():
    score = SectionScore("family", asked=100, unknown=6, correct=70, wrong_sign=1, neighbour=20)
    (axis,) = plots.benchmark([score]).axes
    assert ticks(axis) == ["family"]
    assert sorted(bar.get_width() for bar in axis.patches) == [0.01, 0.2, 0.7]
    assert texts(axis) == {"70.0%", "1.0%", "20.0%"}


def test_all_answers_are_drawn_and_saved(tmp_path, answers):
    scores = [SectionScore("family", 3, 0, 2, 1, 0), SectionScore("currency", 0, 9, 0, 0, 0)]
    figures = plots.draw_all(toy_vectors(), QUESTIONS.known_to(toy_vectors()), answers, scores)
    assert set(figures) == {
        *("neighbours", "triples", "analogies", "gender", "plural"),
        *("categories", "failing_analogy", "benchmark"),
    }
    assert ticks(figures["benchmark"].axes[0]) == ["family"]
    assert figures["gender"].axes[0].get_title().startswith("gender: mean cosine of the steps 0.9")
    for name, figure in figures.items():
        save(figure, tmp_path / f"{name}.png", Provenance("toys", "sample", 11, "0" * 64))
        assert (tmp_path / f"{name}.png").stat().st_size > 5000


def test_what_was_not_answered_is_not_drawn():
    keyed = toy_vectors("man", "woman", "king", "queen")
    figures = plots.draw_all(keyed, QUESTIONS.known_to(keyed), ask(keyed, QUESTIONS, 1), [])
    assert set(figures) == {"neighbours", "analogies", "gender"}


def test_no_label_covers_another_or_leaves_the_plane():
    words = [word for each in QUESTIONS.categories.values() for word in each]
    points, _ = plane(toy_vectors(), words)
    figure = plots.categories_plane(points, QUESTIONS.categories, "categories")
    figure.canvas.draw()
    (axis,) = figure.axes
    frame = axis.get_window_extent()
    boxes = [text.get_window_extent() for text in axis.texts]
    for i, box in enumerate(boxes):
        assert frame.x0 <= box.x0 < box.x1 <= frame.x1
        assert not any(box.overlaps(other) for other in boxes[:i])
