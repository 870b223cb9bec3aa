import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_suite.data.tokens import Encoded
from keras_suite.tasks.persian_qa.answer_spans import best_answers, unless_none
from keras_suite.tasks.persian_qa.windows import Windows
from tests.tasks.persian_qa.squad_form import ask

LETTERS = "abcdefghijkl"
WINDOW = st.tuples(st.integers(1, 3), st.integers(1, 7))
"""How many tokens are not the context's, [CLS] first, and how many are."""
LOGITS = st.integers(-4, 4)


@st.composite
def cases(draw):
    """Windows of a few questions, each token of a context a letter, and logits for them."""
    shapes = draw(st.lists(st.lists(WINDOW, min_size=1, max_size=3), min_size=1, max_size=4))
    spans, lengths, numbers = [], [], []
    for number, windows in enumerate(shapes):
        for other, own in windows:
            first = draw(st.integers(0, 4))
            context = [(first + i, first + i + 1) for i in range(own)]
            spans += [(-1, -1)] * other + context + [(-1, -1)]
            lengths.append(other + own + 1)
            numbers.append(number)
    logits = draw(st.lists(st.tuples(LOGITS, LOGITS), min_size=len(spans), max_size=len(spans)))
    questions = [ask(LETTERS, name=str(number)) for number in range(len(shapes))]
    return windows_of(spans, lengths, numbers), np.array(logits, np.float32), questions


def windows_of(spans, lengths, question):
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    encoded = Encoded(np.zeros(len(spans), np.int32), offsets, None, 99, truncated=0)
    labels = np.zeros((len(lengths), 2), np.int64)
    return Windows(encoded, labels, 0, np.array(question), np.array(spans, np.int32))


def score_every_span(windows, logits, number, max_answer_tokens):
    """The scores of a question's valid spans by text, and that of [CLS] in each window."""
    scores, null = {}, []
    for window in np.flatnonzero(windows.question == number):
        a, b = windows.encoded.offsets[window : window + 2]
        null.append(float(logits[a].sum()))
        for start, end in itertools.combinations_with_replacement(range(a, b), 2):
            (first, _), (other, last) = windows.spans[[start, end]]
            if end - start < max_answer_tokens and min(first, other) >= 0:
                text, score = LETTERS[first:last], float(logits[start, 0] + logits[end, 1])
                scores[text] = max(score, scores.get(text, -np.inf))
    return scores, null


@settings(max_examples=100)
@given(cases(), st.integers(1, 9), st.integers(-3, 3))
def test_the_best_answer_is_that_of_a_search_through_every_span_of_any_level(
    case, max_answer_tokens, level
):
    windows, logits, questions = case
    answers, no_answer = best_answers(windows, logits, questions, max_answer_tokens)
    assert list(answers) == list(no_answer) == [question.id for question in questions]
    for number, question in enumerate(questions):
        scores, null = score_every_span(windows, logits, number, max_answer_tokens)
        best = max(scores.values())
        assert scores[answers[question.id]] == best
        assert no_answer[question.id] == min(null) - best
    same = best_answers(windows, logits + level, questions, max_answer_tokens)
    assert same == (answers, no_answer)


def test_an_answer_keeps_the_marks_on_its_last_letter_loses_spaces_and_goes_above_the_threshold():
    context = "ab لایهٔ cd"
    letter = context.index("\u0654") - 1
    for first in (2, 3):
        windows = windows_of([(-1, -1), (first, letter + 1), (letter + 2, 10)], [3], [0])
        logits = np.array([[0, 0], [9, 9], [0, 0]], np.float32)
        assert best_answers(windows, logits, [ask(context)])[0] == {"q": "لایهٔ"}
    answers, scores = {"a": "x", "b": "y", "c": "z"}, {"a": -1.0, "b": 0.5, "c": 2.0}
    assert unless_none(answers, scores, 0.5) == {"a": "x", "b": "y", "c": ""}
