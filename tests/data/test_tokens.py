import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from keras_suite.data import hub, tokens
from keras_suite.data.tokens import encode, load_tokenizer
from keras_suite.data.wordpiece import wordpiece_of
from tests.data.refusals import refused
from tests.data.tokenizers import byte_level_of

CONFIG = "tokenizer_config.json"
FIRST = ["how do i learn french ?", "is it hard ?", "i learn to speak polish well"]
SECOND = ["is it hard to learn french ?", "how well do i speak polish ?", "i speak"]
EMPTY = [
    ([FIRST, [SECOND[0], "", SECOND[2]]], r"Row 1 \(from 0\) has an empty second text"),
    ([[*FIRST[:2], " \t\n"], SECOND], r"Row 2 \(from 0\) has an empty first text"),
    ([[*FIRST[:2], ""]], r"Row 2 \(from 0\) has an empty text: leave it out"),
]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A tokenizer of a few words of each family, as ``save_pretrained`` leaves it."""
    made = {"bert": wordpiece_of(FIRST + SECOND, 300), "roberta": byte_level_of(FIRST + SECOND)}
    for name, tokenizer in made.items():
        tokenizer.save_pretrained(tmp_path_factory.getbasetemp() / name)
    return {name: tmp_path_factory.getbasetemp() / name for name in made}


@pytest.fixture
def bert(folders):
    return load_tokenizer(folders["bert"])


@pytest.fixture
def roberta(folders):
    return load_tokenizer(folders["roberta"])


def same(*both):
    """Whether two encoded sets are equal to the bit, types included."""
    kinds = [[(type(x), getattr(x, "dtype", 0)) for x in vars(each).values()] for each in both]
    arrays = zip(*(vars(each).values() for each in both), strict=True)
    return kinds[0] == kinds[1] and all(np.array_equal(x, y) for x, y in arrays)


def test_a_tokenizer_loads_from_nothing_but_its_vocabulary_and_configuration(
    tmp_path, folders, roberta
):
    for name in ("vocab.json", "merges.txt"):
        shutil.copy(folders["roberta"] / name, tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "roberta"}')
    tokenizer = load_tokenizer(tmp_path)
    assert tokenizer(FIRST, SECOND)["input_ids"] == roberta(FIRST, SECOND)["input_ids"]


def test_a_tokenizer_that_cannot_be_had_is_one_sentence_saying_what_to_put_where(no_network):
    with refused("nobody/none .*https://huggingface.co cannot be reached.* with vocab.json and m"):
        load_tokenizer("nobody/none")


NO_TOKENIZERS = {
    "empty": {},
    "no vocabulary": {"config.json": '{"model_type": "roberta"}'},
    "no word list": {"config.json": '{"model_type": "bert"}'},
    "damaged": {"config.json": "{"},
    "damaged state": {"tokenizer.json": "{", CONFIG: '{"tokenizer_class": "BertTokenizer"}'},
    "not fast": {CONFIG: '{"tokenizer_class": "ByT5Tokenizer"}'},
}


@pytest.mark.parametrize("folder", NO_TOKENIZERS)
def test_a_folder_that_holds_no_fast_tokenizer_is_refused_without_asking_the_network(
    tmp_path, monkeypatch, folder
):
    monkeypatch.delattr(hub, "require_answer")
    for name, text in NO_TOKENIZERS[folder].items():
        (tmp_path / name).write_text(text)
    with refused("No tokenizer from .* put them into one f") as caught:
        load_tokenizer(tmp_path)
    assert len(str(caught.value)) < 600


VOCABULARIES = [
    (["Köln", "is", "alt"], {}, ["Köln", "is", "alt"], "do_lower_case=False"),
    (["köln", "is", "alt"], {}, ["köln", "is", "alt"], "strip_accents=False"),
    (["koln", "is", "alt"], {}, ["koln", "is", "alt"], ""),
    (["koln", "is", "alt", "[unused1]", "[X]"], {}, ["koln", "is", "alt"], ""),
    (["Köln", "is", "alt"], {"do_lower_case": True}, ["[UNK]", "is", "alt"], ""),
    (["Köln", "is", "alt"], {"do_lower_case": False}, ["Köln", "is", "alt"], ""),
]


@pytest.mark.parametrize(("words", "stated", "made", "chosen"), VOCABULARIES)
def test_a_bare_vocabulary_keeps_the_letters_that_its_words_have_and_says_so(
    tmp_path, capsys, words, stated, made, chosen
):
    vocabulary = "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words])
    (tmp_path / "vocab.txt").write_text(vocabulary, encoding="utf-8")
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    if stated:
        (tmp_path / CONFIG).write_text(json.dumps(stated))
    assert load_tokenizer(tmp_path).tokenize("Köln is alt") == made
    said = capsys.readouterr().out
    assert (f"its tokenizer is loaded with {chosen}." in said) == bool(chosen)
    assert bool(said) == bool(chosen)


def test_pairs_have_the_separators_and_types_of_their_family(bert, roberta):
    columns = [FIRST[1:2], SECOND[2:]]
    encoded = encode(bert, columns, 32)
    made = bert.convert_ids_to_tokens(encoded.input_ids)
    assert made == ["[CLS]", "is", "it", "hard", "?", "[SEP]", "i", "speak", "[SEP]"]
    assert encoded.token_type_ids.tolist() == [0] * 6 + [1] * 3
    encoded = encode(roberta, columns, 32)
    assert roberta.decode(encoded.input_ids) == "<s>is it hard ?</s></s>i speak</s>"
    assert encoded.token_type_ids is None


@pytest.mark.parametrize("columns", [[FIRST], [FIRST, SECOND]], ids=["texts", "pairs"])
@pytest.mark.parametrize("max_length", [5, 9, 12, 64])
def test_every_row_is_what_the_tokenizer_makes_of_it(bert, monkeypatch, columns, max_length):
    monkeypatch.setattr(tokens, "ROWS_AT_A_TIME", 2)
    encoded = encode(bert, columns, max_length)
    rows = list(zip(*columns, strict=True))
    made = [bert(*row, truncation="longest_first", max_length=max_length) for row in rows]
    for name, dtype in (("input_ids", np.int32), ("token_type_ids", np.int8)):
        parts = np.split(getattr(encoded, name), encoded.offsets[1:-1])
        assert [part.tolist() for part in parts] == [each[name] for each in made]
        assert parts[0].dtype == dtype
    assert encoded.lengths.tolist() == [len(each["input_ids"]) for each in made]
    assert encoded.offsets.dtype == np.int64
    assert encoded.truncated == sum(len(bert(*row)["input_ids"]) > max_length for row in rows)


def test_the_cache_gives_identical_arrays_without_asking_the_tokenizer_again(
    tmp_path, monkeypatch, bert, roberta
):
    calls = [(t, columns) for t in (bert, roberta) for columns in ([FIRST], [FIRST, SECOND])]
    fresh = [encode(*call, 8, tmp_path) for call in calls]
    monkeypatch.delattr(tokens, "_encode")
    for call, encoded in zip(calls, fresh, strict=True):
        assert same(encode(*call, 8, tmp_path), encoded)


def test_whatever_decides_the_ids_makes_another_cache_file(tmp_path, bert, roberta, folders):
    grown, left, plain = (load_tokenizer(folders["bert"]) for _ in range(3))
    grown.add_tokens(["french ?"])
    left.truncation_side = "left"
    plain.split_special_tokens = True
    calls = [
        (bert, [FIRST], 8),
        (bert, [SECOND], 8),
        (bert, [SECOND, FIRST], 8),
        (bert, [FIRST, [*SECOND[:2], "i learn"]], 8),
        (bert, [FIRST, SECOND], 9),
        (bert, [["how do", "i"], ["learn", "french"]], 8),
        (bert, [["how", "do i"], ["learn", "french"]], 8),
        *((tokenizer, [FIRST, SECOND], 8) for tokenizer in (bert, roberta, grown, left, plain)),
    ]
    for call in calls:
        assert same(encode(*call, tmp_path), encode(*call))
    assert len(list(tmp_path.iterdir())) == len(calls)
    bert("how", truncation=True, max_length=3, padding="max_length")  # which decides nothing
    encode(bert, [FIRST, SECOND], 8, tmp_path)
    assert len(list(tmp_path.iterdir())) == len(calls)


def test_a_damaged_cache_file_is_rebuilt(tmp_path, bert):
    encoded = encode(bert, [FIRST, SECOND], 16, tmp_path)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    pickled = io.BytesIO()
    np.savez(pickled, **dict.fromkeys(("input_ids", "offsets", "truncated"), np.array([object()])))
    damages = [b"", b"PK", whole[: len(whole) // 2], whole[:-5], pickled.getvalue()]
    # A bit of every part: of the values, of what says what they are, of the table of contents.
    for place in range(30, len(whole), 41):
        damages.append(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    for damage in damages:
        file.write_bytes(damage)
        assert same(encode(bert, [FIRST, SECOND], 16, tmp_path), encoded)
    assert list(tmp_path.iterdir()) == [file]
    assert same(tokens._read_cached(file, 16), encoded)


def test_without_a_cache_that_can_be_written_the_ids_are_the_same(tmp_path, bert, capsys):
    (tmp_path / "file").write_text("")
    encoded = encode(bert, [FIRST, SECOND], 16)
    for folder in (tmp_path / "file", tmp_path / "file" / "tokens", Path("/proc/nowhere")):
        assert same(encode(bert, [FIRST, SECOND], 16, folder), encoded)
        assert f"{folder} keeps no token ids: " in capsys.readouterr().out


@pytest.mark.parametrize(("columns", "sentence"), EMPTY)
def test_an_empty_text_is_refused_by_its_row(bert, columns, sentence):
    with refused(sentence):
        encode(bert, columns, 16)


def test_a_length_without_room_is_refused(bert, roberta):
    both = [FIRST, SECOND]
    for tokenizer, columns, special in (bert, [FIRST], 2), (bert, both, 3), (roberta, both, 4):
        least = special + len(columns)
        with refused(f"no room for .* {special} special tokens: it must be at least {least}"):
            encode(tokenizer, columns, least - 1)
        encode(tokenizer, columns, least)


def test_no_rows_are_no_tokens_and_texts_without_partners_a_mistake(bert):
    for columns in ([[]], [[], []]):
        encoded = encode(bert, columns, 16)
        assert len(encoded) == len(encoded.input_ids) == len(encoded.token_type_ids) == 0
    with pytest.raises(ValueError, match="zip"):
        encode(bert, [FIRST, SECOND[:2]], 16)


def test_importing_the_data_loads_no_framework():
    code = """
import sys
import keras_suite.data.length_buckets, keras_suite.data.minilm, keras_suite.data.prepared
import keras_suite.tasks.lora.text_pairs, keras_suite.tasks.fake_news.tweets
print({"tensorflow", "keras", "tensorflow_datasets", "transformers", "torch"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
