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
from keras_suite.tasks.persian_qa.span_qa import span_qa, start_and_end
from keras_suite.tasks.persian_qa.windows import make_windows
from tests.tasks.persian_qa.squad_form import ask

CONTEXT = "کتابخانهٔ آفتاب در شهر شیراز است و ۷۲۰ جلد کتاب دارد. " * 6
QUESTION = "کتابخانه کجاست؟"
SIZES = {"max_length": 48, "stride": 8}


def test_an_answer_is_that_of_all_windows_of_the_model_itself_also_when_exported(tmp_path):
    tokenizer = wordpiece_of([CONTEXT], 60)
    model = span_qa(random_encoder(60, 0, tokens=True), 0.2, token_types=True)
    rng = np.random.default_rng(0)  # else all logits are about the same
    model.get_layer("qa_outputs").kernel.assign(rng.normal(0, 1, (64, 2)))
    asked = [ask(CONTEXT, text=QUESTION)]
    windows = make_windows(asked, tokenizer, **SIZES)
    assert len(windows) > 2
    answers, scores = best_answers(windows, windows.predict_tokens(model), asked)
    assert answers["q"] in CONTEXT
    made = serve_texts(model, "Token ids in, logits out.", start_and_end, windows, tokenizer)
    export(model, made.function, made.specs, tmp_path / "qa" / "1")
    served = tf.saved_model.load(str(tmp_path / "qa" / "1")).signatures["serving_default"]

    def predict(**inputs):
        return start_and_end(model.predict_on_batch(inputs))

    for each in (predict, served):
        for threshold, expected in ((scores["q"] + 1e-4, answers["q"]), (scores["q"] - 1e-4, "")):
            given = answer(QUESTION, CONTEXT, tokenizer, each, **SIZES, threshold=threshold)
            assert given == expected
    with pytest.raises(InputError, match=r"Question .* has 120 tokens, which leaves none"):
        answer("کتاب " * 120, CONTEXT, tokenizer, predict, **SIZES)
