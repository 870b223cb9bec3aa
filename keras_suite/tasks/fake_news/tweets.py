"""The COVID-19 fake-news tweets of the Constraint@AAAI2021 shared task.

Source: Patwa et al., "Fighting an Infodemic: COVID-19 Fake News Dataset" (2021); 6,420 tweets to
train on, 2,140 to validate and 2,140 to test, in csv files of the columns id, tweet and label. The
files carry both the claims of fact-checking sites and tweets, some of which span several lines.
"""

import hashlib
import html
import json
import re
import unicodedata
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar, Literal

import emoji
import numpy as np

from keras_suite.data.csv_rows import csv_records
from keras_suite.data.download import cache_folder
from keras_suite.data.needs import Need
from keras_suite.data.provenance import Loaded, Provenance, sha256_of_file
from keras_suite.data.reading import read_text_bytes
from keras_suite.data.source import Kind, find_in_folder, from_cache, load_data, require_public
from keras_suite.errors import InputError
from keras_suite.tasks.fake_news import sample_tweets

URL = (
    "https://raw.githubusercontent.com/diptamath/covid_fake_news/"
    "27ea596ae17f7f4b5733aeb69185227086f22fc9/data"
)
TRAIN, VALIDATION = "Constraint_Train.csv", "Constraint_Val.csv"
TEST = "english_test_with_labels.csv"
JUDGED: dict[str, str] = {"validation": VALIDATION, "test": TEST}
COUNTS = {TRAIN: (3360, 3060), VALIDATION: (1120, 1020), TEST: (1120, 1020)}  # of each class
SHA256 = {
    TRAIN: "441f3985bb76eb69d1e488cf292f80add96c4dddfa43ba7c060889607837ddce",
    VALIDATION: "c610931d0641fe1d9b9495c453f99ae7aa45bf294c7db6333ec84ecebb0b6c3c",
    TEST: "7152fc681884a22013218c5dd9a73c6fd99d4b084705723e1e49d18c97ca8281",
}
COLUMNS = ["id", "tweet", "label"]
CLASS_NAMES = ["real", "fake"]
SAMPLE_TRAIN, SAMPLE_VALIDATION = 480, 160

ENTITIES = re.compile(r"&#?\w+;")
URLS = re.compile(r"(?:https?://|\bwww\.|\bpic\.twitter\.com/)[!-~]*[\w/]", re.ASCII | re.I)
USERS = re.compile(r"(?<![\w@])@\w+")
MOST_ROUNDS = 10  # what one brings to light may be another's
BRAILLE_BLANK = "\u2800"


@dataclass(frozen=True)
class Tweets:
    """Tweets as they were written, none of them empty, and labels ``[n]`` int64."""

    texts: list[str]
    labels: np.ndarray


@dataclass(frozen=True)
class TweetSets(Loaded):
    """The tweets to train on, and those to judge by: the validation file's or the test file's.

    Label 1 is "fake" and 0 "real": the rows of the published confusion matrix are 1 (1,020 tweets)
    and 0 (1,120), and of the 2,140 validation tweets 1,020 are fake.
    """

    train: Tweets
    validation: Tweets
    class_names: ClassVar[list[str]] = CLASS_NAMES


def needs(judged: str = "validation") -> list[Need]:
    """Say where the tweets are published."""
    cache, names = cache_folder() / "covid_fake_news", (TRAIN, JUDGED[judged])
    return [Need(name, f"{URL}/{name}", "1 MB", "", cache / name) for name in names]


def load_tweets(
    kind: Kind = "auto",
    data_dir: Path | None = None,
    url: str = URL,
    judged: Literal["validation", "test"] = "validation",
) -> TweetSets:
    """Load the tweets from a given folder, else the cache, else the network, else templates.

    ``data_dir`` is a folder with Constraint_Train.csv and Constraint_Val.csv, or instead of that
    english_test_with_labels.csv where the test tweets are ``judged``, of any number of rows; the
    public files lie at ``url``. See also :func:`keras_suite.data.source.load_data`.

    Raises:
        InputError: naming file and row of what is wrong, or what to fetch and where to put it.
    """
    cache, names = cache_folder() / "covid_fake_news", (TRAIN, JUDGED[judged])

    def read(folder: Path) -> TweetSets:
        return _sets({name: _read(find_in_folder(folder, name)) for name in names})

    def fetch() -> TweetSets:
        public = {name: partial(_read_public, name) for name in names}
        return _sets({n: from_cache(f"{url}/{n}", cache / n, read) for n, read in public.items()})

    remedy = f"fetch {' and '.join(names)} from {URL} and put them into {cache}"
    return load_data(kind, data_dir, sample=_sample, read=read, fetch=fetch, remedy=remedy)


def clean_tweet(text: str) -> str:
    """Write a tweet as COVID-Twitter-BERT's authors did before pretraining.

    HTML entities become their characters, an emoji the words of its name, a URL ``twitterurl`` and
    a mention ``twitteruser``; control and invisible characters go, and whitespace is squeezed.
    Case, punctuation and hashtags stay: a tokenizer sees to them. Entities may be nested, as in
    "&amp;lt;", up to 9 times; then cleaning twice changes nothing more. Only a tweet without any
    visible character becomes "".

    Source: Müller, Salathé and Kummervold, "COVID-Twitter-BERT" (2020), who besides lower the case,
    simplify punctuation, count URLs and mentions in a row, and set an emoji's name in colons.
    """
    for _ in range(MOST_ROUNDS):
        before, text = text, _cleaned_once(text)
        if text == before:
            break
    return text


def _sample() -> TweetSets:
    texts, labels = sample_tweets.draw_tweets(SAMPLE_TRAIN + SAMPLE_VALIDATION)
    cuts = slice(SAMPLE_TRAIN), slice(SAMPLE_TRAIN, None)
    parts = [Tweets(texts[cut], labels[cut]) for cut in cuts]
    return _tweet_sets("templated tweets, generated", "sample", *parts)


def _sets(parts: dict[str, Tweets]) -> TweetSets:
    counts = [f"{name} ({_counts(part)})" for name, part in parts.items()]
    return _tweet_sets(" and ".join(counts), "real", *parts.values())


def _tweet_sets(source: str, kind: Literal["real", "sample"], *parts: Tweets) -> TweetSets:
    content = json.dumps([[part.texts, part.labels.tolist()] for part in parts])
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    rows = sum(len(part.texts) for part in parts)
    return TweetSets(*parts, provenance=Provenance(source, kind, rows, sha256))


def _read_public(name: str, path: Path, called: str) -> Tweets:
    tweets = _read(path, called)
    published = "{:,} real and {:,} fake tweets".format(*COUNTS[name])
    require_public(called, f"{_counts(tweets)} tweets", published)
    require_public(called, f"the SHA-256 {sha256_of_file(path)}", f"the SHA-256 {SHA256[name]}")
    return tweets


def _read(path: Path, called: str = "") -> Tweets:
    called = called or str(path)
    records = csv_records(read_text_bytes(path, called, "table"), called, COLUMNS)
    checked = [_checked(place, record) for place, record in records]
    labels = np.array([label for _, label in checked], np.int64)
    tweets = Tweets([text for text, _ in checked], labels)
    if len(set(labels)) < 2:
        raise InputError(f"{called} holds {_counts(tweets)} tweets: give a file with some of both.")
    return tweets


def _checked(place: str, record: dict[str, str]) -> tuple[str, int]:
    tweet, label = record["tweet"], record["label"]
    if label not in CLASS_NAMES:
        raise InputError(
            f"{place}: the label is {label[:40]!r}, but only 'real' and 'fake' are known."
        )
    if not clean_tweet(tweet):
        raise InputError(f"{place}: the tweet is empty; leave this row out.")
    return tweet, CLASS_NAMES.index(label)


def _counts(tweets: Tweets) -> str:
    return "{:,} real and {:,} fake".format(*np.bincount(tweets.labels, minlength=2))


def _cleaned_once(text: str) -> str:
    text = ENTITIES.sub(lambda entity: html.unescape(entity[0]), text)
    text = emoji.replace_emoji(  # before the joiners within them go
        text, lambda _, data: f" {data['en'].strip(':').replace('_', ' ')} "
    )
    text = URLS.sub(" twitterurl ", "".join(map(_visible, text)))
    return " ".join(USERS.sub(" twitteruser ", text).split())


def _visible(character: str) -> str:
    """Return the character, a space in place of a blank, or nothing where it cannot be seen."""
    if character.isspace() or character == BRAILLE_BLANK:
        return " "
    return "" if unicodedata.category(character).startswith("C") else character
