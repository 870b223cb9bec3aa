from pathlib import Path

import numpy as np
import pytest
from gensim.test.utils import datapath

from keras_suite.tasks.word_embeddings.benchmarks import score_analogies, score_pairs
from tests.tasks.word_embeddings.toy_words import random_vectors, toy_vectors

GENDER = ": gender\nman woman king queen\nKing QUEEN actor actress\nman woman tsar tsarina\n"
PLURAL = ": gram8-plural\ncow cows dog dogs\n: cities\nRome Italy Oslo Norway\n"


@pytest.fixture
def asked(tmp_path):
    def ask(text, keyed, among=0):
        (tmp_path / "questions.txt").write_text(text)
        return score_analogies(keyed, among, str(tmp_path / "questions.txt")).to_dict("index")

    return ask


def test_right_answers_are_counted_beside_both_baselines_by_section_and_in_all(asked):
    scores = asked(GENDER + PLURAL, toy_vectors())
    neighbours = [toy_vectors().most_similar(word, topn=1)[0][0] for word in ("king", "actor")]
    alone = np.mean(np.array(neighbours) == ["queen", "actress"])
    counts = {"asked": 2, "unknown": 1}
    assert scores["gender"] == counts | {"accuracy": 1, "wrong_sign": 0, "neighbour": alone}
    assert (scores["cities"]["asked"], scores["cities"]["unknown"]) == (0, 1)
    assert np.isnan(scores["cities"]["accuracy"])
    totals = [scores[f"all {name}"] for name in ("semantic", "syntactic", "analogies")]
    assert [(each["asked"], each["unknown"]) for each in totals] == [(2, 2), (1, 0), (3, 2)]
    assert totals[1] == scores["gram8-plural"]


def test_words_and_answers_are_looked_for_among_the_first_words_only(asked):
    text = ": gender\nman woman king queen\n"
    counts = [asked(text, toy_vectors(), among)["gender"]["asked"] for among in (3, 4, 1000)]
    assert counts == [0, 1, 1]


def test_vectors_that_know_no_word_are_asked_nothing():
    none = random_vectors(["w0", "w1"])
    assert score_analogies(none).loc["all analogies", ["asked", "unknown"]].tolist() == [0, 19544]
    assert score_pairs(none)["SimLex-999"] == {"asked": 0, "unknown": 999}


def test_pairs_are_counted_and_cosines_correlated_as_gensim_does():
    lines = Path(datapath("wordsim353.tsv")).read_text(encoding="utf-8").splitlines()
    keyed = random_vectors(sorted({w for line in lines[2:60] for w in line.split("\t")[:2]}))
    score = score_pairs(keyed)["WordSim-353"]
    pearson, spearman, left_out = keyed.evaluate_word_pairs(datapath("wordsim353.tsv"))
    assert (score["spearman"], score["pearson"]) == (spearman.statistic, pearson.statistic)
    assert score["asked"] + score["unknown"] == 353
    assert score["unknown"] == pytest.approx(353 * left_out / 100)
