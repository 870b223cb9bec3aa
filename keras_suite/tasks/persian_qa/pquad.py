"""Questions about Persian texts: PQuAD, 79,972 questions, a quarter of them unanswerable.

Source: Darvishi, Shahbodagh, Abbasiantaeb and Momtazi, "PQuAD: A Persian Question Answering
Dataset", 2022 (arXiv 2202.06219); the authors' repository publishes the three files.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from keras_suite.data.download import NoNetworkError, cache_folder, download
from keras_suite.data.provenance import Provenance, asks_for_sample
from keras_suite.errors import InputError
from keras_suite.tasks.persian_qa import sample_questions
from keras_suite.tasks.persian_qa.squad_file import Answer, Question, parse_document, read_file

__all__ = ["Answer", "Question", "QuestionSet", "load_questions"]

URL = "https://raw.githubusercontent.com/AUT-NLP/PQuAD/main/Dataset"
COUNTS = {"Train": 63_994, "Validation": 7_976, "Test": 8_002}  # of questions
SUFFIXES = (".json", ".json.gz")
VALIDATION_SHARE = 0.15  # of the articles, where there is no training file
SAMPLE_TRAIN, SAMPLE_VALIDATION, SAMPLE_TEST = 70, 15, 15  # texts


@dataclass(frozen=True)
class QuestionSet:
    """Questions to train, validate and test on.

    Args:
        train: in the file's order, as the others.
        validation: for choices: epochs, thresholds, hyperparameters.
        test: for the figures that are reported.
        provenance: where they came from.
        notice: what the person must see, or "".
    """

    train: list[Question]
    validation: list[Question]
    test: list[Question]
    provenance: Provenance
    notice: str = ""


def load_questions(
    kind: Literal["auto", "real", "sample"] = "auto",
    data_dir: Path | None = None,
    url: str = URL,
) -> QuestionSet:
    """Load PQuAD from a given folder, else the cache, else the network, else the sample.

    Where the given folder holds no training file, the questions to train and to validate on are
    both drawn from the validation file, by whole articles; those about a text that the test file
    asks about too are left out.

    Args:
        kind: "real" never falls back; "auto" falls back to templated questions where there is no
            network; "sample" is those questions.
        data_dir: folder of Train, Validation and Test, each .json or .json.gz. Any number of
            questions will do.
        url: the folder that publishes them.

    Raises:
        InputError: saying what to fetch and where to put it, or as
            :func:`keras_suite.tasks.persian_qa.squad_file.read_file`.
    """
    if asks_for_sample(kind, data_dir):
        return _templated()
    if data_dir is not None:
        return _read_folder(Path(data_dir))
    folder = cache_folder() / "pquad"
    try:
        _fetch(folder, url)
    except NoNetworkError as error:
        if kind == "real":
            names = ", ".join(f"{name}.json" for name in COUNTS)
            raise InputError(
                f"No real questions here: {error}; fetch {names} from {URL} and put them into "
                f"{folder}, or name their folder with --data-dir."
            ) from error
        return _templated(f" (No network: {error}.)")
    for name in COUNTS:
        _require_whole(name, _find(folder, name))
    return _read_folder(folder)


def _templated(why: str = "") -> QuestionSet:
    source = sample_questions.SOURCE
    articles = sample_questions.draw_articles(SAMPLE_TRAIN + SAMPLE_VALIDATION + SAMPLE_TEST)
    held_out = articles[SAMPLE_TRAIN:]
    cuts = articles[:SAMPLE_TRAIN], held_out[:SAMPLE_VALIDATION], held_out[SAMPLE_VALIDATION:]
    parts = [parse_document({"data": cut}, source).questions for cut in cuts]
    rows = sum(len(part) for part in parts)
    sha256 = hashlib.sha256(json.dumps(articles).encode()).hexdigest()
    notice = f"SAMPLE DATA: {rows:,} {source}; no figure below says anything about the real set."
    return QuestionSet(*parts, Provenance(source, "sample", rows, sha256), notice + why)


def _fetch(folder: Path, url: str) -> None:
    """Download what the cache lacks."""
    for name in COUNTS:
        if _find(folder, name) is None:
            address = f"{url}/{name}.json"
            check = partial(_require_whole, name, called=address)
            download(address, folder / f"{name}.json", check)


def _require_whole(name: str, path: Path, called: str = "") -> None:
    asked = read_file(path, called).asked
    if asked != COUNTS[name]:
        raise InputError(
            f"{called or path} has {asked:,} questions, the public file {COUNTS[name]:,}: "
            "delete it and fetch it again."
        )


def _read_folder(folder: Path) -> QuestionSet:
    if not folder.is_dir():
        raise InputError(f"--data-dir {folder} is no folder: name the one that holds Test.json.")
    paths = {name: path for name in COUNTS if (path := _find(folder, name))}
    for name in ("Validation", "Test"):
        if name not in paths:
            raise InputError(f"{folder} holds no {name}.json (or .json.gz): put it there.")
    files = {name: read_file(path) for name, path in paths.items()}
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
    return QuestionSet(train, validation, test, provenance, " ".join(notices))


def _find(folder: Path, name: str) -> Path | None:
    paths = [folder / f"{name}{suffix}" for suffix in SUFFIXES]
    return next((path for path in paths if path.is_file()), None)


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
