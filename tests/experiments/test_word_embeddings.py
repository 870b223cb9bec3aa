import importlib.metadata
import json
from pathlib import Path
from types import SimpleNamespace

import keras
import pytest
import tensorflow as tf
from gensim.test.utils import datapath
from keras_suite.experiments import word_embeddings
from keras_suite.experiments.word_embeddings import Config

from keras_suite.experiment import Variant
from keras_suite.tasks.word_embeddings import answers, benchmarks, glove_package, nearest_words


@pytest.fixture(scope="module")
def sample():
    return word_embeddings.load(Config(data="sample")).keyed


@pytest.fixture(scope="module")
def glove():
    try:
        importlib.metadata.distribution(glove_package.PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"{glove_package.PACKAGE} is not installed: {glove_package.INSTALL}")
    return word_embeddings.load(Config(data="real")).keyed


def test_a_run_answers_the_persons_questions_before_the_reports(quick_run, sample):
    out, folder = quick_run.out, quick_run.folder
    assert out.startswith("SAMPLE DATA: 4,178 word2vec vectors trained on the 350 news texts")
    found = json.loads((folder / "answers.json").read_text())
    assert list(found["neighbours"])[:2] == ["president", "king"]
    neighbours = [word for word, _ in sample.most_similar("president", topn=5)]
    assert [word for word, _ in found["neighbours"]["president"]] == neighbours
    first = found["analogies"]["man:men::woman"]
    assert first["expected"] == "women"
    assert first["right sign"]["rank"] >= 1
    assert {"cheerful", "housewife"} <= set(found["left_out"])
    text = (folder / "answers.txt").read_text()
    assert text in out
    assert f"president: {neighbours[0]} " in text


def test_a_run_scores_the_benchmarks_as_gensim_does_beside_nothing_published(quick_run, sample):
    results = quick_run.metrics["results"]
    compared = {each["model"] for each in results if each["reported"] is not None}
    assert compared <= {"young:old::cow, right sign"}
    figures = {(r["model"], r["group"], r["metric"]): r["reproduced"] for r in results}
    _, theirs = sample.evaluate_word_analogies(datapath("questions-words.txt"))
    for section in theirs[:-1]:
        asked = len(section["correct"]) + len(section["incorrect"])
        model = f"{section['section']} (sample)"
        assert figures[model, "counts", "asked"] == asked
        if asked:
            accuracy = figures[model, "analogies", "accuracy"]
            assert accuracy == pytest.approx(len(section["correct"]) / asked)
    _, spearman, _ = sample.evaluate_word_pairs(datapath("wordsim353.tsv"))
    ours = figures["WordSim-353 (sample)", "similarity", "spearman"]
    assert ours == pytest.approx(spearman.statistic)


def test_a_run_draws_all_tasks_and_exports_the_neighbours(quick_run, sample):
    folder, metrics = quick_run.folder, quick_run.metrics
    assert {path.stem for path in (folder / "figures").iterdir()} == {
        *("neighbours", "triples", "analogies", "gender", "plural", "categories"),
        *("failing_analogy", "benchmark"),
    }
    classes = {"NearestRows": nearest_words.NearestRows}
    model = keras.saving.load_model(folder / "model.keras", classes, safe_mode=True)
    expected = [word for word, _ in sample.most_similar("king", topn=5)]
    asked = ["king", "nowhere-to-be-found"]
    for outputs in (quick_run.predict(words=asked), model(tf.constant(asked))):
        known, unknown = outputs["neighbours"].numpy()
        assert [word.decode() for word in known] == expected
        assert set(unknown) == {b""}
    assert (metrics["exported"], metrics["parameters"]["trainable"]) == ("sample", 0)


@pytest.mark.parametrize(
    ("name", "words", "model"),
    [
        ("glove-50d", 0, "family"),
        ("glove-50d", 4000, "family (4,000 words)"),
        ("glove-50d", 5000, "family"),
        ("mine.txt", 4000, "family (mine.txt, 4,000 words)"),
    ],
)
def test_only_figures_of_glove_among_all_words_have_the_published_ones_name(
    monkeypatch, sample, name, words, model
):
    monkeypatch.setattr(benchmarks, "ORDERS", {"accuracy": "abcd"})
    config = Config(data="sample", benchmark_words=words)
    data = SimpleNamespace(keyed=sample, name=name)
    trained = SimpleNamespace(config=config, data=data, variant=Variant("", config), kept={})
    figures = [what["model"] for what, _ in word_embeddings.evaluate(trained)]
    assert [each for each in figures if each.startswith("family")] == [model, model]
    assert trained.variant.model == name


def test_every_figure_that_was_published_is_of_a_section_that_gensim_ships(sample):
    sections = set(benchmarks.score_analogies(sample, among=1).index)
    assert set(word_embeddings.ACCURACIES) == {
        each for each in sections if not each.startswith("all ")
    }


def test_glove_answers_the_reports_questions_and_fails_where_the_report_does(glove):
    found = answers.ask(glove, Config().questions())
    assert found["left_out"] == []
    figures = {what["model"]: values for what, values in answers.measured(found)}
    ranks = [values["rank"] for values in figures.values() if "rank" in values]
    assert ranks == [1, 71, 1, 90]
    assert found["neighbours"]["king"][0][0] == "prince"
    assert [values["shared"] for values in figures.values() if "shared" in values] == [2, 3, 6]
    old, woman = ([cosine for _, cosine in each] for each in found["failure"]["steps"].values())
    assert max(old) < 0.2 < 0.5 < min(woman)


def test_glove_scores_what_others_published(glove, tmp_path):
    lines = Path(datapath("questions-words.txt")).read_text().splitlines()
    start = lines.index(": family")
    (tmp_path / "family.txt").write_text("\n".join(lines[start : start + 507]))
    family = benchmarks.score_analogies(glove, path=str(tmp_path / "family.txt")).loc["family"]
    published = word_embeddings.ACCURACIES["family"]
    assert family["accuracy"] == pytest.approx(published, abs=5e-5)
    similar = benchmarks.score_pairs(glove)["SimLex-999"]
    assert similar["spearman"] == pytest.approx(0.2631, abs=2e-3)
