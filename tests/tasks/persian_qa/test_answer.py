import numpy as np
import pytest
import tensorflow as tf

from keras_suite.data.wordpiece import wordpiece_of
from keras_suite.errors import InputError
from keras_suite.models.encoders import random_encoder
from keras_suite.serving.export import export
from keras_suite.serving.served import serve_texts
from keras_suite.tasks.persian_qa.answer import answer
from keras_suite.tasks.persian_qa.answer_spans import best_answers
from keras_suite.tasks.persian_qa.pquad import Question
from keras_suite.tasks.persian_qa.span_qa import span_qa, start_and_end
from keras_suite.tasks.persian_qa.windows import make_windows

CONTEXT = "کتابخانهٔ آفتاب در شهر شیراز است و ۷۲۰ جلد کتاب دارد. " * 6
QUESTION = "کتابخانه کجاست؟"
SIZES = {"max_length": 48, "stride": 8}


@pytest.fixture(scope="module")
def tokenizer():
    return wordpiece_of([CONTEXT], 60)


@pytest.fixture(scope="module")
def model():
    made = span_qa(random_encoder(60, 0, tokens=True), 0.2, token_types=True)
    rng = np.random.default_rng(0)  # else all logits are about the same
    made.get_layer("qa_outputs").kernel.assign(rng.normal(0, 1, (64, 2)))
    return made


def predict_with(model):
    def predict(**inputs):
        return start_and_end(model.predict_on_batch(inputs))

    return predict


def test_an_answer_is_that_of_all_windows_of_the_model_itself(tokenizer, model):
    asked = [Question("1", QUESTION, CONTEXT, (), "")]
    windows = make_windows(asked, tokenizer, **SIZES)
    assert len(windows) > 2
    answers, scores = best_answers(windows, windows.predict_tokens(model), asked)
    score = scores["1"]
    for threshold, expected in ((score + 1e-4, answers["1"]), (score - 1e-4, "")):
        given = answer(
            QUESTION, CONTEXT, tokenizer, predict_with(model), **SIZES, threshold=threshold
        )
        assert given == expected
    assert answers["1"] in CONTEXT
    assert answers["1"]


def test_an_exported_model_answers_as_the_model_does(tokenizer, model, tmp_path):
    rows = make_windows([Question("1", QUESTION, CONTEXT, (), "")], tokenizer, **SIZES)
    made = serve_texts(model, "Token ids in, logits out.", start_and_end, rows, tokenizer)
    export(model, made.function, made.specs, tmp_path / "qa" / "1")
    served = tf.saved_model.load(str(tmp_path / "qa" / "1")).signatures["serving_default"]
    options = SIZES | {"threshold": np.inf}
    given = answer(QUESTION, CONTEXT, tokenizer, served, **options)
    assert given == answer(QUESTION, CONTEXT, tokenizer, predict_with(model), **options)


def test_a_question_too_long_for_its_windows_is_one_sentence(tokenizer, model):
    with pytest.raises(InputError, match=r"Question .* has 120 tokens, which leaves none"):
        answer("کتاب " * 120, CONTEXT, tokenizer, predict_with(model), **SIZES)
