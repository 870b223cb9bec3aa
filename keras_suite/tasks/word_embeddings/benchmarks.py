"""The benchmarks of word vectors that gensim ships, scored by gensim.

Analogies: Mikolov et al., arXiv:1301.3781; baselines: Linzen, "Issues in evaluating semantic
spaces using word analogies", 2016; pairs: Finkelstein et al., 2002 (WordSim-353), Hill, Reichart
and Korhonen, 2015 (SimLex-999). The upper and lower case of words is no matter.
"""

import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from gensim.models import KeyedVectors
from gensim.test.utils import datapath

# Which words of "a is to b as c is to d" stand where: gensim answers the third one plus the second
# minus the first. c + c - c is c, whose nearest neighbour answers without any arithmetic.
ORDERS = {"accuracy": "abcd", "wrong_sign": "bacd", "neighbour": "cccd"}
PAIRS = {"WordSim-353": "wordsim353.tsv", "SimLex-999": "simlex999.txt"}


def score_analogies(
    keyed: KeyedVectors, among: int = 0, path: str = datapath("questions-words.txt")
) -> pd.DataFrame:
    """Answer analogies by the word closest to c + (b - a), which is not one of the three.

    Answers and words of questions are looked for ``among`` so many first words (0: all). The file
    has ``: section`` lines, and four words a line below each.

    Returns:
        A row for each section, and for all semantic, all syntactic ("gram...") and all of them:
        questions ``asked`` and questions ``unknown``, for a word has no vector; over those asked
        ``accuracy``, also with the ``wrong_sign``, c - (b - a), and by the ``neighbour`` of c.
    """
    among = min(among or len(keyed), len(keyed))
    known = [str(word).upper() for word in keyed.index_to_key[:among]]
    rows, section = [], ""
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        section = line[1:].strip() if line.startswith(":") else section
        rows += [] if line.startswith(":") else [(section, *line.upper().split())]
    table = pd.DataFrame(rows, columns=["section", *"abcd"])
    is_known: Any = table[list("abcd")].isin(known).all(axis=1)
    table = table.assign(asked=is_known, unknown=~is_known, **dict.fromkeys(ORDERS, False))
    for kind, order in ORDERS.items() if is_known.any() else ():
        table.loc[is_known, kind] = _is_right(keyed, table.loc[is_known, list(order)], among)
    counts: Any = table.groupby("section", sort=False)[["asked", "unknown", *ORDERS]].sum()
    syntactic = counts.index.str.startswith("gram")
    totals = {"semantic": ~syntactic, "syntactic": syntactic, "analogies": syntactic | True}
    sums = {f"all {name}": counts[of].sum() for name, of in totals.items()}
    counts = pd.concat([counts, pd.DataFrame(sums).T])
    return counts.assign(**{kind: counts[kind] / counts["asked"] for kind in ORDERS})


def _is_right(keyed: KeyedVectors, questions: pd.DataFrame, among: int) -> list[bool]:
    rows = list(map(tuple, questions.to_numpy()))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "questions.txt")
        lines = [": all", *map(" ".join, dict.fromkeys(rows))]
        file.write_text("\n".join(lines), encoding="utf-8")
        _, sections = keyed.evaluate_word_analogies(str(file), restrict_vocab=among)
    right = set(sections[0]["correct"])
    return [row in right for row in rows]


def score_pairs(keyed: KeyedVectors) -> dict[str, dict[str, float]]:
    """Compare cosines of pairs of words with people's judgements.

    Returns:
        By benchmark, how many pairs were ``asked`` and how many were not, for a word is
        ``unknown``; and of two pairs or more the correlations ``spearman`` and ``pearson``.
    """
    known = {str(word).upper() for word in keyed.index_to_key}
    scores = {}
    for name, file in PAIRS.items():
        lines = Path(datapath(file)).read_text(encoding="utf-8").upper().splitlines()
        pairs = [line.split("\t")[:2] for line in lines if not line.startswith("#")]
        asked = sum(map(known.issuperset, pairs))
        scores[name] = {"asked": asked, "unknown": len(pairs) - asked}
        if asked > 1:
            both: Any = keyed.evaluate_word_pairs(datapath(file), restrict_vocab=len(keyed))[:2]
            values = (float(each.statistic) for each in both)
            scores[name] |= dict(zip(("pearson", "spearman"), values, strict=True))
    return scores
