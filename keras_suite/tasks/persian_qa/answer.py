"""The client's side of a served span model: texts in, an answer out."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from keras_suite.tasks.persian_qa.answer_spans import MAX_ANSWER_TOKENS, best_answers, unless_none
from keras_suite.tasks.persian_qa.pquad import Question
from keras_suite.tasks.persian_qa.windows import make_windows

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


def answer(
    question: str,
    context: str,
    tokenizer: "PreTrainedTokenizerFast",
    predict: Callable[..., Mapping[str, np.ndarray]],
    max_length: int = 512,
    stride: int = 128,
    max_answer_tokens: int = MAX_ANSWER_TOKENS,
    threshold: float = 0.0,
) -> str:
    """Return the stretch of the context that answers the question, or "" for no answer.

    ``predict`` takes the model's inputs by name, each ``[windows, tokens]`` int32, and returns
    ``start_logits`` and ``end_logits`` of that shape, such as the signature ``serving_default`` of
    an export. The sizes are those of :func:`keras_suite.tasks.persian_qa.windows.make_windows` and
    :func:`keras_suite.tasks.persian_qa.answer_spans.best_answers`, whose score that there is no
    answer counts above the threshold.

    Raises:
        InputError: as :func:`keras_suite.tasks.persian_qa.windows.make_windows`.
    """
    asked = [Question("asked", question, context, (), "")]
    windows = make_windows(asked, tokenizer, max_length, stride)
    outputs = predict(**windows.inputs(np.arange(len(windows))))
    logits = np.stack([outputs["start_logits"], outputs["end_logits"]], axis=2)
    longest = windows.encoded.lengths.max()  # inputs are wider
    logits = windows.without_padding(logits[:, :longest])
    found = best_answers(windows, logits, asked, max_answer_tokens)
    return unless_none(*found, threshold)["asked"]
