import dataclasses
import json

import numpy as np
import pytest
from keras_suite.experiments import persian_qa

from keras_suite.data.tokens import load_tokenizer
from keras_suite.tasks.persian_qa.answer import answer
from keras_suite.tasks.persian_qa.answer_spans import best_answers, unless_none
from keras_suite.tasks.persian_qa.scores import validation_measures
from keras_suite.tasks.persian_qa.span_qa import span_loss
from keras_suite.tasks.persian_qa.squad_metrics import squad_report
from tests.experiments.processes import quick

QUICK = quick(persian_qa)


def test_the_recipe_is_the_reports():
    config = persian_qa.PRESETS["paper"]
    assert (config.dropout, config.weight_decay, config.learning_rate) == (0.2, 0.1, 5e-5)
    assert (config.epochs, config.batch_size, config.max_length) == (1, 16, 512)
    reported = {(what["model"], what["split"]): of for what, of in persian_qa.REPORTED}
    assert reported["BERT", "test"]["f1"] == 82.936
    assert reported["ALBERT", "train"]["loss"] == 0.903
    assert sum(map(len, reported.values())) == 8


def test_the_parts_are_of_the_sizes_asked_for_and_evenly_spaced(data):
    sizes = [len(data.train), len(data.validation), len(data.test)]
    assert sizes == [400, 80, 80]
    everything = persian_qa.load(dataclasses.replace(persian_qa.Config(), data="sample"))
    few = persian_qa.load(dataclasses.replace(QUICK, test_questions=9)).test
    assert few == everything.test[::10]
    assert persian_qa.load(dataclasses.replace(QUICK, test_questions=10**7)).test == everything.test


def test_a_span_model_is_compiled_for_the_rows(data, rows):
    model = persian_qa.build(dataclasses.replace(QUICK, dropout=0.3), rows)
    assert [layer.rate for layer in model.layers if hasattr(layer, "rate")] == [0.3]
    assert model.optimizer.weight_decay == 0.1
    steps = -(-len(rows.train) // 16)
    for step, rate in ((0, 1e-3), (steps - 1, 1e-3), (steps, 1e-4)):
        model.optimizer.iterations.assign(step)
        assert float(model.optimizer.learning_rate) == pytest.approx(rate)


def test_in_bfloat16_all_but_the_logits_is_computed_in_it(rows):
    model = persian_qa.build(dataclasses.replace(QUICK, precision="bfloat16"), rows)
    types = {type(layer).__name__: layer.compute_dtype for layer in model.layers}
    assert types["Adopted"] == types["Dropout"] == "bfloat16"
    assert types["Dense"] == model.output.dtype == "float32"
    assert {weight.dtype for weight in model.weights} == {"float32"}


def test_the_threshold_is_the_one_best_on_validation_questions(data, rows):
    windows, asked = rows.validation, data.validation
    shape = len(windows), windows.encoded.lengths.max(), 2
    logits = np.random.default_rng(0).normal(size=shape).astype("float32")
    measures = validation_measures(windows, asked, QUICK.max_answer_tokens)
    chosen = {name: measure(None, logits) for name, measure in measures.items()}
    answers, scores = best_answers(windows, windows.without_padding(logits), asked)
    f1 = {
        threshold: squad_report(unless_none(answers, scores, threshold), asked)["f1"]
        for threshold in (chosen["val_threshold"], -np.inf, np.inf, *scores.values())
    }
    assert chosen["val_f1"] == f1[chosen["val_threshold"]] == max(f1.values())
    assert f1[np.inf] < max(f1.values())
    assert chosen["val_loss"] == pytest.approx(np.mean(span_loss(windows.labels, logits)))


def test_a_run_leaves_figures_of_its_answers_and_of_every_batchs_loss(quick_run, data):
    folder, figures, history = quick_run.folder, quick_run.figures, quick_run.history
    for name in ("loss", "exact_match", "f1", "threshold"):
        measured = figures["BERT", "validation", name]
        assert measured == pytest.approx(float(history[-1][f"val_{name}"]))
    assert len(history) == 4
    last_epoch = [float(entry["loss"]) for entry in history[2:]]
    assert figures["BERT", "train", "loss"] == pytest.approx(np.mean(last_epoch), abs=0.1)
    predictions = json.loads((folder / "predictions.json").read_text(encoding="utf-8"))
    assert list(predictions) == [question.id for question in data.test]
    for metric, value in squad_report(predictions, data.test).items():
        assert figures["BERT", "test", metric] == pytest.approx(value)
    assert "id,answer,nearest,reason" in (folder / "out_of_reach.csv").read_text(encoding="utf-8")
    page = (folder / "answers.html").read_text(encoding="utf-8")
    assert data.test[0].id in page
    assert "SAMPLE DATA" in page
    assert (folder / "answers.csv").read_bytes().startswith("\ufeffid,".encode())


def test_what_a_run_exports_answers_as_the_run_did(quick_run, data):
    predictions = json.loads((quick_run.folder / "predictions.json").read_text(encoding="utf-8"))
    settings = {"max_length": QUICK.max_length, "stride": QUICK.stride}
    settings["threshold"] = quick_run.figures["BERT", "validation", "threshold"]
    tokenizer = load_tokenizer(quick_run.folder / "tokenizer")
    for asked in data.test[:8]:
        given = answer(asked.text, asked.context, tokenizer, quick_run.predict, **settings)
        assert given == predictions[asked.id]
