import keras
import numpy as np
import pytest
import scipy.special
import tensorflow as tf
import transformers as tr

from keras_suite.data.wordpiece import wordpiece_of
from keras_suite.models.encoders import encoder_for
from keras_suite.tasks.persian_qa.answer_spans import best_answers, unless_none
from keras_suite.tasks.persian_qa.span_qa import span_loss, span_optimizer, span_qa
from keras_suite.tasks.persian_qa.windows import PADDING_LOGIT, make_windows
from keras_suite.training.batch_losses import BatchLoss
from tests.data.tokenizers import sentencepiece_of
from tests.layers.tiny import TEXT
from tests.models.checkpoints import as_pytorch, randomize, write_checkpoint
from tests.tasks.persian_qa.squad_form import ask

SIZES = TEXT | {"vocab_size": 80, "num_hidden_layers": 1}
ALBERT = tr.AlbertConfig(**SIZES, embedding_size=8)
ORIGINALS = {
    "bert": (tr.TFBertForQuestionAnswering, tr.BertConfig(**SIZES), wordpiece_of),
    "albert": (tr.TFAlbertForQuestionAnswering, ALBERT, sentencepiece_of),
}
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
families = pytest.mark.parametrize("family", ORIGINALS)
TEXTS = [LIBRARY, LIFE, *(question.text for question in QUESTIONS)]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """By family an original, the folder of its checkpoint, and windows of its tokenizer."""
    made = {}
    for family, (kind, config, tokenizer_of) in ORIGINALS.items():
        original, folder = kind(config), tmp_path_factory.mktemp(family)
        tokenizer = tokenizer_of(TEXTS, 80)
        randomize(original)
        write_checkpoint(folder, original.config, as_pytorch(original))
        tokenizer.save_pretrained(folder)
        made[family] = original, folder, make_windows(QUESTIONS, tokenizer, 40, 4)
    return made


def model_of(folder, dropout=0.2, token_types=True):
    return span_qa(encoder_for(str(folder), 40, 0, tokens=True), dropout, token_types)


@families
def test_logits_are_those_of_the_pytorch_checkpoints_own_class_without_dropout(family, made):
    original, folder, windows = made[family]
    model = model_of(folder, dropout=0.5)
    model.get_layer("qa_outputs").set_weights(original.qa_outputs.get_weights())
    inputs = windows.inputs(np.arange(len(windows)))
    logits, is_token = model(inputs, training=False).numpy(), inputs["attention_mask"] == 1
    expected = np.stack(original(**inputs)[:2], axis=2)  # of start and end
    assert not is_token.all()
    assert np.abs((logits - expected)[is_token]).max() <= 1e-5
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
    model = model_of(made["bert"][1], token_types=False)
    assert set(model.input) == {"input_ids", "attention_mask"}


def test_the_loss_is_the_mean_of_the_cross_entropies_of_start_and_end_without_padding():
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(5, 9, 2)).astype("float32"), rng.integers(0, 9, (5, 2))
    shares = np.take_along_axis(scipy.special.softmax(logits, axis=1), labels[:, None], axis=1)
    padded = np.pad(logits, [(0, 0), (0, 7), (0, 0)], constant_values=PADDING_LOGIT)
    for given in (logits, padded):
        assert np.allclose(span_loss(labels, given), -np.log(shares).mean(axis=(1, 2)), atol=1e-6)


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
    answers = unless_none(*best_answers(windows, logits, QUESTIONS), 0)
    texts = [question.answers[0].text if question.answers else "" for question in QUESTIONS]
    assert list(answers.values()) == texts
