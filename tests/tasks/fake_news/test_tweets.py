import csv
import hashlib
import io
import re

import emoji
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from keras_suite.tasks.fake_news import tweets
from keras_suite.tasks.fake_news.tweets import (
    COUNTS,
    SHA256,
    TEST,
    TRAIN,
    VALIDATION,
    clean_tweet,
    load_tweets,
    needs,
)
from tests.data.refusals import refused
from tests.data.web import serve

ROWS = [
    ["1", "12 new cases, none of them severe. https://t.co/a", "real"],
    ["2", 'They say: "garlic cures it"\n\nShare!', "fake"],
    ["3", "Wash your hands &amp; keep calm \U0001f637", "real"],
]
CLEANED = [
    ("See https://t.co/Ab1 now", "See twitterurl now"),
    ("here:https://t.co/Ab1.", "here: twitterurl ."),
    ("(HTTP://www.a.de/b?c=d&amp;e=f#g)", "( twitterurl )"),
    ("www.who.int pic.twitter.com/Ab1", "twitterurl twitterurl"),
    ("https://t.co/Ab1\U0001f449now “https://t.co/a”", "twitterurl backhand index pointing "
     "right now “ twitterurl ”"),
    ("cut off https://t.c…", "cut off twitterurl …"),
    ("http is no address, nor is awww.cute", "http is no address, nor is awww.cute"),
    ("RT @WHO: wash", "RT twitteruser : wash"),
    ("@a_1 and .@B's", "twitteruser and . twitteruser 's"),
    ("mail me@home.org @ 5, @@", "mail me@home.org @ 5, @@"),
    ("R&amp;D &gt; 5 &lt; 6 AT&T &copy 2", "R&D > 5 < 6 AT&T &copy 2"),
    ("&amp;lt;", "<"),
    ("stay \U0001f3e0\U0001f637!", "stay house face with medical mask !"),
    ("\U0001f469\u200d\U0001f52c \U0001f1ee\U0001f1f3 2\ufe0f\u20e3", "woman scientist India "
     "keycap 2"),
    ("\U0001f44d\U0001f3fd", "thumbs up medium skin tone"),
    ("a\u200bb\u2063 c\xadd\u2066e\u2069 f\ufe0f\ufe0e\x00\x1b", "ab cde f"),
    ("\ufeffone\n\ntwo\t\r\u2028three\xa0 \u2800four ", "one two three four"),
    ("#COVID19 İ “quoted” – naïve 5%", "#COVID19 İ “quoted” – naïve 5%"),
    ("\u200b \x07", ""),
]  # fmt: skip


def table(rows, header=("id", "tweet", "label")) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([header, *rows])
    return text.getvalue()


def load(folder, train: str, validation: str = table(ROWS)):
    """Write both files and load them."""
    for name, content in ((TRAIN, train), (VALIDATION, validation)):
        (folder / name).write_bytes(content.encode())
    return load_tweets("real", folder)


def test_both_files_are_read_from_the_given_folder_whatever_the_order_of_their_columns(tmp_path):
    turned = [["7", *row[1:]][::-1] for row in ROWS[1:]]  # nobody needs the ids
    sets = load(tmp_path, table(ROWS), table(turned, ("label", "tweet", "id")).rstrip())
    assert sets.train.texts == [tweet for _, tweet, _ in ROWS]
    assert sets.train.labels.tolist() == [0, 1, 0]
    assert sets.train.labels.dtype == np.int64
    assert sets.validation.texts == sets.train.texts[1:]
    assert sets.validation.labels.tolist() == [1, 0]
    assert sets.class_names == ["real", "fake"]
    assert (sets.notice, sets.provenance.kind, sets.provenance.rows) == ("", "real", 5)
    assert sets.provenance.source == (
        "Constraint_Train.csv (2 real and 1 fake) and Constraint_Val.csv (1 real and 1 fake)"
    )


def test_the_labelled_test_file_is_read_in_the_place_of_the_validation_file(tmp_path):
    load(tmp_path, table(ROWS))
    (tmp_path / TEST).write_text(table(ROWS[1:]), encoding="utf-8")
    sets = load_tweets("real", tmp_path, judged="test")
    assert sets.validation.labels.tolist() == [1, 0]
    assert sets.provenance.source.endswith(f" and {TEST} (1 real and 1 fake)")
    with serve(b"", status=404) as (url, _), refused(f"/{TRAIN} broke off"):
        load_tweets(url=url, judged="test")
    assert [need.what for need in needs("test")] == [TRAIN, TEST]


def test_every_tweet_and_label_counts_towards_the_fingerprint(tmp_path):
    whole, changed = table(ROWS), table([*ROWS[:2], ["3", "Wash your hands", "real"]])
    relabelled = table([*ROWS[:2], [*ROWS[2][:2], "fake"]])
    contents = (whole, whole), (changed, whole), (relabelled, whole), (whole, changed)
    assert len({load(tmp_path, *both).provenance.sha256 for both in contents}) == 4


BAD_TABLES = [
    (table(ROWS[:2])[:-20], r"row 2 \(line 3\): no row of a csv file .* cut off"),
    (table(ROWS) + "4,and so", r"row 4 \(line 7\): 2 cells, but the header has 3"),
    (table([*ROWS[:2], ["3", "Wash", "Real"]]), r"row 3 \(line 6\): the label is 'Real', but only"),
    (table([*ROWS, ["4", "Hello", ""]]), r"row 4 \(line 7\): the label is ''"),
    (table(ROWS)[:-4], r"row 3 \(line 6\): the label is 're'"),
    (table([["1", "", "real"], *ROWS]), r"row 1 \(line 2\): the tweet is empty; leave this row"),
    (table([*ROWS, ["4", " \n\u200b&#8203;", "real"]]), r"row 4 \(line 7\): the tweet is empty"),
    (table([row[:2] for row in ROWS], ("id", "tweet")), r"header lacks 'label'; .*: id, tweet, l"),
    (table([]), "holds 0 real and 0 fake tweets: give a file with some of both"),
    (table(ROWS[::2]), "holds 2 real and 0 fake tweets"),
    (table(ROWS) + '4,"' + "never " * 50_000, r"row 4 \(line 7\): no row of a csv file"),
]


@pytest.mark.parametrize(("content", "sentence"), BAD_TABLES, ids=range(len(BAD_TABLES)))
def test_a_bad_file_is_refused_by_its_name_and_the_row(tmp_path, content, sentence):
    for bad, both in ((TRAIN, (content,)), (VALIDATION, (table(ROWS), content))):
        with refused(sentence, tmp_path / bad) as caught:
            load(tmp_path, *both)
        assert len(str(caught.value)) < len(str(tmp_path)) + 250


def test_what_the_cache_lacks_is_downloaded_and_checked(own_cache, monkeypatch):
    (own_cache / "covid_fake_news").mkdir(parents=True)
    files = [own_cache / "covid_fake_news" / name for name in (TRAIN, VALIDATION)]
    for file in files:
        real, fake = COUNTS[file.name]
        counts = f"2 real and 1 fake tweets, the public file {real:,} real and {fake:,} fake"
        with serve(table(ROWS).encode()) as (url, _), refused(counts):
            load_tweets("auto", url=url)
        assert not file.exists()
        labels = ["real"] * real + ["fake"] * fake
        content = table([[i, f"tweet {i}", label] for i, label in enumerate(labels)]).encode()
        with serve(content) as (url, _), refused("has the SHA-256 "):
            load_tweets("auto", url=url)
        monkeypatch.setitem(SHA256, file.name, hashlib.sha256(content).hexdigest())
        if file == files[0]:
            file.write_bytes(content)
    with serve(content) as (url, _):
        assert load_tweets("auto", url=url).provenance.rows == 8560
    assert all(file.exists() for file in files)


def test_the_sample_has_other_tweets_to_train_on_than_to_validate():
    sets = load_tweets("sample")
    sizes = [(len(part.texts), len(part.labels)) for part in (sets.train, sets.validation)]
    assert sizes == [(480, 480), (160, 160)]
    assert not set(sets.train.texts) & set(sets.validation.texts)


@pytest.mark.parametrize(("tweet", "cleaned"), CLEANED)
def test_what_is_cleaned_and_what_stays(tweet, cleaned):
    assert clean_tweet(tweet) == cleaned


MARKS = ["&", "#", ";", "@", ":", "/", "www.", "http", "https://", "amp;", "&amp;", "&lt;", "&#64;"]
MARKS += ["&#x200b;", "&#128512;", "twitteruser", "\u200b", "\u200d", "\ufe0f", "\u2800", "\x85"]
PIECES = st.text(max_size=4) | st.sampled_from(list(emoji.EMOJI_DATA)) | st.sampled_from(MARKS)


@given(st.lists(PIECES, max_size=12).map("".join))
@example("ht\u200btps://t.co/a")
@example("&am\u200bp;lt;")
@example("\U0001f1ee\u200b\U0001f1f3")
@example("@\u2063WHO &\u200b#64;WHO")
def test_cleaning_twice_is_cleaning_once_and_no_letter_is_lost_without_trace(text):
    cleaned = clean_tweet(text)
    assert clean_tweet(cleaned) == cleaned
    assert " ".join(cleaned.split()) == cleaned
    assert emoji.emoji_count(cleaned) == 0
    if any(map(str.isalpha, text)) and not tweets.ENTITIES.search(text):
        assert cleaned


def test_entities_are_opened_to_a_depth_that_no_person_writes_and_no_further():
    assert clean_tweet(f"&{'amp;' * 9}lt;") == "<"
    assert clean_tweet(f"&{'amp;' * 20_000}lt;") == f"&{'amp;' * 19_990}lt;"


def test_the_name_of_every_emoji_is_left_as_it_is():
    for character, data in emoji.EMOJI_DATA.items():
        cleaned = clean_tweet(f"so{character}so")
        assert cleaned == f"so {data['en'].strip(':').replace('_', ' ')} so"


@pytest.mark.real
def test_the_real_tweets_are_those_of_the_report_and_can_be_cleaned(real_data):
    sets = load_tweets("real", real_data / "covid_fake_news")
    counts = [tuple(np.bincount(part.labels)) for part in (sets.train, sets.validation)]
    assert counts == [COUNTS[TRAIN], COUNTS[VALIDATION]]
    (both,) = set(sets.train.texts) & set(sets.validation.texts)  # the report left it in too
    assert both.startswith("Our combined total of confirmed and probable cases remains")
    cleaned = [clean_tweet(text) for text in sets.validation.texts]
    assert all(cleaned)
    assert [clean_tweet(text) for text in cleaned] == cleaned
    everything = "\n".join(cleaned)
    assert not re.search("https://|&amp;", everything)
    assert emoji.emoji_count(everything) == 0
    assert everything.count("twitterurl") > 1000
    assert everything.count("twitteruser") > 300
