import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import BertTokenizer

from keras_suite.tasks.persian_qa import windows as windows_module
from keras_suite.tasks.persian_qa.answer_spans import best_answers
from keras_suite.tasks.persian_qa.pquad import Answer, Question
from keras_suite.tasks.persian_qa.windows import PADDING_LOGIT, make_windows
from tests.data.refusals import refused
from tests.data.tokenizers import TOKENIZERS
from tests.tasks.persian_qa.squad_form import ask

WORDS = ["کتاب", "می\u200cرود", "لایهٔ", "آب", "۱۲۳", "خانه", "book", "،", "؟"]

NO_ROOM = [
    ("آب", "book " * 23, 0, "Question 1987 has 23 tokens, which leaves none; "),
    ("آب", "book " * 13, 10, "Question 1987 has 13 tokens, .* leaves 10 of 26 .* 10 tokens"),
    ("\u200c\u200c", "book", 3, "context of question 1987 has no tokens: leave it"),
]


@pytest.fixture(scope="module")
def made():
    """A tokenizer of each kind that spells most words, given two questions at a time."""
    texts = [" ".join(WORDS), "book کتاب " * 9]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windows_module, "QUESTIONS_AT_A_TIME", 2)
        yield {kind: make(texts) for kind, make in TOKENIZERS.items()}


@st.composite
def questions(draw):
    """Questions on words, the answers of which are whole words or none at all."""
    drawn = []
    for number in range(draw(st.integers(1, 4))):
        words = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=30))
        first, last = sorted(draw(st.tuples(*[st.integers(0, len(words) - 1)] * 2)))
        answer = Answer(" ".join(words[first : last + 1]), len(" ".join([*words[:first], ""])))
        answers = (answer, Answer(words[0], 0))[: draw(st.integers(0, 2))]
        text = draw(st.sampled_from(WORDS))
        drawn.append(Question(f"q{number}", text, " ".join(words), answers, "t"))
    return drawn


def perfect_logits(windows):
    """Logits of a model that is sure of each window's labels."""
    logits = np.zeros((len(windows.spans), 2), np.float32)
    for end in range(2):
        logits[windows.encoded.offsets[:-1] + windows.labels[:, end], end] = 10
    return logits


@pytest.mark.parametrize("kind", TOKENIZERS)
@settings(max_examples=50)
@given(asked=questions(), max_length=st.integers(26, 60), stride=st.integers(0, 8))
def test_labels_are_the_answers_tokens_in_each_window_that_holds_all_of_it(
    made, kind, asked, max_length, stride
):
    windows = make_windows(asked, made[kind], max_length, stride)
    assert windows.labels.dtype == np.int64
    borders = windows.encoded.offsets
    for i, number in enumerate(windows.question):
        spans = list(map(tuple, windows.spans[borders[i] : borders[i + 1]].tolist()))
        whole = made[kind](asked[number].context, return_offsets_mapping=True)["offset_mapping"]
        start, end = asked[number].answers[0].span if asked[number].answers else (0, 0)
        of_answer = [(a, b) for a, b in whole if a < b and b > start and a < end]
        expected = [0, 0]
        if of_answer and set(of_answer) <= set(spans):
            expected = [i for i, span in enumerate(spans) if span in of_answer]
        assert windows.labels[i].tolist() == [expected[0], expected[-1]]
    # Made into logits and decoded, they give the answers back.
    answers, no_answer = best_answers(windows, perfect_logits(windows), asked, 100)
    labelled = {asked[i].id for i in windows.question[windows.labels[:, 0] > 0]}
    for each in asked:
        if each.id in labelled:
            assert answers[each.id].split() == each.answers[0].text.split()
        assert (no_answer[each.id] > 0) == (each.id not in labelled)


@pytest.mark.parametrize("kind", TOKENIZERS)
@settings(max_examples=30)
@given(asked=questions(), max_length=st.integers(26, 60), stride=st.integers(0, 8))
def test_windows_are_the_tokenizers_own_hold_the_whole_context_and_overlap_by_the_stride(
    made, kind, asked, max_length, stride
):
    windows = make_windows(asked, made[kind], max_length, stride)
    cut = {"truncation": "only_second", "max_length": max_length, "stride": stride}
    window = 0
    for number, each in enumerate(asked):
        alone = made[kind](each.text, each.context, return_overflowing_tokens=True, **cut)
        own = []
        for i, ids in enumerate(alone["input_ids"]):
            encoded = windows.inputs(np.array([window]))
            assert windows.question[window] == number
            assert encoded["attention_mask"][0].sum() == len(ids) <= max_length
            assert ("token_type_ids" in encoded) == (kind != "byte-level")
            for name in encoded:
                assert encoded[name][0, : len(ids)].tolist() == alone[name][i]
            start, end = windows.encoded.offsets[window : window + 2]
            own.append([tuple(span) for span in windows.spans[start:end].tolist() if span[0] >= 0])
            window += 1
        for before, after in itertools.pairwise(own):
            assert before[len(before) - stride :] == after[:stride]
        joined = own[0] + [span for spans in own[1:] for span in spans[stride:]]
        context = made[kind](each.context, add_special_tokens=False, return_offsets_mapping=True)
        assert joined == context["offset_mapping"]
    assert window == len(windows)


def test_an_answer_may_be_in_no_window_and_begin_and_end_with_signs_that_are_no_tokens(made):
    asked = [ask("آب خانه " * 20, " ".join(["آب خانه"] * 15))]
    windows = make_windows(asked, made["wordpiece"], 26, 4)
    assert len(windows) > 1
    assert not windows.labels.any()
    asked = [ask("\u200cآب خانه\u200c", "\u200cآب خانه\u200c")]
    windows = make_windows(asked, made["wordpiece"], 40, 4)
    assert windows.labels.all()
    assert best_answers(windows, perfect_logits(windows), asked)[0] == {"q": "آب خانه"}


class Echo:
    """Stands for a model; gives each token its id and its negative."""

    def predict_on_batch(self, inputs):
        ids = inputs["input_ids"].astype("float32")
        return np.stack([ids, -ids], axis=2)


def test_predictions_are_padded_to_the_longest_window_and_come_back_without(made):
    windows = make_windows([ask("آب"), ask("آب خانه کتاب")], made["wordpiece"], 40, 3)
    outputs, lengths = windows.predict(Echo()), windows.encoded.lengths
    assert outputs.shape == (2, lengths[1], 2)
    assert (outputs[0, lengths[0] :] == PADDING_LOGIT).all()
    ids = windows.encoded.input_ids
    assert np.array_equal(windows.without_padding(outputs), np.stack([ids, -ids], axis=1))


@pytest.mark.parametrize(("context", "text", "stride", "sentence"), NO_ROOM)
def test_a_question_without_room_or_context_is_refused(made, context, text, stride, sentence):
    asked = [ask("آب"), ask(context, text=text, name="1987")]
    with refused(sentence):
        make_windows(asked, made["wordpiece"], 26, stride)


def test_a_tokenizer_that_does_not_say_where_its_tokens_stand_is_refused(made, tmp_path):
    made["wordpiece"].save_vocabulary(str(tmp_path))
    with refused("BertTokenizer does not say where .* fast version"):
        make_windows([ask("آب")], BertTokenizer(tmp_path / "vocab.txt"), 26, 3)
