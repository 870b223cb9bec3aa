import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_suite.data.provenance import Provenance
from keras_suite.tasks.persian_qa import pquad
from keras_suite.tasks.persian_qa.pquad import load_questions
from tests.data.refusals import refused
from tests.data.web import serve
from tests.tasks.persian_qa.squad_form import article, articles, qa, write

TEXTS = st.integers(0, 9)
UNREACHABLE = "http://127.0.0.1:9/pquad"  # nothing listens on the discard port


def contexts(questions):
    return {question.context for question in questions}


def sizes(loaded):
    return [len(loaded.train), len(loaded.validation), len(loaded.test)]


def ids(questions):
    return [question.id for question in questions]


def test_the_three_files_of_a_folder_are_the_three_parts_and_what_they_lack_is_said(tmp_path):
    names = ["Train.json", "Validation.json.gz", "Test.json"]
    for name in names:
        data = articles(60, name[:2])
        data[1]["paragraphs"][0]["qas"][0]["answers"][0]["answer_start"] = 0
        write(tmp_path / name, data)
    loaded = load_questions("real", tmp_path)
    assert ids(loaded.train)[:2] == ["Tr0-a", "Tr0-b"]
    assert sizes(loaded) == [120] * 3
    source = "PQuAD (Train.json, Validation.json.gz, Test.json)"
    content = b"".join((tmp_path / name).read_bytes() for name in names)
    sha256 = hashlib.sha256(content).hexdigest()
    assert loaded.provenance == Provenance(source, "real", 360, sha256)
    for name in names:
        assert f"{tmp_path / name}: answers left out" in loaded.notice


def test_without_a_training_file_whole_articles_of_the_validation_file_are_drawn(tmp_path):
    write(tmp_path / "Validation.json", articles(40))
    with refused(r"holds no Test\.json"):
        load_questions("auto", tmp_path)
    write(tmp_path / "Test.json", articles(3, "test"))
    loaded = load_questions("real", tmp_path)
    assert sizes(loaded) == [68, 12, 6]
    assert sorted(ids(loaded.train), key=lambda name: int(name[:-2])) == ids(loaded.train)
    assert "68 of its questions are drawn to train on and 12 to validate on" in loaded.notice
    assert loaded == load_questions("auto", tmp_path)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 4), TEXTS), min_size=1), st.sets(TEXTS, max_size=3))
def test_no_text_is_in_two_parts_of_a_draw_and_no_question_lost(tmp_path_factory, rows, tested):
    def about(number, title, text):
        context = f"متن {text}"
        return article(f"title {title}", context, qa(str(number), "چرا؟", context))

    folder = tmp_path_factory.mktemp("drawn")
    write(folder / "Validation.json", [about(i, *row) for i, row in enumerate(rows)])
    in_test = [about(i, "t", i) for i in tested] or articles(1, "other")
    write(folder / "Test.json", in_test)
    titles = dict(reversed([(text, title) for title, text in rows]))  # the first one of each text
    if len({titles[text] for text in titles.keys() - tested}) < 2:
        with refused("Validation.json holds fewer than two .* Train.json"):
            load_questions("real", folder)
        return
    loaded = load_questions("real", folder)
    parts = [contexts(part) for part in (loaded.train, loaded.validation, loaded.test)]
    assert all(parts)
    assert sum(map(len, parts)) == len(set.union(*parts))
    expected = [str(i) for i, (_, text) in enumerate(rows) if text not in tested]
    assert sorted(ids(loaded.train) + ids(loaded.validation), key=int) == expected
    assert loaded.notice.endswith(f"the same texts: {len(rows) - len(expected)}.")


def test_what_the_cache_lacks_is_downloaded_and_its_counts_are_checked(own_cache, monkeypatch):
    monkeypatch.setattr(pquad, "COUNTS", dict.fromkeys(pquad.COUNTS, 4))
    folder = own_cache / "pquad"
    for name in ("Train.json.gz", "Test.json"):  # put there by hand
        write(folder / name, articles(2, name))
    sample = load_questions("auto", url=UNREACHABLE)
    assert sample.provenance.is_sample
    assert sizes(sample) == [420, 90, 90]
    assert len(contexts(sample.train + sample.validation + sample.test)) == 100
    with serve(json.dumps({"data": articles(2)}).encode()) as (url, requests):
        first = load_questions("auto", url=url)
        assert load_questions("real", url=url) == first
    assert requests == ["HEAD", "GET"]
    assert first.provenance.source == "PQuAD (Train.json.gz, Validation.json, Test.json)"
    assert first.provenance.rows == 12
    assert "another hash than what was published: Validation.json, Test.json;" in first.notice
    write(folder / "Validation.json", articles(1))
    with refused(r"Validation\.json has 2 questions, the public file 4"):
        load_questions("auto", url=UNREACHABLE)


@pytest.mark.real
def test_the_real_questions_are_drawn_apart(real_data):
    loaded = load_questions("real", real_data / "pquad")
    parts = (loaded.train, loaded.validation, loaded.test)
    assert len(loaded.test) == pquad.COUNTS["Test"]
    assert len(loaded.train) + len(loaded.validation) == pquad.COUNTS["Validation"] - 25
    assert loaded.notice.startswith("No Train.json")  # and of no answer that is not at its place
    assert loaded.notice.endswith("the same texts: 25.")
    for part in parts:
        unanswerable = sum(not question.is_answerable for question in part)
        assert unanswerable / len(part) == pytest.approx(0.245, abs=0.02)
    assert len(set.union(*map(contexts, parts))) == sum(len(contexts(part)) for part in parts)
