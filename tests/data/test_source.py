from dataclasses import dataclass
from functools import partial

import pytest

from keras_suite.data.download import NoNetworkError, UnavailableError
from keras_suite.data.prepared import load_images
from keras_suite.data.provenance import Loaded, Provenance
from keras_suite.data.source import find_file, from_cache, load_data, require_public
from keras_suite.tasks.fake_news.tweets import load_tweets
from keras_suite.tasks.fraud import creditcard
from keras_suite.tasks.lora.text_pairs import load_pairs
from keras_suite.tasks.persian_qa.pquad import load_questions
from keras_suite.tasks.skin_lesions import dermamnist
from tests.data.refusals import refused
from tests.data.web import serve


@dataclass(frozen=True)
class Toy(Loaded):
    content: str


def toy(content, kind="real"):
    return Toy(content, provenance=Provenance(f"{kind} toys", kind, 2000, "0" * 64))


def load(kind, data_dir=None, error=None):
    def fetch():
        if error:
            raise error
        return toy("fetched")

    def read(place):
        return toy(f"read {place.name}")

    how = {"sample": lambda: toy("made", "sample"), "read": read, "fetch": fetch}
    return load_data(kind, data_dir, **how, remedy="fetch toys")


def test_a_given_place_comes_before_the_cache_or_the_network(tmp_path):
    for kind in ("auto", "real"):
        assert load(kind, tmp_path / "a").content == "read a"
        assert (load(kind).content, load(kind).notice) == ("fetched", "")
    with refused("takes no --data-dir"):
        load("sample", tmp_path)


@pytest.mark.parametrize(
    ("kind", "why"), [(NoNetworkError, "No network: "), (UnavailableError, "")]
)
def test_the_sample_stands_in_loudly_only_where_it_may(kind, why):
    notice = "SAMPLE DATA: 2,000 sample toys; no figure below says anything about the real set."
    error = kind("nothing here")
    assert load("sample").notice == notice
    assert load("auto", error=error).notice == f"{notice} ({why}nothing here.)"
    with refused(f"No real data here: {error}; fetch toys, or name it with"):
        load("real", error=error)


def test_what_is_wrong_at_a_given_place_is_never_replaced_by_the_sample(tmp_path):
    for each in (creditcard.load, dermamnist.load, load_tweets, load_questions):
        with refused("nowhere is no folder: name the one that holds"):
            each("auto", tmp_path / "nowhere")
        with refused(f"{tmp_path} holds no .*: put it there"):
            each("auto", tmp_path)


GLUE = r"prepare glue/\w+ with TFDS on a machine with a network"
DATA_SETS = {
    "creditcard": (creditcard.load, r"fetch creditcard.csv from https://\S+ and put it at", ""),
    "dermamnist": (dermamnist.load, r"fetch dermamnist.npz from https://\S+ and put it at", ""),
    "tweets": (load_tweets, r"fetch Constraint_Train.csv and Constraint_Val.csv from", "c1445b40"),
    "pquad": (load_questions, r"Train.json, Validation.json, Test.json from https://", "4f8fe174"),
    "qqp": (partial(load_pairs, "qqp"), GLUE, "dfd19e1c"),
    "mnli": (partial(load_pairs, "mnli"), GLUE, "ba672085"),
    "images": (partial(load_images, "mnist"), "prepare mnist with TFDS", ""),
}


@pytest.mark.parametrize(("each", "remedy", "sha256"), DATA_SETS.values(), ids=DATA_SETS)
def test_every_data_set_has_a_sample_of_always_the_same_rows_for_machines_without_a_network(
    own_cache, no_network, monkeypatch, each, remedy, sha256
):
    monkeypatch.setenv("TFDS_DATA_DIR", str(own_cache))
    data = each("auto")
    assert data.provenance.is_sample
    assert data.provenance == each("sample").provenance
    assert data.provenance.sha256.startswith(sha256)
    assert data.notice.startswith(f"SAMPLE DATA: {data.provenance.rows:,} {data.provenance.source}")
    assert "(No network: https://" in data.notice
    with refused(remedy):
        each("real")
    assert not list(own_cache.rglob("*.*"))


def read_even(path, called):
    """Stands for a reader of a public file, which has an even number of bytes."""
    content = path.read_bytes()
    require_public(called, f"{len(content) % 2} odd bytes", "0 odd bytes")
    return content


def test_only_what_is_right_is_kept_in_the_cache_and_not_fetched_again(own_cache):
    sentence = "has 1 odd bytes, the public file 0 odd bytes: delete it and fetch it again"
    with serve(b"odd") as (url, _), refused(sentence, f"{url} "):
        from_cache(url, own_cache / "a", read_even)
    assert not list(own_cache.iterdir())
    with serve(b"even") as (url, requests):
        for _ in range(2):
            assert from_cache(url, own_cache / "a", read_even) == b"even"
    assert requests == ["HEAD", "GET"]
    (own_cache / "a").write_bytes(b"odd")
    with refused(sentence, f"{own_cache / 'a'} "):
        from_cache(url, own_cache / "a", read_even)


def test_a_file_is_named_itself_or_by_its_folder(tmp_path):
    for name in ("b", "c", "other"):
        (tmp_path / name).touch()
    assert find_file(tmp_path / "other", "a", "b") == tmp_path / "other"
    assert find_file(tmp_path, "a", "b", "c") == tmp_path / "b"
    with refused(r"holds no d or e: put it there\."):
        find_file(tmp_path, "d", "e")
