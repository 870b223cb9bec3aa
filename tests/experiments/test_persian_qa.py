import dataclasses
import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from experiments import persian_qa
from keras_suite.data.tokens import load_tokenizer
from keras_suite.errors import InputError
from keras_suite.tasks.persian_qa.answer import answer
from keras_suite.tasks.persian_qa.answer_spans import best_answers, unless_none
from keras_suite.tasks.persian_qa.pquad import Answer, Question
from keras_suite.tasks.persian_qa.span_qa import span_loss
from keras_suite.tasks.persian_qa.squad_metrics import squad_report
from tests.experiments.processes import (
    QUICK_SAMPLE,
    export_problem,
    figures_of,
    latest,
    read,
    run,
    run_until_killed,
)
from tuning.harness import ExperimentHyperModel

QUICK = dataclasses.replace(persian_qa.PRESETS["quick"], data="sample")


@pytest.fixture(scope="module")
def questions():
    return persian_qa.load(QUICK)


@pytest.fixture(scope="module")
def rows(questions):
    return persian_qa.split(QUICK, questions)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder of a run of the quick preset, and what it printed."""
    output = tmp_path_factory.mktemp("runs")
    done = run("persian_qa", *QUICK_SAMPLE, output=output)
    assert (done.returncode, done.stderr) == (0, "")
    return latest(output, "persian_qa"), done.stdout


def test_the_recipe_is_the_reports():
    config = persian_qa.PRESETS["paper"]
    assert (config.dropout, config.weight_decay, config.learning_rate) == (0.2, 0.1, 5e-5)
    assert (config.epochs, config.batch_size, config.max_length) == (1, 16, 512)
    reported = {
        (what["model"], what["split"], metric): value
        for what, figures in persian_qa.REPORTED
        for metric, value in figures.items()
    }
    assert reported["BERT", "test", "f1"] == 82.936
    assert reported["ALBERT", "train", "loss"] == 0.903
    assert len(reported) == 8


def test_the_parts_are_of_the_sizes_asked_for_and_evenly_spaced(questions):
    sizes = [len(questions.train), len(questions.validation), len(questions.test)]
    assert sizes == [400, 80, 80]
    everything = persian_qa.load(dataclasses.replace(persian_qa.Config(), data="sample"))
    few = persian_qa.load(dataclasses.replace(QUICK, test_questions=9)).test
    assert few == everything.test[::10]
    assert persian_qa.evenly_spaced(everything.test, 10**9) == everything.test


def test_a_span_model_is_compiled_for_the_rows(questions, rows):
    model = persian_qa.build(dataclasses.replace(QUICK, dropout=0.3), rows)
    assert [layer.rate for layer in model.layers if hasattr(layer, "rate")] == [0.3]
    assert model.optimizer.weight_decay == 0.1
    steps = -(-len(rows.train) // 16)
    for step, rate in ((0, 1e-3), (steps - 1, 1e-3), (steps, 1e-4)):
        model.optimizer.iterations.assign(step)
        assert float(model.optimizer.learning_rate) == pytest.approx(rate)


def test_the_threshold_is_the_one_best_on_validation_questions(questions, rows):
    windows, asked = rows.validation, questions.validation
    shape = len(windows), windows.encoded.lengths.max(), 2
    logits = np.random.default_rng(0).normal(size=shape).astype("float32")
    chosen = persian_qa.validate(QUICK, questions, rows, logits)
    answers, scores = best_answers(windows, windows.without_padding(logits), asked)
    f1 = {
        threshold: squad_report(unless_none(answers, scores, threshold), asked)["f1"]
        for threshold in (chosen["threshold"], -np.inf, np.inf, *scores.values())
    }
    assert chosen["f1"] == f1[chosen["threshold"]] == max(f1.values())
    assert f1[np.inf] < max(f1.values())
    loss = np.mean(span_loss(windows.labels, logits))
    assert chosen["loss"] == pytest.approx(loss)
    assert persian_qa.mean_loss(windows.labels, logits) == pytest.approx(loss)


def test_a_searched_config_builds_and_trains(questions):
    few = dataclasses.replace(questions, train=questions.train[:40])
    tuned = ExperimentHyperModel(persian_qa, QUICK, few)
    hp = tuned.space()
    assert set(hp.values) == {"learning_rate", "weight_decay", "dropout", "batch_size"}
    hp.values |= {"batch_size": 8, "tuner/epochs": 1}
    model = tuned.build(hp)
    history = tuned.fit(hp, model, None, [])
    assert set(history[0]) == {"epoch", "loss", "batch_loss", "val_loss", "seconds"}
    assert 0 < history[0]["val_loss"] < 10


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"dropout": 1.0}, "--dropout must lie in"),
        ({"stride": -1}, "--stride must be at least 0"),
        ({"epochs": 0}, "--epochs must be at least 1"),
        ({"learning_rate": 0.0}, "--learning-rate must be above 0"),
        ({"train_questions": -1}, "--train-questions must be at least 0"),
    ],
)
def test_bad_settings_are_refused(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        dataclasses.replace(persian_qa.Config(), **changes)


@pytest.mark.parametrize("stride", [256, 500])
def test_a_stride_that_leaves_no_progress_is_one_sentence(questions, stride):
    with pytest.raises(InputError, match=rf"of 256 to its context; .* {stride} tokens in common"):
        persian_qa.split(dataclasses.replace(QUICK, stride=stride), questions)


def test_an_encoder_that_is_not_there_ends_with_one_sentence_and_leaves_no_run(tmp_path):
    flags = (*QUICK_SAMPLE, "--encoder", tmp_path / "nowhere" / "encoder")
    done = run("persian_qa", *flags, output=tmp_path / "runs")
    assert done.returncode == 2
    assert done.stderr.startswith("error: No tokenizer from")
    assert done.stderr.count("\n") == 1
    assert not list((tmp_path / "runs").glob("persian_qa/*"))


def test_a_run_leaves_figures_answers_and_every_batchs_loss(finished, questions):
    folder, printed = finished
    assert printed.startswith("SAMPLE DATA: 600 templated Persian questions")
    metrics, history = read(folder)
    figures = {(row["split"], row["metric"]): row["reproduced"] for row in metrics["results"]}
    assert {row["model"] for row in metrics["results"]} == {"BERT"}
    assert len(history) == 4
    for name in ("loss", "exact_match", "f1", "threshold"):
        assert figures["validation", name] == pytest.approx(float(history[-1][f"val_{name}"]))
    last_epoch = [float(entry["loss"]) for entry in history[2:]]
    assert figures["train", "loss"] == pytest.approx(np.mean(last_epoch), abs=0.1)
    assert figures["cost", "trainable"] == metrics["parameters"]["trainable"]
    drawn = {path.stem for path in (folder / "figures").iterdir()}
    assert drawn == {
        "answers_per_question",
        "evaluations",
        "lengths",
        "questions",
        "training_loss",
    }
    predictions = json.loads((folder / "predictions.json").read_text(encoding="utf-8"))
    assert list(predictions) == [question.id for question in questions.test]
    report = squad_report(predictions, questions.test)
    assert {metric: figures["test", metric] for metric in report} == pytest.approx(report)
    assert "id,answer,nearest,reason" in (folder / "out_of_reach.csv").read_text(encoding="utf-8")
    page = (folder / "answers.html").read_text(encoding="utf-8")
    assert questions.test[0].id in page
    assert "SAMPLE DATA" in page
    assert (folder / "answers.csv").exists()


def test_what_a_run_exports_answers_as_the_run_did(finished, questions):
    folder, _ = finished
    metrics, _ = read(folder)
    predictions = json.loads((folder / "predictions.json").read_text(encoding="utf-8"))
    figures = {(row["split"], row["metric"]): row["reproduced"] for row in metrics["results"]}
    assert export_problem(folder) == ""
    served = tf.saved_model.load(str(folder / "serving" / "persian_qa" / "1"))
    for question in questions.test[:8]:
        given = answer(
            question.text,
            question.context,
            load_tokenizer(folder / "tokenizer"),
            served.signatures["serving_default"],
            max_length=QUICK.max_length,
            stride=QUICK.stride,
            threshold=figures["validation", "threshold"],
        )
        assert given == predictions[question.id]


def test_the_models_file_makes_the_logits_of_the_export(finished, rows):
    folder, _ = finished
    model = keras.saving.load_model(folder / "model.keras", safe_mode=True)
    served = tf.saved_model.load(str(folder / "serving" / "persian_qa" / "1"))
    inputs = rows.test.inputs(np.arange(5))
    outputs = served.signatures["serving_default"](**inputs)
    logits = model.predict_on_batch(inputs)
    assert np.abs(outputs["start_logits"] - logits[..., 0]).max() <= 1e-5
    assert np.abs(outputs["end_logits"] - logits[..., 1]).max() <= 1e-5


def test_a_killed_run_goes_on_to_the_same_figures_answers_and_losses_to_the_bit(finished, tmp_path):
    run_until_killed("persian_qa", *QUICK_SAMPLE, output=tmp_path)
    resumed = run("persian_qa", *QUICK_SAMPLE, "--resume", output=tmp_path)
    assert (resumed.returncode, resumed.stderr) == (0, "")
    a, b = finished[0], latest(tmp_path, "persian_qa")
    for name in ("predictions.json", "answers.csv", "figures/training_loss.png"):
        assert (a / name).read_bytes() == (b / name).read_bytes()
    assert figures_of(a) == figures_of(b)
    models = [keras.saving.load_model(folder / "model.keras") for folder in (a, b)]
    for first, second in zip(*(model.weights for model in models), strict=True):
        assert np.array_equal(first, second)


def test_an_answer_at_the_end_of_a_long_context_stands_in_its_last_window():
    context = "آب " * 800 + "شیراز"
    asked = [Question("1", "کجاست؟", context, (Answer("شیراز", 2400),), "t")]
    data = dataclasses.replace(persian_qa.load(QUICK), test=asked)
    windows = persian_qa.split(QUICK, data).test
    assert len(windows) > 2
    assert windows.labels[-1].all()
    assert not windows.labels[:-1].any()
