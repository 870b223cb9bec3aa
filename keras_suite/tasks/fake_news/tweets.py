"""The COVID-19 fake-news tweets of the Constraint@AAAI2021 shared task.

Source: Patwa et al., "Fighting an Infodemic: COVID-19 Fake News Dataset" (2021); 6,420 tweets to
train on and 2,140 to validate, in csv files of the columns id, tweet and label. The files carry
both the claims of fact-checking sites and tweets, some of which span several lines.
"""

import hashlib
import html
import io
import json
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import emoji
import numpy as np

from keras_suite.data.csv_rows import csv_rows
from keras_suite.data.download import NoNetworkError, cache_folder, download
from keras_suite.data.provenance import Provenance, asks_for_sample
from keras_suite.errors import InputError
from keras_suite.tasks.fake_news import sample_tweets

URL = (
    "https://raw.githubusercontent.com/diptamath/covid_fake_news/"
    "27ea596ae17f7f4b5733aeb69185227086f22fc9/data"
)
TRAIN, VALIDATION = "Constraint_Train.csv", "Constraint_Val.csv"
COUNTS = {TRAIN: (3360, 3060), VALIDATION: (1120, 1020)}
"""Tweets of each class in the public files."""
COLUMNS = ["id", "tweet", "label"]
CLASSES = ["real", "fake"]
SAMPLE_TRAIN, SAMPLE_VALIDATION = 480, 160

URL_WORD, USER_WORD = "twitterurl", "twitteruser"
ENTITIES = re.compile(r"&#?\w+;")
URLS = re.compile(r"(?:https?://|\bwww\.|\bpic\.twitter\.com/)[!-~]*[\w/]", re.ASCII | re.I)
USERS = re.compile(r"(?<![\w@])@\w+")
BRAILLE_BLANK = "\u2800"


@dataclass(frozen=True)
class Tweets:
    """Labelled tweets.

    Args:
        texts: n tweets as they were written, none of them empty.
        labels: ``[n]`` int64; see :class:`TweetSets`.
    """

    texts: list[str]
    labels: np.ndarray


@dataclass(frozen=True)
class TweetSets:
    """The tweets to train on and to validate.

    Label 1 is "fake" and 0 "real": the rows of the published confusion matrix are 1 (1,020 tweets)
    and 0 (1,120), and of the 2,140 validation tweets 1,020 are fake.

    Args:
        train: tweets to train on.
        validation: tweets to validate.
        provenance: where they came from.
        notice: a sentence the person must see, or "".
    """

    train: Tweets
    validation: Tweets
    provenance: Provenance
    notice: str = ""
    classes: ClassVar[list[str]] = CLASSES


def load_tweets(
    kind: Literal["auto", "real", "sample"] = "auto",
    data_dir: Path | None = None,
    url: str = URL,
) -> TweetSets:
    """Load the tweets from a given folder, else the cache, else the network, else templates.

    Args:
        kind: "real" never falls back; "auto" falls back to templated tweets where there is no
            network; "sample" is those tweets.
        data_dir: folder with Constraint_Train.csv and Constraint_Val.csv, of any number of rows.
        url: where the public files lie.

    Raises:
        InputError: naming file and row of what is wrong, or what to fetch and where to put it.
    """
    if asks_for_sample(kind, data_dir):
        return _sample()
    if data_dir is not None:
        return _read_folder(Path(data_dir))
    folder = cache_folder() / "covid_fake_news"
    try:
        for name in COUNTS:
            _fetch(f"{url}/{name}", folder / name)
    except NoNetworkError as error:
        if kind == "real":
            raise InputError(
                f"No real tweets here: {error}; fetch {TRAIN} and {VALIDATION} from {URL} and put "
                f"them into {folder}, or name their folder with --data-dir."
            ) from error
        return _sample(f" (No network: {error}.)")
    sets = _read_folder(folder)
    _require_whole(sets.train, TRAIN, folder / TRAIN)
    _require_whole(sets.validation, VALIDATION, folder / VALIDATION)
    return sets


def clean_tweet(text: str) -> str:
    """Write a tweet as COVID-Twitter-BERT's authors did before pretraining.

    HTML entities become their characters, an emoji the words of its name, a URL ``twitterurl`` and
    a mention ``twitteruser``; control and invisible characters go, and whitespace is squeezed.
    Case, punctuation and hashtags stay: a tokenizer sees to them. Cleaning twice changes nothing
    more, and only a tweet without any visible character becomes "".

    Source: Müller, Salathé and Kummervold, "COVID-Twitter-BERT" (2020), who besides lower the case,
    simplify punctuation, count URLs and mentions in a row, and set an emoji's name in colons.
    """
    before = None
    while text != before:  # what one step brings to light may be another's: "&amp;lt;"
        before, text = text, _cleaned_once(text)
    return text


def _sample(why: str = "") -> TweetSets:
    rows = SAMPLE_TRAIN + SAMPLE_VALIDATION
    texts, labels = sample_tweets.draw_tweets(rows)
    train = Tweets(texts[:SAMPLE_TRAIN], labels[:SAMPLE_TRAIN])
    validation = Tweets(texts[SAMPLE_TRAIN:], labels[SAMPLE_TRAIN:])
    source = "templated tweets, generated"
    provenance = Provenance(source, "sample", rows, _sha256(train, validation))
    notice = (
        f"SAMPLE DATA: {rows:,} {source}; no figure below says anything about the real set.{why}"
    )
    return TweetSets(train, validation, provenance, notice)


def _fetch(url: str, path: Path) -> None:
    def check(partial: Path) -> None:
        _require_whole(_read(partial, url), path.name, url)

    if not path.exists():
        download(url, path, check)


def _read_folder(folder: Path) -> TweetSets:
    if not folder.is_dir():
        raise InputError(
            f"--data-dir {folder} is not a folder: name the one with {TRAIN} and {VALIDATION}."
        )
    for name in COUNTS:
        if not (folder / name).is_file():
            raise InputError(f"{folder} holds no {name}: fetch it from {URL} and put it there.")
    train, validation = (_read(folder / name, str(folder / name)) for name in COUNTS)
    source = " and ".join(
        f"{name} ({_named(_counts(tweets.labels))})"
        for name, tweets in ((TRAIN, train), (VALIDATION, validation))
    )
    rows = len(train.texts) + len(validation.texts)
    provenance = Provenance(source, "real", rows, _sha256(train, validation))
    return TweetSets(train, validation, provenance)


def _read(path: Path, called: str) -> Tweets:
    try:
        return _parse(path.read_bytes().decode("utf-8-sig"), called)
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{called}, line {line}: byte {error.start} of the file is not UTF-8; fetch it again, "
            "or save it as UTF-8."
        ) from error
    except OSError as error:
        raise InputError(f"{called} cannot be read: {error.strerror or error}.") from error


def _parse(content: str, called: str) -> Tweets:
    if not content.strip():
        raise InputError(f"{called} is empty: fetch it again.")
    if content.lstrip().startswith("<"):
        raise InputError(f"{called} is a web page, not a table (an error page?): fetch it again.")
    rows = csv_rows(io.StringIO(content, newline=""), called)
    where, header = next(rows)
    for name in COLUMNS:
        if header.count(name) != 1:
            raise InputError(
                f"{where}: the header has the column {name!r} {header.count(name)} times, but must "
                "have id, tweet and label once each."
            )
    checked = [_checked(where, header, cells) for where, cells in rows]
    labels = np.array([label for _, label in checked], np.int64)
    if 0 in _counts(labels):
        raise InputError(
            f"{called} holds {_named(_counts(labels))} tweets: give a file with some of both."
        )
    return Tweets([text for text, _ in checked], labels)


def _checked(where: str, header: list[str], cells: list[str]) -> tuple[str, int]:
    """Return a row's tweet and label."""
    if len(cells) < len(header):
        raise InputError(
            f"{where}: {len(cells)} cells instead of {len(header)}; the file looks cut off, fetch "
            "it again."
        )
    if len(cells) > len(header):
        raise InputError(
            f"{where}: {len(cells)} cells instead of {len(header)}; a tweet with commas must stand "
            "in quotes."
        )
    row = dict(zip(header, cells, strict=True))
    if row["label"] not in CLASSES:
        raise InputError(
            f"{where}: the label is {row['label'][:40]!r}, but only 'real' and 'fake' are known."
        )
    if not clean_tweet(row["tweet"]):
        raise InputError(f"{where}: the tweet is empty; leave this row out.")
    return row["tweet"], CLASSES.index(row["label"])


def _require_whole(tweets: Tweets, name: str, where: Path | str) -> None:
    found, published = (_named(each) for each in (_counts(tweets.labels), COUNTS[name]))
    if found != published:
        raise InputError(
            f"{where} holds {found} tweets, the public file {published} ones: delete it and fetch "
            "it again."
        )


def _counts(labels: np.ndarray) -> tuple[int, int]:
    return tuple(np.bincount(labels, minlength=len(CLASSES)).tolist())


def _named(counts: tuple[int, int]) -> str:
    return f"{counts[0]:,} real and {counts[1]:,} fake"


def _sha256(*parts: Tweets) -> str:
    content = [[part.texts, part.labels.tolist()] for part in parts]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _cleaned_once(text: str) -> str:
    text = ENTITIES.sub(lambda entity: html.unescape(entity[0]), text)
    text = emoji.replace_emoji(text, _name_of_emoji)  # before the joiners within them go
    text = "".join(map(_visible, text))
    text = URLS.sub(f" {URL_WORD} ", text)
    text = USERS.sub(f" {USER_WORD} ", text)
    return " ".join(text.split())


def _name_of_emoji(_: str, data: dict[str, str]) -> str:
    return f" {data['en'].strip(':').replace('_', ' ')} "


def _visible(character: str) -> str:
    """Return the character, a space in place of a blank, or nothing where it cannot be seen."""
    if character.isspace() or character == BRAILLE_BLANK:
        return " "
    return "" if unicodedata.category(character).startswith("C") else character
