import re

import pytest

from keras_suite.tasks.persian_qa.sample_questions import draw_articles
from keras_suite.tasks.persian_qa.squad_file import parse_document

TEXTS = 300


@pytest.fixture(scope="module")
def questions():
    file = parse_document({"data": draw_articles(TEXTS)}, "sample")
    assert file.notice == ""  # every answer stands at its place
    return file.questions


def test_texts_are_distinct_the_same_for_the_same_seed_and_a_quarter_is_unanswerable(questions):
    assert draw_articles(20) == draw_articles(TEXTS)[:20] != draw_articles(20, seed=1)
    assert len({question.context for question in questions}) == TEXTS
    assert len({(question.context, question.text) for question in questions}) == 6 * TEXTS
    assert sum(not question.is_answerable for question in questions) == 6 * TEXTS / 4


def test_an_answer_is_said_once_and_a_longer_one_holds_it(questions):
    for question in questions:
        for answer in question.answers:
            assert question.context.count(answer.text) == 1
            (start, end), (first, last) = question.answers[0].span, answer.span
            assert first <= start < end <= last


def test_neither_names_nor_wordings_tell_whether_a_question_has_an_answer(questions):
    wordings = {True: set(), False: set()}
    for question in questions:
        names = question.title.split(" و ")
        assert all(name in question.context for name in names)
        (name,) = (name for name in names if name in question.text)
        wordings[question.is_answerable].add(question.text.replace(name, ""))
        for text in (question.context, question.text):  # Persian without gaps of templates
            assert not re.search("[{}A-Za-z]|  ", text)
    assert wordings[True] == wordings[False]
    assert len(wordings[True]) == 3 * 5 * 2
