"""Word similarity: do cosines of word vectors order pairs of words as people do?"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scipy.stats import pearsonr, spearmanr

from keras_suite.errors import InputError

if TYPE_CHECKING:
    from gensim.models import KeyedVectors


@dataclass(frozen=True)
class PairScore:
    """How cosines go together with the judgements of people.

    Args:
        asked: pairs both of whose words have vectors.
        unknown: pairs left out, for a word has none.
        missing: those words.
        spearman: correlation of the ranks; None for fewer than two pairs.
        pearson: correlation of the values; likewise.
    """

    asked: int
    unknown: int
    missing: list[str]
    spearman: float | None
    pearson: float | None

    def correlations(self) -> dict[str, float]:
        """Return both correlations; none where there are too few pairs."""
        if self.spearman is None:
            return {}
        return {"spearman": self.spearman, "pearson": self.pearson}

    def counts(self) -> dict[str, int]:
        """Return how many pairs were asked and how many left out."""
        return {"asked": self.asked, "unknown": self.unknown}


def score_pairs(keyed: "KeyedVectors", path: Path) -> PairScore:
    """Compare cosines with a file of judgements: two words and a number, separated by tabs.

    The upper and lower case of words aside. Lines that begin with ``#`` are comments.

    Raises:
        InputError: naming file and line of what is no such line.
    """
    # Of the forms a word has in upper and lower case, the first is the most frequent one.
    forms = {word.upper(): word for word in reversed(keyed.index_to_key)}
    judged, cosines, missing, unknown = [], [], {}, 0
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            first, second, judgement = line.split("\t")
            value = float(judgement)
        except ValueError as error:
            raise InputError(f"{path}, line {number}: not two words and a number.") from error
        absent = [word for word in (first, second) if word.upper() not in forms]
        if absent:
            missing |= dict.fromkeys(absent)
            unknown += 1
        else:
            judged.append(value)
            cosines.append(keyed.similarity(forms[first.upper()], forms[second.upper()]))
    if len(set(judged)) < 2:
        return PairScore(len(judged), unknown, list(missing), None, None)
    spearman, pearson = (float(of(judged, cosines).statistic) for of in (spearmanr, pearsonr))
    return PairScore(len(judged), unknown, list(missing), spearman, pearson)
