import numpy as np
import pytest

from keras_suite.tasks.persian_qa import qa_plots
from keras_suite.tasks.persian_qa.pquad import Answer, Question

MEANS = [
    (1, 1, [1]),
    (3, 1, [1, 2, 3]),
    (50, 13, [13, 26, 39, 50]),
    (450, 100, [100, 200, 300, 400, 450]),
]


def question(words: int, *answers: str) -> Question:
    answers = tuple(Answer(text, 0) for text in answers)
    return Question("1", "چرا این است؟", "متن " * words, answers, "")


def texts(figure):
    artists = figure.findobj(lambda artist: hasattr(artist, "get_text"))
    return {artist.get_text() for artist in artists}


@pytest.mark.parametrize("answers", [[], ["متن"]])
def test_one_question_can_be_drawn_with_labels_that_no_font_has_to_shape(answers):
    for draw in (qa_plots.split_sizes, qa_plots.answers_per_question, qa_plots.lengths):
        figure = draw({"test": [question(3, *answers)]})
        figure.draw_without_rendering()
        assert all(ord(sign) < 0x600 for text in texts(figure) for sign in text)


def test_bars_carry_how_many_questions_and_answers_there_are():
    parts = {"train": [question(3, "متن")] * 1500 + [question(3)] * 500, "test": [question(3)]}
    said = texts(qa_plots.split_sizes(parts))
    assert {"2,000\n25.0% unanswerable", "1\n100.0% unanswerable"} <= said
    (axis,) = qa_plots.answers_per_question(parts).axes
    heights = [[bar.get_height() for bar in container] for container in axis.containers]
    assert heights == [[0.25, 0.75], [1, 0]]


def test_lengths_count_each_context_once_and_gather_the_longest():
    short = [question(10, "متن")] * 50
    many = [question(words, "متن متن") for words in (*range(20, 59), 5000)]
    contexts, questions, answers = qa_plots.lengths({"train": short + many}).axes
    labels = [axis.get_legend().texts[0].get_text() for axis in (contexts, questions, answers)]
    assert labels == ["train: median 39", "train: median 3", "train: median 1"]
    assert contexts.get_xlim()[1] < 5000
    heights = contexts.patches[0].get_xy()[:, 1]  # of the outline, from 0 up and back down to 0
    assert heights[-2] == pytest.approx(1 / 41)  # the last step


@pytest.mark.parametrize(("steps", "mean_of", "ends"), MEANS)
def test_means_of_losses_stand_at_their_last_step_and_every_step_is_a_point(steps, mean_of, ends):
    losses = np.arange(1.0, steps + 1)
    means, points = qa_plots.batch_losses(losses).axes
    assert means.get_title() == f"mean of every {mean_of} batches"
    expected = np.stack([ends, [part.mean() for part in np.split(losses, ends[:-1])]], axis=1)
    assert np.array_equal(means.lines[0].get_xydata(), expected)
    assert points.collections[0].get_offsets().tolist() == [[loss, loss] for loss in losses]
