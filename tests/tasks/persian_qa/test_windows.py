import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import BertTokenizer

from keras_suite.errors import InputError
from keras_suite.tasks.persian_qa import windows as windows_module
from keras_suite.tasks.persian_qa.answer_spans import best_answers
from keras_suite.tasks.persian_qa.pquad import Answer, Question
from keras_suite.tasks.persian_qa.windows import PADDING_LOGIT, make_windows
from tests.data.tokenizers import TOKENIZERS

WORDS = ["کتاب", "می\u200cرود", "لایهٔ", "آب", "۱۲۳", "خانه", "book", "،", "؟"]
CONTEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=30).map(" ".join)
tokenizers = pytest.mark.parametrize("kind", list(TOKENIZERS))


@pytest.fixture(scope="module")
def made():
    """A tokenizer of each kind that spells most words."""
    return {kind: make([" ".join(WORDS), "book کتاب " * 9]) for kind, make in TOKENIZERS.items()}


@st.composite
def questions(draw, max_size=4):
    """Questions on words, the answers of which are whole words or none at all."""
    drawn = []
    for number in range(draw(st.integers(1, max_size))):
        context = draw(CONTEXTS)
        words = context.split(" ")
        first = draw(st.integers(0, len(words) - 1))
        last = draw(st.integers(first, len(words) - 1))
        start = len(" ".join([*words[:first], ""]))
        answer = Answer(" ".join(words[first : last + 1]), start)
        answers = (answer, Answer(words[0], 0))[: draw(st.sampled_from([0, 1, 2]))]
        drawn.append(Question(f"q{number}", draw(st.sampled_from(WORDS)), context, answers, "t"))
    return drawn


def question(context, answer=None, text="کتاب", name="q"):
    answers = (Answer(answer, context.index(answer)),) if answer else ()
    return Question(name, text, context, answers, "t")


def token_spans(windows, i):
    borders = windows.encoded.offsets
    return windows.spans[borders[i] : borders[i + 1]]


def holds(asked, spans, all_spans):
    """Whether a window has all tokens that overlap the question's first answer."""
    if not asked.answers:
        return False
    start = asked.answers[0].start
    end = start + len(asked.answers[0].text)
    of_answer = {(a, b) for a, b in all_spans if b > start and a < end}
    return bool(of_answer) and of_answer <= {tuple(span) for span in spans.tolist()}


@tokenizers
@settings(max_examples=40)
@given(asked=questions(), max_length=st.integers(26, 60), stride=st.integers(0, 8))
def test_labels_are_the_answers_tokens_in_each_window_that_holds_all_of_it(
    made, kind, asked, max_length, stride
):
    windows = make_windows(asked, made[kind], max_length, stride)
    assert windows.labels.dtype == np.int64
    for i, number in enumerate(windows.question):
        spans, (first, last) = token_spans(windows, i), windows.labels[i]
        whole = made[kind](asked[number].context, return_offsets_mapping=True)["offset_mapping"]
        if not holds(asked[number], spans, [span for span in whole if span[1] > span[0]]):
            assert (first, last) == (0, 0)
            continue
        answer = asked[number].answers[0]
        end = answer.start + len(answer.text)
        assert 0 < first <= last
        assert spans[first, 0] <= answer.start < spans[first, 1]
        assert spans[last, 0] < end
        assert (spans[last + 1 :, 0] < 0).all() or spans[last + 1, 0] >= end


@tokenizers
@settings(max_examples=40)
@given(asked=questions(), max_length=st.integers(26, 60), stride=st.integers(0, 8))
def test_windows_are_what_the_tokenizer_makes_of_each_question_alone(
    made, kind, asked, max_length, stride
):
    windows, encoded = make_windows(asked, made[kind], max_length, stride), None
    window = 0
    for number, each in enumerate(asked):
        alone = made[kind](
            each.text,
            each.context,
            truncation="only_second",
            max_length=max_length,
            stride=stride,
            return_overflowing_tokens=True,
        )
        for i, ids in enumerate(alone["input_ids"]):
            encoded = windows.inputs(np.array([window]))
            assert windows.question[window] == number
            assert encoded["input_ids"][0, : len(ids)].tolist() == ids
            assert encoded["attention_mask"][0].sum() == len(ids) <= max_length
            if "token_type_ids" in alone:
                types = alone["token_type_ids"][i]
                assert encoded["token_type_ids"][0, : len(ids)].tolist() == types
            window += 1
    assert window == len(windows)
    assert ("token_type_ids" in encoded) == (kind != "byte-level")


@tokenizers
@settings(max_examples=40)
@given(asked=questions(), max_length=st.integers(26, 60), stride=st.integers(0, 8))
def test_the_windows_of_a_question_hold_its_whole_context_and_overlap_by_the_stride(
    made, kind, asked, max_length, stride
):
    windows = make_windows(asked, made[kind], max_length, stride)
    for number, each in enumerate(asked):
        own = [token_spans(windows, i) for i in np.flatnonzero(windows.question == number)]
        own = [[tuple(span) for span in spans.tolist() if span[0] >= 0] for spans in own]
        for before, after in itertools.pairwise(own):
            assert before[len(before) - stride :] == after[:stride]
        joined = own[0] + [span for spans in own[1:] for span in spans[stride:]]
        alone = made[kind](each.context, add_special_tokens=False, return_offsets_mapping=True)
        assert joined == alone["offset_mapping"]


@tokenizers
@settings(max_examples=60)
@given(asked=questions(max_size=6), stride=st.integers(0, 60))
def test_labels_made_into_logits_and_decoded_give_the_answers_back(made, kind, asked, stride):
    windows = make_windows(asked, made[kind], 100, stride)
    answers, no_answer = best_answers(windows, perfect_logits(windows), asked, 100)
    labelled = {asked[i].id for i in windows.question[windows.labels[:, 0] > 0]}
    for each in asked:
        if each.id in labelled:
            assert answers[each.id].split() == each.answers[0].text.split()
        assert (no_answer[each.id] > 0) == (each.id not in labelled)


def perfect_logits(windows):
    """Logits of a model that is sure of each window's labels."""
    logits = np.zeros((len(windows.spans), 2), np.float32)
    for end in range(2):
        logits[windows.encoded.offsets[:-1] + windows.labels[:, end], end] = 10
    return logits


def test_an_answer_longer_than_the_stride_may_be_in_no_window(made):
    asked = [question("آب خانه " * 20, answer=" ".join(["آب خانه"] * 15))]
    windows = make_windows(asked, made["wordpiece"], 26, 4)
    assert len(windows) > 1
    assert not windows.labels.any()


def test_an_answer_may_begin_and_end_with_signs_around_the_context_that_are_no_tokens(made):
    asked = [question("\u200cآب خانه\u200c", answer="\u200cآب خانه\u200c")]
    windows = make_windows(asked, made["wordpiece"], 40, 4)
    first, last = windows.labels[0]
    assert 0 < first <= last
    assert best_answers(windows, perfect_logits(windows), asked)[0] == {"q": "آب خانه"}


def test_many_questions_are_tokenised_in_parts_that_change_nothing(made, monkeypatch):
    asked = [question(f"آب {'خانه ' * n}کتاب", "کتاب", name=str(n)) for n in range(1, 12)]
    at_once = make_windows(asked, made["wordpiece"], 26, 3)
    monkeypatch.setattr(windows_module, "QUESTIONS_AT_A_TIME", 4)
    in_parts = make_windows(asked, made["wordpiece"], 26, 3)
    assert np.array_equal(in_parts.question, at_once.question)
    assert np.array_equal(in_parts.spans, at_once.spans)
    assert np.array_equal(in_parts.labels, at_once.labels)
    assert np.array_equal(in_parts.encoded.input_ids, at_once.encoded.input_ids)
    assert np.array_equal(in_parts.encoded.offsets, at_once.encoded.offsets)


class Echo:
    """Stands for a model; gives each token its id and its negative."""

    def predict_on_batch(self, inputs):
        ids = inputs["input_ids"].astype("float32")
        return np.stack([ids, -ids], axis=2)


def test_predictions_are_padded_to_the_longest_window_and_come_back_without(made):
    asked = [question("آب", name="short"), question("آب خانه کتاب", name="long")]
    windows = make_windows(asked, made["wordpiece"], 40, 3)
    outputs = windows.predict(Echo())
    lengths = windows.encoded.lengths
    assert outputs.shape == (2, lengths[1], 2)
    assert (outputs[0, lengths[0] :] == PADDING_LOGIT).all()
    flat = windows.without_padding(outputs)
    assert np.array_equal(flat[:, 0], windows.encoded.input_ids)
    assert np.array_equal(flat[:, 1], -windows.encoded.input_ids)


def test_a_tokenizer_that_does_not_say_where_its_tokens_stand_is_refused(made, tmp_path):
    made["wordpiece"].save_vocabulary(str(tmp_path))
    slow = BertTokenizer(tmp_path / "vocab.txt")
    with pytest.raises(InputError, match=r"BertTokenizer does not say where .* fast version"):
        make_windows([question("آب")], slow, 26, 3)


def test_a_question_that_leaves_its_context_no_token_is_refused(made):
    asked = [question("آب"), question("آب", text="book " * 23, name="1987")]
    with pytest.raises(InputError, match=r"Question 1987 has 23 tokens, which leaves none; .* 0 "):
        make_windows(asked, made["wordpiece"], 26, 0)


def test_a_stride_that_leaves_no_progress_is_refused(made):
    asked = [question("آب", text="book " * 13, name="1987")]
    assert len(make_windows(asked, made["wordpiece"], 26, 9)) == 1
    with pytest.raises(InputError, match=r"1987 has 13 tokens, which leaves 10 of 26 .* 10 tokens"):
        make_windows(asked, made["wordpiece"], 26, 10)


def test_a_context_of_no_tokens_is_refused(made):
    asked = [question("آب"), question("\u200c\u200c", name="1987")]
    with pytest.raises(InputError, match="context of question 1987 has no tokens: leave it out"):
        make_windows(asked, made["wordpiece"], 26, 3)
