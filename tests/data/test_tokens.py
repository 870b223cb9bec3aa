import shutil
import subprocess
import sys
import time

import numpy as np
import pytest

from keras_suite.data import tokens
from keras_suite.data.download import NoNetworkError
from keras_suite.data.tokens import encode_pairs, encode_texts, load_tokenizer
from keras_suite.errors import InputError

FIRST = ["how do i learn french ?", "is it hard ?", "i learn to speak polish well"]
SECOND = ["is it hard to learn french ?", "how well do i speak polish ?", "i speak"]


@pytest.fixture(scope="module")
def bert_folder(tmp_path_factory):
    """Folder with a WordPiece tokenizer of a few words, as ``save_pretrained`` leaves it."""
    from transformers import BertTokenizerFast

    folder = tmp_path_factory.mktemp("bert")
    vocabulary = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *dict.fromkeys(" ".join(FIRST + SECOND).split()),
    ]
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def roberta_folder(tmp_path_factory):
    """Folder with a byte-level BPE tokenizer, as ``save_pretrained`` leaves it."""
    from tokenizers import ByteLevelBPETokenizer
    from transformers import RobertaTokenizerFast

    folder = tmp_path_factory.mktemp("roberta")
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator(FIRST + SECOND, 300, special_tokens=special, show_progress=False)
    paths = bpe.save_model(str(folder))
    RobertaTokenizerFast(*paths).save_pretrained(folder)
    return folder


@pytest.fixture
def bert(bert_folder):
    return load_tokenizer(bert_folder)


@pytest.fixture
def roberta(roberta_folder):
    return load_tokenizer(roberta_folder)


@pytest.fixture
def no_network(monkeypatch):
    def unreachable(url):
        raise NoNetworkError(f"{url} cannot be reached")

    monkeypatch.setattr(tokens, "require_answer", unreachable)


def same(a, b):
    """Whether two encoded sets are equal to the bit, types included."""
    arrays = zip(vars(a).values(), vars(b).values(), strict=True)
    return all(
        type(x) is type(y)
        and np.array_equal(x, y)
        and getattr(x, "dtype", 0) == getattr(y, "dtype", 0)
        for x, y in arrays
    )


def test_a_tokenizer_loads_from_nothing_but_its_vocabulary_and_configuration(
    tmp_path, roberta_folder, roberta
):
    for name in ("vocab.json", "merges.txt"):
        shutil.copy(roberta_folder / name, tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "roberta"}')
    tokenizer = load_tokenizer(tmp_path)
    assert tokenizer(FIRST, SECOND)["input_ids"] == roberta(FIRST, SECOND)["input_ids"]


def test_a_tokenizer_that_cannot_be_had_is_one_sentence_saying_what_to_put_where(no_network):
    started = time.monotonic()
    with pytest.raises(InputError) as caught:
        load_tokenizer("nobody/no-such-tokenizer")
    assert time.monotonic() - started < 10
    message = str(caught.value)
    assert "nobody/no-such-tokenizer" in message
    assert "https://huggingface.co cannot be reached" in message
    for name in (
        "tokenizer_config.json",
        "tokenizer.json",
        "vocab.txt",
        "vocab.json",
        "merges.txt",
    ):
        assert name in message
    assert "\n" not in message
    assert "Traceback" not in message


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"config.json": '{"model_type": "roberta"}'},
        {"config.json": '{"model_type": "bert"}'},
        {"config.json": "{"},
        {"tokenizer.json": "{", "tokenizer_config.json": '{"tokenizer_class": "BertTokenizer"}'},
        {"tokenizer_config.json": '{"tokenizer_class": "ByT5Tokenizer"}'},
    ],
    ids=["empty", "no vocabulary", "no word list", "damaged", "damaged state", "not fast"],
)
def test_a_folder_that_holds_no_fast_tokenizer_is_refused_without_asking_the_network(
    tmp_path, monkeypatch, content
):
    monkeypatch.delattr(tokens, "require_answer")
    for name, text in content.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(
        InputError, match=r"No tokenizer from .* put them into one folder"
    ) as caught:
        load_tokenizer(tmp_path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


def test_a_bert_pair_is_cls_a_sep_b_sep_with_the_types_of_its_texts(bert):
    encoded = encode_pairs(bert, FIRST[1:2], SECOND[2:], 32)
    tokens = bert.convert_ids_to_tokens(encoded.input_ids)
    assert tokens == ["[CLS]", "is", "it", "hard", "?", "[SEP]", "i", "speak", "[SEP]"]
    assert encoded.token_type_ids.tolist() == [0] * 6 + [1] * 3
    assert encoded.token_type_ids.dtype == np.int8
    assert encoded.truncated == 0


def test_a_roberta_pair_has_two_separators_and_no_types(roberta):
    encoded = encode_pairs(roberta, FIRST[1:2], SECOND[2:], 32)
    assert roberta.decode(encoded.input_ids) == "<s>is it hard ?</s></s>i speak</s>"
    assert encoded.token_type_ids is None


@pytest.mark.parametrize("max_length", [5, 9, 12, 64])
def test_every_pair_is_what_the_tokenizer_makes_of_it(bert, monkeypatch, max_length):
    monkeypatch.setattr(tokens, "ROWS_AT_A_TIME", 2)
    encoded = encode_pairs(bert, FIRST, SECOND, max_length)
    made = [
        bert(a, b, truncation="longest_first", max_length=max_length)
        for a, b in zip(FIRST, SECOND, strict=True)
    ]
    rows = np.split(encoded.input_ids, encoded.offsets[1:-1])
    types = np.split(encoded.token_type_ids, encoded.offsets[1:-1])
    assert [row.tolist() for row in rows] == [pair["input_ids"] for pair in made]
    assert [row.tolist() for row in types] == [pair["token_type_ids"] for pair in made]
    assert encoded.lengths.tolist() == [len(row) for row in rows]
    assert len(encoded) == 3
    assert (encoded.input_ids.dtype, encoded.offsets.dtype) == (np.int32, np.int64)
    whole = [len(bert(a, b)["input_ids"]) for a, b in zip(FIRST, SECOND, strict=True)]
    assert encoded.truncated == sum(length > max_length for length in whole)


def test_a_bert_text_is_cls_a_sep_and_all_of_the_first_type(bert):
    encoded = encode_texts(bert, FIRST[1:2], 32)
    tokens = bert.convert_ids_to_tokens(encoded.input_ids)
    assert tokens == ["[CLS]", "is", "it", "hard", "?", "[SEP]"]
    assert encoded.token_type_ids.tolist() == [0] * 6
    assert encoded.token_type_ids.dtype == np.int8


@pytest.mark.parametrize("max_length", [3, 5, 8, 64])
def test_every_text_is_what_the_tokenizer_makes_of_it(bert, roberta, monkeypatch, max_length):
    monkeypatch.setattr(tokens, "ROWS_AT_A_TIME", 2)
    for tokenizer in (bert, roberta):
        encoded = encode_texts(tokenizer, FIRST, max_length)
        rows = np.split(encoded.input_ids, encoded.offsets[1:-1])
        made = [tokenizer(text, truncation=True, max_length=max_length) for text in FIRST]
        assert [row.tolist() for row in rows] == [text["input_ids"] for text in made]
        whole = [len(tokenizer(text)["input_ids"]) for text in FIRST]
        assert encoded.truncated == sum(length > max_length for length in whole)
        assert (encoded.input_ids.dtype, encoded.offsets.dtype) == (np.int32, np.int64)


def test_texts_are_cached_as_pairs_are_and_apart_from_them(tmp_path, monkeypatch, bert):
    fresh = [
        encode_texts(bert, FIRST, 8, tmp_path),
        encode_texts(bert, SECOND, 8, tmp_path),
        encode_pairs(bert, FIRST, SECOND, 8, tmp_path),
    ]
    assert len(list(tmp_path.iterdir())) == 3
    monkeypatch.delattr(tokens, "_encode")
    assert same(encode_texts(bert, FIRST, 8, tmp_path), fresh[0])
    assert same(encode_texts(bert, SECOND, 8, tmp_path), fresh[1])
    assert same(encode_pairs(bert, FIRST, SECOND, 8, tmp_path), fresh[2])


def test_the_cache_gives_identical_arrays_without_asking_the_tokenizer_again(
    tmp_path, monkeypatch, bert, roberta
):
    fresh = {t: encode_pairs(t, FIRST, SECOND, 8, tmp_path) for t in (bert, roberta)}
    monkeypatch.delattr(tokens, "_encode")
    for tokenizer, encoded in fresh.items():
        assert same(encode_pairs(tokenizer, FIRST, SECOND, 8, tmp_path), encoded)
    assert len(list(tmp_path.iterdir())) == 2


def test_what_the_tokenizer_was_used_for_before_does_not_matter(tmp_path, bert, bert_folder):
    encode_pairs(bert, FIRST, SECOND, 8, tmp_path)
    bert("how", truncation=True, max_length=3, padding="max_length")
    encode_pairs(bert, FIRST, SECOND, 8, tmp_path)
    encode_pairs(load_tokenizer(bert_folder), FIRST, SECOND, 8, tmp_path)
    assert len(list(tmp_path.iterdir())) == 1


def test_whatever_decides_the_ids_makes_another_cache_file(tmp_path, bert, roberta, bert_folder):
    grown, left, plain = (load_tokenizer(bert_folder) for _ in range(3))
    grown.add_tokens(["french ?"])
    left.truncation_side = "left"
    plain.split_special_tokens = True
    calls = [
        (bert, FIRST, SECOND, 8),
        (bert, SECOND, FIRST, 8),
        (bert, FIRST, [*SECOND[:2], "i learn"], 8),
        (bert, FIRST, SECOND, 9),
        (bert, ["how do", "i"], ["learn", "french"], 8),
        (bert, ["how", "do i"], ["learn", "french"], 8),
        *((tokenizer, FIRST, SECOND, 8) for tokenizer in (roberta, grown, left, plain)),
    ]
    for tokenizer, first, second, max_length in calls:
        cached = encode_pairs(tokenizer, first, second, max_length, tmp_path)
        assert same(cached, encode_pairs(tokenizer, first, second, max_length))
    assert len(list(tmp_path.iterdir())) == len(calls)


def test_a_damaged_cache_file_is_rebuilt(tmp_path, bert):
    encoded = encode_pairs(bert, FIRST, SECOND, 16, tmp_path)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    pickled = np.array([object()])
    damages = [b"", b"PK", whole[: len(whole) // 2], whole[:-5]]
    # A bit of every part: of the values, of what says what they are, of the table of contents.
    for place in range(30, len(whole), 41):
        damages.append(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    for damage in damages:
        file.write_bytes(damage)
        assert same(encode_pairs(bert, FIRST, SECOND, 16, tmp_path), encoded)
    np.savez(file, input_ids=pickled, offsets=pickled, truncated=pickled)
    assert same(encode_pairs(bert, FIRST, SECOND, 16, tmp_path), encoded)
    assert list(tmp_path.iterdir()) == [file]
    assert same(tokens._read_cached(file, 16), encoded)


def test_an_interrupted_write_leaves_no_file(tmp_path, monkeypatch, bert):
    def break_off(path, **arrays):
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", break_off)
    with pytest.raises(KeyboardInterrupt):
        encode_pairs(bert, FIRST, SECOND, 16, tmp_path)
    assert not list(tmp_path.iterdir())


def test_two_processes_may_fill_and_read_one_cache(tmp_path, bert, bert_folder):
    code = f"""
import sys
from keras_suite.data.tokens import encode_pairs, load_tokenizer
tokenizer = load_tokenizer({str(bert_folder)!r})
for i in range(40):
    encoded = encode_pairs(tokenizer, {FIRST!r}, ["i speak " * (i + 1)] * 3, 300, {tmp_path!r})
    assert encoded.lengths[2] == 9 + 2 * (i + 1), i
"""
    code = code.replace("PosixPath", "__import__('pathlib').Path")
    command = [sys.executable, "-c", code]
    others = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    assert [(other.communicate()[1], other.returncode) for other in others] == [("", 0)] * 2
    assert {file.suffix for file in tmp_path.iterdir()} == {".npz"}
    assert len(list(tmp_path.iterdir())) == 40


@pytest.mark.parametrize("empty", ["", " \t\n"])
def test_an_empty_text_is_refused_by_its_row(bert, empty):
    with pytest.raises(InputError, match=r"Row 1 \(from 0\) has an empty second text"):
        encode_pairs(bert, FIRST, [SECOND[0], empty, SECOND[2]], 16)
    with pytest.raises(InputError, match=r"Row 2 \(from 0\) has an empty first text"):
        encode_pairs(bert, [*FIRST[:2], empty], SECOND, 16)
    with pytest.raises(InputError, match=r"Row 2 \(from 0\) has an empty text: leave it out"):
        encode_texts(bert, [*FIRST[:2], empty], 16)


def test_a_length_without_room_for_both_texts_is_refused(bert, roberta):
    with pytest.raises(InputError, match="3 special tokens: it must be at least 5"):
        encode_pairs(bert, FIRST, SECOND, 4)
    with pytest.raises(InputError, match="4 special tokens: it must be at least 6"):
        encode_pairs(roberta, FIRST, SECOND, 5)


def test_a_length_without_room_for_a_text_is_refused(bert):
    with pytest.raises(InputError, match=r"no room for a text .* 2 special tokens: .* at least 3"):
        encode_texts(bert, FIRST, 2)


def test_texts_without_partners_are_a_mistake_in_the_caller(bert):
    with pytest.raises(ValueError, match="zip"):
        encode_pairs(bert, FIRST, SECOND[:2], 16)


def test_no_rows_are_no_tokens(bert):
    for encoded in (encode_pairs(bert, [], [], 16), encode_texts(bert, [], 16)):
        assert len(encoded) == len(encoded.input_ids) == len(encoded.token_type_ids) == 0


def test_importing_it_loads_neither_tensorflow_nor_transformers():
    code = """
import sys
import keras_suite.data.length_buckets
import keras_suite.tasks.lora.text_pairs, keras_suite.tasks.fake_news.tweets
print({"tensorflow", "keras", "tensorflow_datasets", "transformers", "torch"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
