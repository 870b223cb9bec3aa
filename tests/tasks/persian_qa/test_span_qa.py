import dataclasses
import shutil
import socket

import keras
import numpy as np
import pytest
import tensorflow as tf
import transformers as tr

from keras_suite.data.tokens import load_tokenizer
from keras_suite.data.wordpiece import wordpiece_of
from keras_suite.models.encoders import encoder_for, random_encoder
from keras_suite.tasks.persian_qa.answer_spans import best_answers
from keras_suite.tasks.persian_qa.pquad import Answer, Question
from keras_suite.tasks.persian_qa.span_qa import (
    span_loss,
    span_optimizer,
    span_qa,
    start_and_end,
)
from keras_suite.tasks.persian_qa.windows import PADDING_LOGIT, make_windows
from keras_suite.training.batch_losses import BatchLoss
from keras_suite.training.fit import Fit, run_fit
from tests.data.tokenizers import sentencepiece_of
from tests.layers.tiny import TEXT
from tests.models.checkpoints import as_pytorch, randomize, write_checkpoint
from tests.training.fits import StopAt, same_to_the_bit, without_seconds

MODELS = {
    "bert": (tr.TFBertForQuestionAnswering, tr.BertConfig(**TEXT | {"vocab_size": 80})),
    "albert": (
        tr.TFAlbertForQuestionAnswering,
        tr.AlbertConfig(**TEXT | {"vocab_size": 80}, embedding_size=8),
    ),
}
TOKENIZERS = {"bert": lambda texts: wordpiece_of(texts, 80), "albert": sentencepiece_of}
CONTEXTS = [
    "کتابخانهٔ آفتاب در شهر شیراز است. کتابخانهٔ آفتاب ۷۲۰ جلد کتاب دارد.",
    "بهرام رستگار در سال ۱۳۰۴ به دنیا آمد. او در شهر رشت زندگی می\u200cکرد و نجار بود.",
]
ASKED = [
    ("کتابخانه کجاست؟", 0, "شیراز"),
    ("چند جلد کتاب دارد؟", 0, "۷۲۰ جلد"),
    ("معمار کتابخانه کیست؟", 0, None),
    ("تولد او چه سالی بود؟", 1, "۱۳۰۴"),
    ("او چند فرزند داشت؟", 1, None),
    ("پیشهٔ او چه بود؟", 1, "نجار"),
]
TEXTS = CONTEXTS + [text for text, *_ in ASKED]
families = pytest.mark.parametrize("family", list(MODELS))


@pytest.fixture(scope="module")
def questions():
    made = []
    for i, (text, context, answer) in enumerate(ASKED):
        context = CONTEXTS[context]
        answers = (Answer(answer, context.index(answer)),) if answer else ()
        made.append(Question(str(i), text, context, answers, "t"))
    return made


@pytest.fixture(scope="module")
def originals():
    models = {family: kind(config) for family, (kind, config) in MODELS.items()}
    for model in models.values():
        randomize(model)
    return models


@pytest.fixture(scope="module")
def folders(originals, tmp_path_factory):
    made = {family: tmp_path_factory.mktemp(family) for family in originals}
    for family, model in originals.items():
        write_checkpoint(made[family], model.config, as_pytorch(model))
        TOKENIZERS[family](TEXTS).save_pretrained(made[family])
    return made


@pytest.fixture
def windows(folders, questions):
    """Windows of either family's tokens."""
    made = {family: load_tokenizer(folder) for family, folder in folders.items()}
    return {family: make_windows(questions, each, 40, 4) for family, each in made.items()}


def model_of(folder, dropout=0.2):
    return span_qa(encoder_for(str(folder), 40, 0, tokens=True), dropout, token_types=True)


@families
def test_logits_are_those_of_the_pytorch_checkpoints_own_class(family, originals, folders, windows):
    model, original = model_of(folders[family]), originals[family]
    head = model.get_layer("qa_outputs")
    head.set_weights([weight.numpy() for weight in original.qa_outputs.weights])
    inputs = windows[family].inputs(np.arange(len(windows[family])))
    expected = original(**inputs)
    logits, is_token = model.predict_on_batch(inputs), inputs["attention_mask"] == 1
    assert not is_token.all()
    for end, name in enumerate(("start_logits", "end_logits")):
        difference = logits[..., end] - expected[name]
        assert np.abs(difference[is_token]).max() <= 1e-5
    assert (logits[~is_token] == PADDING_LOGIT).all()
    assert logits.dtype == np.float32
    assert model.name == family


@families
def test_the_model_comes_back_from_its_file_with_neither_checkpoint_nor_network(
    family, folders, windows, tmp_path, monkeypatch
):
    shutil.copytree(folders[family], tmp_path / "checkpoint")
    model = model_of(tmp_path / "checkpoint")
    steps = {"learning_rate": 1e-3, "weight_decay": 0.1, "steps_per_epoch": 3}
    model.compile(span_optimizer(model, **steps), span_loss, metrics=[BatchLoss(span_loss)])
    inputs = windows[family].inputs(np.arange(3))
    model.train_on_batch(inputs, windows[family].labels[:3])
    model.save(tmp_path / "model.keras")
    shutil.rmtree(tmp_path / "checkpoint")
    monkeypatch.delattr(socket, "socket")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert np.array_equal(loaded.predict_on_batch(inputs), model.predict_on_batch(inputs))


@families
def test_dropout_is_at_work_in_training_only(family, folders, windows):
    model = model_of(folders[family], dropout=0.5)
    inputs = windows[family].inputs(np.arange(2))
    still = model(inputs, training=False)
    assert np.array_equal(model(inputs, training=False), still)
    assert not np.allclose(model(inputs, training=True), still, atol=1e-3)


def test_the_loss_is_the_mean_of_the_cross_entropies_of_start_and_end():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(5, 9, 2)).astype("float32")
    labels = rng.integers(0, 9, (5, 2))
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    start, end = (shares[np.arange(5), labels[:, i], i] for i in range(2))
    expected = -(np.log(start) + np.log(end)) / 2
    assert np.allclose(span_loss(labels, logits), expected, atol=1e-6)


def test_padding_has_no_part_in_the_loss():
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(5, 9, 2)).astype("float32"), rng.integers(0, 9, (5, 2))
    padded = np.pad(logits, [(0, 0), (0, 7), (0, 0)], constant_values=PADDING_LOGIT)
    assert np.allclose(span_loss(labels, padded), span_loss(labels, logits), atol=1e-6)


@families
def test_only_matrices_decay_and_a_step_without_gradients_shrinks_them_alone(family, folders):
    model = model_of(folders[family])
    optimizer = span_optimizer(model, 0.5, weight_decay=0.1, steps_per_epoch=10)
    before = {weight.path: weight.numpy() for weight in model.trainable_weights}
    zeros = [tf.zeros_like(weight) for weight in model.trainable_weights]
    optimizer.apply(zeros, model.trainable_weights)
    spared = set()
    for weight in model.trainable_weights:
        if np.array_equal(weight, before[weight.path]):
            spared.add(weight.path)
        else:
            assert np.allclose(weight, before[weight.path] * (1 - 0.5 * 0.1), rtol=1e-5)
    norms = ("LayerNorm.weight", "layer_norm.weight")
    assert spared == {path for path in before if path.endswith(("bias", *norms))}
    assert 0 < len(spared) < len(before)


def test_each_epoch_has_a_tenth_of_the_learning_rate_of_the_one_before():
    model = span_qa(random_encoder(50, 0, tokens=True), 0.2)
    optimizer = span_optimizer(model, 5e-5, weight_decay=0.1, steps_per_epoch=3)
    optimizer.build(model.trainable_variables)
    rates = []
    for step in range(9):
        optimizer.iterations.assign(step)
        rates.append(float(optimizer.learning_rate))
    assert np.allclose(rates, [5e-5] * 3 + [5e-6] * 3 + [5e-7] * 3, rtol=1e-5)


def make_fit(rows, epochs=5, measures=None):
    """Two and a half passes, so that the learning rate changes on the way."""
    keras.utils.set_random_seed(1)
    model = span_qa(random_encoder(80, 1, tokens=True), 0.2, token_types=True)
    optimizer = span_optimizer(model, 1e-3, weight_decay=0.1, steps_per_epoch=4)
    model.compile(optimizer, span_loss, metrics=[BatchLoss(span_loss)])
    return Fit("qa", model, rows, rows, epochs, 2, 1, measures or {}, 2, keeps_batch_losses=True)


def test_a_fit_stopped_on_the_way_goes_on_to_the_same_weights_and_losses_to_the_bit(
    windows, tmp_path
):
    rows = windows["bert"]
    undisturbed, stopped, resumed = (make_fit(rows) for _ in range(3))
    expected = run_fit(undisturbed)
    with pytest.raises(KeyboardInterrupt):
        run_fit(stopped, tmp_path / "state.npz", [StopAt(3, 0)])
    history = run_fit(resumed, tmp_path / "state.npz")
    assert same_to_the_bit(undisturbed, resumed)
    assert not same_to_the_bit(undisturbed, stopped)
    assert without_seconds(history) == without_seconds(expected)
    assert [len(entry["batch_losses"]) for entry in history] == [2] * 5


def test_measures_see_padded_logits_of_all_windows_of_which_the_loss_can_be_taken(windows):
    def mean_loss(labels, logits):
        return float(np.mean(span_loss(labels, logits)))

    rows = windows["albert"]
    fit = make_fit(rows, epochs=1, measures={"val_loss": mean_loss})
    history = run_fit(fit)
    inputs = rows.inputs(np.arange(len(rows)))
    expected = span_loss(rows.labels, fit.model.predict_on_batch(inputs))
    assert history[0]["val_loss"] == pytest.approx(np.mean(expected), abs=1e-5)


def test_trained_on_a_few_questions_the_model_answers_them(questions, windows):
    keras.utils.set_random_seed(0)
    rows = windows["bert"]
    model = span_qa(random_encoder(80, 1, tokens=True), 0.0, token_types=True)
    model.compile(keras.optimizers.Adam(1e-3), span_loss)
    run_fit(Fit("qa", model, rows, rows, epochs=1, batch_size=4, seed=0, steps_per_evaluation=400))
    answers, scores = best_answers(rows, rows.predict_tokens(model), questions)
    for question in questions:
        assert (scores[question.id] < 0) == question.is_answerable
        if question.is_answerable:
            assert answers[question.id] == question.answers[0].text


def test_what_is_served_are_the_models_logits_apart(folders, windows):
    model = model_of(folders["bert"])
    logits = model(windows["bert"].inputs(np.arange(2)))
    served = start_and_end(logits)
    assert np.array_equal(served["start_logits"], logits[..., 0])
    assert np.array_equal(served["end_logits"], logits[..., 1])


def test_an_encoder_whose_tokens_have_no_types_needs_none(windows):
    encoded = dataclasses.replace(windows["bert"].encoded, token_type_ids=None)
    rows = dataclasses.replace(windows["bert"], encoded=encoded)
    model = span_qa(random_encoder(80, 0, tokens=True), 0.2)
    assert rows.predict(model).shape == (len(rows), encoded.lengths.max(), 2)
