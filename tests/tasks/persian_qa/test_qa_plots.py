import pytest
from matplotlib.image import imread

from keras_suite.data.provenance import Provenance
from keras_suite.plots import style as plots
from keras_suite.tasks.persian_qa import qa_plots
from keras_suite.tasks.persian_qa.pquad import Answer, Question, load_questions

SAMPLE = Provenance("templated", "sample", 100, "0" * 64)
FIGURES = [qa_plots.split_sizes, qa_plots.answers_per_question, qa_plots.lengths]


@pytest.fixture(scope="module")
def parts():
    loaded = load_questions("sample")
    return {"train": loaded.train, "validation": loaded.validation, "test": loaded.test}


def question(words: int, *answers: str) -> Question:
    answers = tuple(Answer(text, 0) for text in answers)
    return Question("1", "چرا این است؟", "متن " * words, answers, "")


def texts(figure):
    artists = figure.findobj(lambda artist: hasattr(artist, "get_text"))
    return {artist.get_text() for artist in artists}


@pytest.mark.parametrize("draw", FIGURES, ids=lambda draw: draw.__name__)
def test_nothing_is_drawn_up_to_the_edge_where_it_would_be_clipped(draw, parts, tmp_path):
    plots.save(draw(parts), tmp_path / "figure.png", SAMPLE)
    pixels = imread(tmp_path / "figure.png")[..., :3]
    assert pixels.min() < 0.5  # something is drawn
    for edge in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]):
        assert (edge == 1).all()


@pytest.mark.parametrize("draw", FIGURES, ids=lambda draw: draw.__name__)
def test_labels_are_english_so_that_no_font_has_to_shape_persian(draw, parts):
    assert all(ord(sign) < 0x600 for text in texts(draw(parts)) for sign in text)


@pytest.mark.parametrize("draw", FIGURES, ids=lambda draw: draw.__name__)
@pytest.mark.parametrize("answers", [[], ["متن"]])
def test_a_single_part_of_one_question_can_be_drawn(draw, answers, tmp_path):
    plots.save(draw({"test": [question(3, *answers)]}), tmp_path / "figure.png", SAMPLE)


def test_bars_carry_how_many_questions_there_are_and_how_many_have_no_answer():
    parts = {"train": [question(3, "متن")] * 1500 + [question(3)] * 500, "test": [question(3)]}
    assert {"2,000\n25.0% unanswerable", "1\n100.0% unanswerable"} <= texts(
        qa_plots.split_sizes(parts)
    )


def test_bars_of_answers_add_up_to_all_questions_of_a_part(parts):
    axis = qa_plots.answers_per_question(parts).axes[0]
    heights = [[bar.get_height() for bar in container] for container in axis.containers]
    assert [sum(each) for each in heights] == pytest.approx([1, 1, 1])
    train = parts["train"]
    assert heights[0][0] == sum(not each.answers for each in train) / len(train)


def test_lengths_count_each_context_once_and_gather_the_longest():
    short = [question(10, "متن")] * 50
    many = [question(words, "متن متن") for words in (*range(20, 59), 5000)]
    contexts, questions, answers = qa_plots.lengths({"train": short + many}).axes
    labels = [
        axis.get_legend().get_texts()[0].get_text() for axis in (contexts, questions, answers)
    ]
    assert labels == ["train: median 39", "train: median 3", "train: median 1"]
    assert contexts.get_xlim()[1] < 5000
    heights = contexts.patches[0].get_xy()[:, 1]  # of the outline, from 0 up and back down to 0
    assert heights[-2] == pytest.approx(1 / 41)  # the last step
