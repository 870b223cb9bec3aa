import keras
import numpy as np
import pytest
import tensorflow as tf
import transformers as tr

from keras_suite.data.wordpiece import wordpiece_of
from keras_suite.models.encoders import encoder_for
from keras_suite.tasks.persian_qa.answer_spans import best_answers
from keras_suite.tasks.persian_qa.span_qa import span_loss, span_optimizer, span_qa
from keras_suite.tasks.persian_qa.windows import PADDING_LOGIT, make_windows
from keras_suite.training.batch_losses import BatchLoss
from keras_suite.training.fit import Fit, run_fit
from tests.data.tokenizers import sentencepiece_of
from tests.layers.tiny import TEXT
from tests.models.checkpoints import as_pytorch, randomize, write_checkpoint
from tests.tasks.persian_qa.squad_form import ask
from tests.training.fits import StopAt, same_to_the_bit, without_seconds

SIZES = TEXT | {"vocab_size": 80, "num_hidden_layers": 1}
ORIGINALS = {
    "bert": lambda: tr.TFBertForQuestionAnswering(tr.BertConfig(**SIZES)),
    "albert": lambda: tr.TFAlbertForQuestionAnswering(tr.AlbertConfig(**SIZES, embedding_size=8)),
}
TOKENIZERS = {"bert": lambda texts: wordpiece_of(texts, 80), "albert": sentencepiece_of}
LIBRARY = "کتابخانهٔ آفتاب در شهر شیراز است. کتابخانهٔ آفتاب ۷۲۰ جلد کتاب دارد."
LIFE = "بهرام رستگار در سال ۱۳۰۴ به دنیا آمد. او در شهر رشت زندگی می\u200cکرد و نجار بود."
QUESTIONS = [
    ask(LIBRARY, "شیراز", "کتابخانه کجاست؟", "0"),
    ask(LIBRARY, "۷۲۰ جلد", "چند جلد کتاب دارد؟", "1"),
    ask(LIBRARY, "", "معمار کتابخانه کیست؟", "2"),
    ask(LIFE, "۱۳۰۴", "تولد او چه سالی بود؟", "3"),
    ask(LIFE, "", "او چند فرزند داشت؟", "4"),
    ask(LIFE, "نجار", "پیشهٔ او چه بود؟", "5"),
]
families = pytest.mark.parametrize("family", TOKENIZERS)
TEXTS = [LIBRARY, LIFE, *(question.text for question in QUESTIONS)]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """By family an original, the folder of its checkpoint, and windows of its tokenizer."""
    made = {}
    for family, make in ORIGINALS.items():
        original, folder = make(), tmp_path_factory.mktemp(family)
        tokenizer = TOKENIZERS[family](TEXTS)
        randomize(original)
        write_checkpoint(folder, original.config, as_pytorch(original))
        tokenizer.save_pretrained(folder)
        made[family] = original, folder, make_windows(QUESTIONS, tokenizer, 40, 4)
    return made


def model_of(folder, dropout=0.2):
    return span_qa(encoder_for(str(folder), 40, 0, tokens=True), dropout, token_types=True)


@families
def test_logits_are_those_of_the_pytorch_checkpoints_own_class_without_dropout(family, made):
    original, folder, windows = made[family]
    model = model_of(folder, dropout=0.5)
    head = model.get_layer("qa_outputs")
    head.set_weights([weight.numpy() for weight in original.qa_outputs.weights])
    inputs = windows.inputs(np.arange(len(windows)))
    logits, is_token = model(inputs, training=False).numpy(), inputs["attention_mask"] == 1
    expected = original(**inputs)
    assert not is_token.all()
    for end, name in enumerate(("start_logits", "end_logits")):
        difference = logits[..., end] - expected[name]
        assert np.abs(difference[is_token]).max() <= 1e-5
    assert (logits[~is_token] == PADDING_LOGIT).all()
    assert logits.dtype == np.float32
    assert model.name == family
    assert not np.allclose(model(inputs, training=True), logits, atol=1e-3)


@families
def test_only_matrices_decay_and_each_epoch_has_a_tenth_of_the_learning_rate_before(family, made):
    model = model_of(made[family][1])
    optimizer = span_optimizer(model, 0.5, weight_decay=0.1, steps_per_epoch=10)
    before = {weight.path: weight.numpy() for weight in model.trainable_weights}
    zeros = [tf.zeros_like(weight) for weight in model.trainable_weights]
    optimizer.apply(zeros, model.trainable_weights)
    spared = ("bias", "LayerNorm.weight", "layer_norm.weight")
    for weight in model.trainable_weights:
        share = 1 if weight.path.endswith(spared) else 1 - 0.5 * 0.1
        assert np.allclose(weight, before[weight.path] * share, rtol=1e-5)
    for step, rate in ((9, 0.5), (10, 0.05), (20, 0.005)):
        optimizer.iterations.assign(step)
        assert float(optimizer.learning_rate) == pytest.approx(rate)


def test_an_encoder_whose_tokens_have_no_types_needs_none(made):
    model = span_qa(encoder_for(str(made["bert"][1]), 40, 0, tokens=True), 0.2)
    assert set(model.input) == {"input_ids", "attention_mask"}


def test_the_loss_is_the_mean_of_the_cross_entropies_of_start_and_end_without_padding():
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(5, 9, 2)).astype("float32"), rng.integers(0, 9, (5, 2))
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    start, end = (shares[np.arange(5), labels[:, i], i] for i in range(2))
    padded = np.pad(logits, [(0, 0), (0, 7), (0, 0)], constant_values=PADDING_LOGIT)
    for given in (logits, padded):
        assert np.allclose(span_loss(labels, given), -(np.log(start) + np.log(end)) / 2, atol=1e-6)


def make_fit(folder, rows):
    """Two passes, so that the learning rate changes on the way."""

    def mean_loss(labels, logits):
        return float(np.mean(span_loss(labels, logits)))

    keras.utils.set_random_seed(1)
    model = model_of(folder)
    optimizer = span_optimizer(model, 1e-3, weight_decay=0.1, steps_per_epoch=4)
    model.compile(optimizer, span_loss, metrics=[BatchLoss(span_loss)])
    measures = {"val_loss": mean_loss}
    return Fit("qa", model, rows, rows, 3, 2, 1, measures, 2, keeps_batch_losses=True)


def test_a_fit_stopped_on_the_way_goes_on_to_the_same_weights_and_losses_to_the_bit(made, tmp_path):
    _, folder, windows = made["bert"]
    undisturbed, stopped, resumed = (make_fit(folder, windows) for _ in range(3))
    expected = run_fit(undisturbed)
    with pytest.raises(KeyboardInterrupt):
        run_fit(stopped, tmp_path / "state.npz", [StopAt(1, 0)])
    history = run_fit(resumed, tmp_path / "state.npz")
    assert same_to_the_bit(undisturbed, resumed)
    assert not same_to_the_bit(undisturbed, stopped)
    assert without_seconds(history) == without_seconds(expected)
    assert [len(entry["batch_losses"]) for entry in history] == [2] * 3
    # Measures see padded logits of all windows, of which the loss can be taken.
    logits = resumed.model.predict_on_batch(windows.inputs(np.arange(len(windows))))
    loss = np.mean(span_loss(windows.labels, logits))
    assert history[-1]["val_loss"] == pytest.approx(loss, abs=1e-5)


def test_trained_on_a_few_questions_the_model_answers_them_also_when_reloaded(made, tmp_path):
    _, folder, windows = made["bert"]
    keras.utils.set_random_seed(0)
    model = model_of(folder, dropout=0.0)
    optimizer = span_optimizer(model, 1e-2, weight_decay=0.0, steps_per_epoch=1000)
    model.compile(optimizer, span_loss, metrics=[BatchLoss(span_loss)])
    for _ in range(300):
        model.train_on_batch(windows.inputs(np.arange(len(windows))), windows.labels)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    logits = windows.predict_tokens(loaded)
    assert np.array_equal(logits, windows.predict_tokens(model))
    answers, scores = best_answers(windows, logits, QUESTIONS)
    for question in QUESTIONS:
        assert (scores[question.id] < 0) == question.is_answerable
        if question.is_answerable:
            assert answers[question.id] == question.answers[0].text
