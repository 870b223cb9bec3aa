import pytest

from keras_suite.tasks.persian_qa.sample_questions import draw_articles
from keras_suite.tasks.persian_qa.squad_file import parse_document

TEXTS = 300


@pytest.fixture(scope="module")
def questions():
    file = parse_document({"data": draw_articles(TEXTS)}, "sample")
    assert file.notice == ""  # every answer stands at its place
    return file.questions


def test_texts_are_distinct_and_the_same_for_the_same_seed():
    articles = draw_articles(TEXTS)
    assert len({each["paragraphs"][0]["context"] for each in articles}) == len(articles) == TEXTS
    assert draw_articles(TEXTS) == articles
    assert draw_articles(TEXTS, seed=1) != articles
    assert draw_articles(20) == articles[:20]


def test_a_quarter_of_six_questions_a_text_is_unanswerable(questions):
    assert len(questions) == 6 * TEXTS
    assert sum(not question.is_answerable for question in questions) == len(questions) / 4
    assert len({(question.context, question.text) for question in questions}) == len(questions)


def test_every_answer_is_said_once_so_that_only_one_place_is_right(questions):
    for question in questions:
        for answer in question.answers:
            assert question.context.count(answer.text) == 1


def test_longer_answers_hold_the_short_one(questions):
    answers = [question.answers for question in questions if len(question.answers) == 2]
    assert answers
    for short, long in answers:
        assert short.text in long.text
        assert long.start <= short.start
        assert short.start + len(short.text) <= long.start + len(long.text)


def test_the_thing_asked_about_is_in_the_text_even_where_the_answer_is_not(questions):
    for question in questions:
        names = question.title.split(" و ")
        assert len(names) == 2
        assert all(name in question.context for name in names)
        assert sum(name in question.text for name in names) == 1


def test_words_of_a_question_do_not_tell_whether_it_has_an_answer(questions):
    """Every wording is met with and without an answer."""

    def wordings(answerable):
        chosen = [each for each in questions if each.is_answerable == answerable]
        return {
            min(each.text.replace(name, "") for name in each.title.split(" و ")) for each in chosen
        }

    assert wordings(True) == wordings(False)
    assert len(wordings(True)) == 3 * 5 * 2


def test_texts_are_persian_and_leave_no_gap_of_a_template(questions):
    for question in questions:
        for text in (question.context, question.text):
            assert not set("{}") & set(text)
            assert "  " not in text
            assert not any("a" <= character.lower() <= "z" for character in text)
