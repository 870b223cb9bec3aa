"""Questions with their contexts as windows that an encoder can take."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from keras_suite.data.length_buckets import TextRows
from keras_suite.data.tokens import Encoded
from keras_suite.errors import InputError
from keras_suite.tasks.persian_qa.pquad import Question

if TYPE_CHECKING:
    import keras

QUESTIONS_AT_A_TIME = 1024  # the tokenizer's own objects hold far more than the ids
EVALUATION_BATCH = 16  # windows are long
PADDING_LOGIT = -1e9  # of what is no token; finite, so that no sum of two is NaN


@dataclass(frozen=True)
class Windows(TextRows):
    """Rows of a question and as much of its context as fits, in so many windows as that takes.

    Args:
        labels: ``[n, 2]`` int64, the places within the window of the first and the last token of
            the question's first answer; both 0, the place of [CLS], where the window does not hold
            all of it.
        question: ``[n]`` int64, which question each window is of, ascending from 0 without gaps.
        spans: ``[tokens, 2]`` int32, the characters of the question's context that each token of
            ``encoded`` begins with and ends before; -1 for tokens that are not the context's.
    """

    question: np.ndarray
    spans: np.ndarray

    def predict(self, model: "keras.Model", batch_size: int = EVALUATION_BATCH) -> np.ndarray:
        """Return a model's logits ``[n, longest, ...]``, where there is no token a low one."""
        logits = self.predict_tokens(model, batch_size)
        shape = len(self), self.encoded.lengths.max(), *logits.shape[1:]
        padded = np.full(shape, PADDING_LOGIT, logits.dtype)
        padded[self._is_token()] = logits
        return padded

    def without_padding(self, logits: np.ndarray) -> np.ndarray:
        """Turn what :meth:`predict` returns to ``[tokens, ...]``, as in ``encoded``."""
        return logits[self._is_token()]

    def _is_token(self) -> np.ndarray:
        lengths = self.encoded.lengths
        return np.arange(lengths.max()) < lengths[:, None]


def make_windows(questions: list[Question], tokenizer, max_length: int, stride: int) -> Windows:
    """Tokenise questions and their contexts, as ``tokenizer(question, context)`` does it.

    Nothing is kept on disk: 8,000 questions take 4 seconds.

    Args:
        questions: at least one.
        tokenizer: a fast one.
        max_length: the most tokens of a window, question and special tokens included.
        stride: how many tokens of the context a window has in common with the next one.

    Raises:
        InputError: for a tokenizer that does not say where its tokens stand, or a question (named
            by its id) that leaves too few tokens to its context, or whose context has none.
    """
    if not tokenizer.is_fast:
        raise InputError(
            f"{type(tokenizer).__name__} does not say where in a text its tokens stand: name a "
            "tokenizer with a fast version, such as one with a tokenizer.json."
        )
    parts = []
    for start in range(0, len(questions), QUESTIONS_AT_A_TIME):
        some = questions[start : start + QUESTIONS_AT_A_TIME]
        _require_room(some, tokenizer, max_length, stride)
        batch = tokenizer(
            [question.text for question in some],
            [question.context for question in some],
            truncation="only_second",
            max_length=max_length,
            stride=stride,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
            return_attention_mask=False,
        )
        parts.append(dict(_arrays(batch, start)))
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    encoded = Encoded(
        joined["input_ids"],
        np.concatenate([[0], np.cumsum(joined["lengths"])]),
        joined.get("token_type_ids"),
        max_length,
        truncated=0,
    )
    question, spans = joined["question"], joined["spans"]
    _require_contexts(questions, question, encoded, spans)
    labels = _labels(questions, question, encoded, spans)
    return Windows(encoded, labels, tokenizer.pad_token_id, question, spans)


def _require_room(questions: list[Question], tokenizer, max_length: int, stride: int) -> None:
    special = tokenizer.num_special_tokens_to_add(pair=True)
    texts = [question.text for question in questions]
    ids = tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"]
    for question, tokens in zip(questions, ids, strict=True):
        room = max_length - special - len(tokens)
        leaves = f"leaves {room} of {max_length} to its context" if room > 0 else "leaves none"
        if room <= stride:
            raise InputError(
                f"Question {question.id:.40} has {len(tokens)} tokens, which {leaves}; windows "
                f"that have {stride} tokens in common need more: choose a higher maximum length or "
                "a lower stride, or leave the question out."
            )


def _arrays(batch, first_question: int) -> Iterator[tuple[str, np.ndarray]]:
    """Give the windows of some questions, one after the other."""
    flat = chain.from_iterable
    yield "lengths", np.fromiter(map(len, batch["input_ids"]), np.int64)
    yield "question", np.array(batch["overflow_to_sample_mapping"], np.int64) + first_question
    yield "input_ids", np.fromiter(flat(batch["input_ids"]), np.int32)
    if "token_type_ids" in batch:
        yield "token_type_ids", np.fromiter(flat(batch["token_type_ids"]), np.int8)
    spans = np.fromiter(flat(flat(batch["offset_mapping"])), np.int32).reshape(-1, 2)
    texts = flat(encoding.sequence_ids for encoding in batch.encodings)
    spans[[text != 1 for text in texts]] = -1
    yield "spans", spans


def _require_contexts(
    questions: list[Question], question: np.ndarray, encoded: Encoded, spans: np.ndarray
) -> None:
    in_context = np.repeat(question, encoded.lengths)[spans[:, 0] >= 0]
    missing = [questions[i].id for i in np.setdiff1d(range(len(questions)), in_context)]
    if missing:
        raise InputError(f"The context of question {missing[0]:.40} has no tokens: leave it out.")


def _labels(
    questions: list[Question], question: np.ndarray, encoded: Encoded, spans: np.ndarray
) -> np.ndarray:
    never = np.iinfo(np.int32).max
    answers = [each.answers[0].span if each.answers else (never, never) for each in questions]
    answers = np.array(answers)[question]
    window = np.repeat(np.arange(len(question)), encoded.lengths)
    first, last = _first_and_last(spans[:, 0] >= 0, window)
    begins = np.where(np.diff(question, prepend=-1) > 0, 0, spans[first, 0])
    ends = np.where(np.diff(question, append=len(questions)) > 0, never, spans[last, 1])
    holds_all = (begins <= answers[:, 0]) & (answers[:, 1] <= ends)
    overlaps = (spans[:, 1] > answers[window, 0]) & (spans[:, 0] < answers[window, 1])
    of_answer = np.stack(_first_and_last(overlaps & holds_all[window], window), axis=1)
    return np.where(of_answer < 0, 0, of_answer - encoded.offsets[:-1, None])


def _first_and_last(chosen: np.ndarray, window: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the first and the last chosen token of each window, -1 where there is none."""
    first, last = np.full((2, window[-1] + 1), -1)
    places = np.flatnonzero(chosen)
    last[window[places]] = places  # of several, the last one stays
    first[window[places[::-1]]] = places[::-1]
    return first, last
