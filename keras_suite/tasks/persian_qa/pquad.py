"""Questions about Persian texts: PQuAD, 79,972 questions, a quarter of them unanswerable.

Source: Darvishi, Shahbodagh, Abbasiantaeb and Momtazi, "PQuAD: A Persian Question Answering
Dataset", 2022 (arXiv 2202.06219); the authors' repository publishes the three files.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from keras_suite.data import source
from keras_suite.data.download import cache_folder
from keras_suite.data.needs import Need
from keras_suite.data.provenance import Loaded, Provenance, git_blob_of_file
from keras_suite.errors import InputError
from keras_suite.tasks.persian_qa import sample_questions, squad_file
from keras_suite.tasks.persian_qa.squad_file import Answer, Question, QuestionFile

__all__ = ["Answer", "Question", "QuestionSet", "load_questions"]

URL = "https://raw.githubusercontent.com/AUT-NLP/PQuAD/main/Dataset"
COUNTS = {"Train": 63_994, "Validation": 7_976, "Test": 8_002}  # of questions
BLOBS = {  # by which GitHub names what the authors published
    "Train": "561d1c7a1b3693f83ab709c45a8c0e41d561e48c",
    "Validation": "e1f5675030a792de861b1d04ec290655ed03ca2c",
    "Test": "2ccefd2b76a855c3dd08ada7b77eac8a4c6d6ba9",
}
FILES = {name: (f"{name}.json", f"{name}.json.gz") for name in COUNTS}
VALIDATION_SHARE = 0.15  # of the articles, where there is no training file
SAMPLE_TEXTS = 70, 15, 15  # to train, validate and test on


@dataclass(frozen=True)
class QuestionSet(Loaded):
    """Questions to train on, to choose by, and of the figures reported; in the files' order."""

    train: list[Question]
    validation: list[Question]
    test: list[Question]

    def evenly_spaced(self, train: int, validation: int, test: int) -> "QuestionSet":
        """Return so many questions of each part; see the function of this name."""
        counts = {"train": train, "validation": validation, "test": test}
        few = {name: evenly_spaced(getattr(self, name), count) for name, count in counts.items()}
        return replace(self, **few)


def evenly_spaced(questions: list[Question], count: int) -> list[Question]:
    """Return so many of the questions, or all where ``count`` is 0 or more than there are."""
    count = min(count or len(questions), len(questions))
    return [questions[i * len(questions) // count] for i in range(count)]


def needs() -> list[Need]:
    """Say where the questions are published."""
    sizes = {"Train": "25 MB", "Validation": "3 MB", "Test": "3 MB"}
    cache = cache_folder() / "pquad"
    return [
        Need(f"PQuAD, {name}.json", f"{URL}/{name}.json", size, "", cache / f"{name}.json")
        for name, size in sizes.items()
    ]


def load_questions(
    kind: source.Kind = "auto", data_dir: Path | None = None, url: str = URL
) -> QuestionSet:
    """Load PQuAD from a given folder, else the cache, else the network, else the sample.

    Where the given folder holds no training file, the questions to train and to validate on are
    both drawn from the validation file, by whole articles; those about a text that the test file
    asks about too are left out.

    Args:
        kind: see :func:`keras_suite.data.source.load_data`.
        data_dir: folder of Train, Validation and Test, each .json or .json.gz, of any size.
        url: the folder that publishes them.

    Raises:
        InputError: saying what to fetch and where to put it, or as
            :func:`keras_suite.tasks.persian_qa.squad_file.read_file`.
    """
    cache = cache_folder() / "pquad"
    names = ", ".join(f"{name}.json" for name in COUNTS)
    return source.load_data(
        kind,
        data_dir,
        sample=_templated,
        read=_read_folder,
        fetch=lambda: _fetch(cache, url),
        remedy=f"fetch {names} from {URL} and put them into {cache}",
    )


def _templated() -> QuestionSet:
    called = sample_questions.SOURCE
    articles = sample_questions.draw_articles(sum(SAMPLE_TEXTS))
    left = iter(articles)
    cuts = [list(islice(left, texts)) for texts in SAMPLE_TEXTS]
    parts = [squad_file.parse_document({"data": cut}, called).questions for cut in cuts]
    rows = sum(map(len, parts))
    sha256 = hashlib.sha256(json.dumps(articles).encode()).hexdigest()
    return QuestionSet(*parts, provenance=Provenance(called, "sample", rows, sha256))


def _fetch(cache: Path, url: str) -> QuestionSet:
    paths = {
        name: source.first_file(cache, *names) or cache / names[0] for name, names in FILES.items()
    }
    files = {
        name: source.from_cache(f"{url}/{name}.json", path, partial(_read_public, name))
        for name, path in paths.items()
    }
    published = {path: BLOBS[name] for name, path in paths.items() if path.suffix == ".json"}
    notice = source.notice_of_others(published, git_blob_of_file)
    loaded = _question_set(paths, files)
    return replace(loaded, notice=f"{notice} {loaded.notice}".strip())


def _read_public(name: str, path: Path, called: str) -> QuestionFile:
    file = squad_file.read_file(path, called)
    source.require_public(called, f"{file.asked:,} questions", f"{COUNTS[name]:,} questions")
    return file


def _read_folder(folder: Path) -> QuestionSet:
    paths = {
        name: source.find_in_folder(folder, *names)
        for name, names in FILES.items()
        if name != "Train" or source.first_file(folder, *names)
    }
    return _question_set(paths, {name: squad_file.read_file(path) for name, path in paths.items()})


def _question_set(paths: dict[str, Path], files: dict[str, QuestionFile]) -> QuestionSet:
    notices = [file.notice for file in files.values() if file.notice]
    validation, test = files["Validation"].questions, files["Test"].questions
    if "Train" in files:
        train = files["Train"].questions
    else:
        train, validation, notice = _draw(validation, test, paths["Validation"])
        notices.append(notice)
    names = ", ".join(path.name for path in paths.values())
    rows = len(train) + len(validation) + len(test)
    sha256 = hashlib.sha256(b"".join(path.read_bytes() for path in paths.values())).hexdigest()
    provenance = Provenance(f"PQuAD ({names})", "real", rows, sha256)
    return QuestionSet(train, validation, test, provenance=provenance, notice=" ".join(notices))


def _draw(
    questions: list[Question], test: list[Question], path: Path
) -> tuple[list[Question], list[Question], str]:
    """Draw 85 % of the articles to train on and 15 % to validate on, always the same ones."""
    tested = {question.context for question in test}
    apart = [question for question in questions if question.context not in tested]
    articles: dict[str, str] = {}  # titles by context, so that one under two titles stays whole
    for question in apart:
        articles.setdefault(question.context, question.title)
    titles = list(dict.fromkeys(articles.values()))
    if len(titles) < 2:
        raise InputError(
            f"{path} holds fewer than two articles, too few to draw questions to train on and "
            "others to validate on: put Train.json beside it."
        )
    order = np.random.default_rng(0).permutation(len(titles))
    held_out = {titles[i] for i in order[: max(1, round(VALIDATION_SHARE * len(titles)))]}
    train = [each for each in apart if articles[each.context] not in held_out]
    validation = [each for each in apart if articles[each.context] in held_out]
    notice = (
        f"No Train.json beside {path}: {len(train):,} of its questions are drawn to train on and "
        f"{len(validation):,} to validate on, by whole articles; left out because the test file "
        f"asks about the same texts: {len(questions) - len(apart):,}."
    )
    return train, validation, notice
