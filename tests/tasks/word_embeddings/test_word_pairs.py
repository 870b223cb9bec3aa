import numpy as np
import pytest

from keras_suite.errors import InputError
from keras_suite.tasks.word_embeddings.word_pairs import score_pairs
from tests.tasks.word_embeddings.toy_words import random_vectors, toy_vectors


def test_correlations_are_those_of_gensim(tmp_path):
    words = [*(f"w{i}" for i in range(40)), "W7"]
    keyed = random_vectors(words)
    draw = np.random.default_rng(1)
    rows = [(*draw.choice([*words, "W8", "none"], 2), draw.uniform(0, 10)) for _ in range(60)]
    path = tmp_path / "pairs.tsv"
    path.write_text("# about\n" + "".join(f"{a}\t{b}\t{value:.2f}\n" for a, b, value in rows))
    score = score_pairs(keyed, path)
    pearson, spearman, left_out = keyed.evaluate_word_pairs(str(path))
    assert score.spearman == pytest.approx(spearman.statistic)
    assert score.pearson == pytest.approx(pearson.statistic)
    assert score.unknown == round(left_out / 100 * 60) > 0
    assert score.counts() == {"asked": 60 - score.unknown, "unknown": score.unknown}
    assert score.missing == ["none"]


def test_cosines_in_the_order_of_the_judgements_have_a_rank_correlation_of_1(tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("king\tqueen\t9\nKing\tactor\t6\nking\tcow\t1\n")
    assert score_pairs(toy_vectors(), path).correlations()["spearman"] == pytest.approx(1)


@pytest.mark.parametrize("content", ["", "king\tqueen\t9\n", "tsar\tqueen\t9\nking\ttsar\t2\n"])
def test_too_few_pairs_have_no_correlation(tmp_path, content):
    path = tmp_path / "pairs.tsv"
    path.write_text(content)
    assert score_pairs(toy_vectors(), path).correlations() == {}


@pytest.mark.parametrize("line", ["king queen 9", "king\tqueen", "king\tqueen\thigh"])
def test_a_line_that_is_no_judgement_is_named(tmp_path, line):
    path = tmp_path / "pairs.tsv"
    path.write_text(f"# about\n{line}\n")
    with pytest.raises(InputError, match=r"pairs.tsv, line 2: not two words and a number"):
        score_pairs(toy_vectors(), path)
