from pathlib import Path

import numpy as np
import pytest
from gensim.test.utils import datapath

from keras_suite.tasks.word_embeddings import benchmarks
from keras_suite.tasks.word_embeddings.benchmarks import score_analogies, score_pairs
from tests.tasks.word_embeddings.toy_words import random_vectors, toy_vectors

GENDER = ": gender\nman woman king queen\nKing QUEEN actor actress\nman woman tsar tsarina\n"
PLURAL = ": gram8-plural\ncow cows dog dogs\n: cities\nRome Italy Oslo Norway\n"


@pytest.fixture
def scores(tmp_path):
    path = tmp_path / "questions.txt"
    path.write_text(GENDER + PLURAL)
    return score_analogies(toy_vectors(), path=str(path)).to_dict("index")


def test_right_answers_are_counted_beside_both_baselines(scores):
    neighbours = [toy_vectors().most_similar(word, topn=1)[0][0] for word in ("king", "actor")]
    alone = np.mean(np.array(neighbours) == ["queen", "actress"])
    counts = {"asked": 2, "unknown": 1}
    assert scores["gender"] == counts | {"accuracy": 1, "wrong_sign": 0, "neighbour": alone}


def test_a_section_without_known_words_is_not_asked(scores):
    assert (scores["cities"]["asked"], scores["cities"]["unknown"]) == (0, 1)
    assert np.isnan(scores["cities"]["accuracy"])


def test_sections_add_up_to_semantic_syntactic_and_all(scores):
    totals = [scores[f"all {name}"] for name in ("semantic", "syntactic", "analogies")]
    assert [(each["asked"], each["unknown"]) for each in totals] == [(2, 2), (1, 0), (3, 2)]
    assert totals[1] == scores["gram8-plural"]


def test_the_wrong_sign_is_gensims_with_positive_and_negative_exchanged(tmp_path):
    keyed = random_vectors([f"w{i}" for i in range(30)], dimension=2)
    lines = [": wrong"]
    for i in range(2, 30):
        found = keyed.most_similar(positive=["w0", f"w{i}"], negative=["w1"], topn=1)
        lines.append(f"w0 w1 w{i} {found[0][0]}")
    (tmp_path / "questions.txt").write_text("\n".join(lines))
    scores = score_analogies(keyed, path=str(tmp_path / "questions.txt"))
    assert scores.loc["wrong", "wrong_sign"] == 1


def test_words_and_answers_are_looked_for_among_the_first_words_only(tmp_path):
    (tmp_path / "questions.txt").write_text(": gender\nman woman king queen\n")
    among = [
        score_analogies(toy_vectors(), among, str(tmp_path / "questions.txt")).loc[
            "gender", "asked"
        ]
        for among in (3, 4, 1000)
    ]
    assert among == [0, 1, 1]


def test_vectors_that_know_no_word_are_asked_nothing():
    scores = score_analogies(random_vectors(["w0", "w1"]))
    assert (scores.loc["all analogies", "asked"], scores.loc["all analogies", "unknown"]) == (
        *(0, 19544),
    )
    assert score_pairs(random_vectors(["w0", "w1"]))["SimLex-999"] == {"asked": 0, "unknown": 999}


def test_pairs_are_counted_and_cosines_correlated_as_gensim_does(monkeypatch):
    lines = Path(datapath("wordsim353.tsv")).read_text(encoding="utf-8").splitlines()
    words = sorted({word for line in lines[2:60] for word in line.split("\t")[:2]})
    keyed = random_vectors(words)
    score = score_pairs(keyed)["WordSim-353"]
    pearson, spearman, left_out = keyed.evaluate_word_pairs(datapath("wordsim353.tsv"))
    assert (score["spearman"], score["pearson"]) == (spearman.statistic, pearson.statistic)
    assert score["asked"] + score["unknown"] == 353
    assert score["unknown"] == pytest.approx(353 * left_out / 100)
    assert set(benchmarks.PAIRS) == {"WordSim-353", "SimLex-999"}
