import dataclasses
import importlib.metadata
import json
from types import SimpleNamespace

import keras
import pytest
import tensorflow as tf
from gensim.test.utils import datapath
from keras_suite.experiments import word_embeddings
from keras_suite.experiments.word_embeddings import Config
from keras_suite.tuning.search import find_experiment

from keras_suite import cli
from keras_suite.errors import InputError
from keras_suite.experiment import Variant
from keras_suite.tasks.word_embeddings import answers, benchmarks, glove_package, nearest_words
from tests.experiments.processes import QUICK_SAMPLE


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


def test_a_run_scores_the_benchmarks_as_gensim_does(quick_run, sample):
    results = quick_run.metrics["results"]
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


def test_what_was_published_stands_beside_no_other_vectors(quick_run):
    compared = {r["model"] for r in quick_run.metrics["results"] if r["reported"] is not None}
    assert compared <= {"young:old::cow, right sign"}


def test_a_run_draws_all_tasks_and_exports_the_neighbours(quick_run, sample):
    folder, metrics = quick_run.folder, quick_run.metrics
    assert {path.stem for path in (folder / "figures").iterdir()} == {
        *("neighbours", "triples", "analogies", "gender", "plural", "categories"),
        *("failing_analogy", "benchmark"),
    }
    served = tf.saved_model.load(str(folder / "serving" / "word_embeddings" / "1"))
    classes = {"NearestRows": nearest_words.NearestRows}
    model = keras.saving.load_model(folder / "model.keras", classes, safe_mode=True)
    expected = [word for word, _ in sample.most_similar("king", topn=5)]
    asked = tf.constant(["king", "nowhere-to-be-found"])
    for outputs in (served.signatures["serving_default"](words=asked), model(asked)):
        known, unknown = outputs["neighbours"].numpy()
        assert [word.decode() for word in known] == expected
        assert set(unknown) == {b""}
    assert (metrics["exported"], metrics["parameters"]["trainable"]) == ("sample", 0)


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (("--words", "presidnet"), "There is no vector for 'presidnet' (president"),
        (("--analogy", "man:men::wman"), "There is no vector for 'wman' ("),
        (("--neighbours", "4176"), "--neighbours 4176 is too many: give at most 4175."),
        (("--neighbours", "0"), "--neighbours must be at least 1"),
        (("--benchmark-words", "-1"), "--benchmark-words must be at least 0"),
        (("--analogy", "king-man+woman"), "an analogy is written a:b::c or a:b::c:expected"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence_and_leaves_no_run(tmp_path, capfd, flags, sentence):
    output = "--output", str(tmp_path)
    assert cli.main(["run", "word_embeddings", *QUICK_SAMPLE, *flags, *output]) == 2
    stderr = capfd.readouterr().err
    assert stderr.startswith(f"error: {sentence}")
    assert stderr.count("\n") == 1
    assert not [path for path in tmp_path.glob("word_embeddings/*") if path.name != ".lock"]


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


def test_there_is_nothing_to_tune():
    with pytest.raises(InputError, match="search_space"):
        find_experiment("word_embeddings")


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
    lines = (benchmarks.Path(datapath("questions-words.txt"))).read_text().splitlines()
    start = lines.index(": family")
    (tmp_path / "family.txt").write_text("\n".join(lines[start : start + 507]))
    family = benchmarks.score_analogies(glove, path=str(tmp_path / "family.txt")).loc["family"]
    published = word_embeddings.ACCURACIES["family"]
    assert family["accuracy"] == pytest.approx(published, abs=5e-5)
    assert benchmarks.score_pairs(glove)["SimLex-999"]["spearman"] == pytest.approx(
        0.2631, abs=2e-3
    )


def test_a_config_is_refused_before_anything_is_loaded():
    with pytest.raises(ValueError, match="--repeats must be 1"):
        dataclasses.replace(Config(), repeats=2)
