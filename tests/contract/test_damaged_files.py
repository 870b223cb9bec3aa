"""What every reader of a person's file must do with one that is damaged."""

import gzip
import io
import json
import pickle
import zipfile

import numpy as np
import PIL.Image
import pytest

from keras_suite.adapters.peft import CONFIG
from keras_suite.adapters.peft import read_config as read_adapter
from keras_suite.config import ExperimentConfig, read_config
from keras_suite.errors import InputError
from keras_suite.serving.images import read_image
from keras_suite.serving.rows import read_csv
from keras_suite.tasks.fake_news import tweets
from keras_suite.tasks.fraud import creditcard
from keras_suite.tasks.persian_qa import squad_file
from keras_suite.tasks.skin_lesions import dermamnist
from keras_suite.tasks.word_embeddings.word_vector_file import read_word_vectors

READERS = {
    "creditcard.csv": creditcard.read,
    "creditcard.csv.gz": creditcard.read,
    "Constraint_Train.csv": lambda path: tweets.load_tweets("real", path.parent),
    "dermamnist.npz": dermamnist.read,
    "Test.json": squad_file.read_file,
    "Test.json.gz": squad_file.read_file,
    "vectors.txt": read_word_vectors,
    "vectors.txt.gz": read_word_vectors,
    "best.json": lambda path: read_config(path, ExperimentConfig()),
    "rows.csv": lambda path: list(read_csv(path, ["text"], 8)),
    "shoe.png": lambda path: read_image(path, 8, 8, 3),
    CONFIG: lambda path: read_adapter(path.parent),
}


def gzipped_and_cut() -> bytes:
    return gzip.compress(np.random.default_rng(0).bytes(5000))[:3000]


def png_cut_off() -> bytes:
    buffer = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), "uint8")
    PIL.Image.fromarray(pixels).save(buffer, "png")
    return buffer.getvalue()[:100]


class Evil:
    """Ends the process of who unpickles it."""

    def __reduce__(self):
        return exec, ("raise SystemExit('a pickle was loaded')",)


def saved(save, *arrays, **options) -> bytes:
    buffer = io.BytesIO()
    save(buffer, *arrays, **options)
    return buffer.getvalue()


def zipped(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("train_images.npy", content)
    return buffer.getvalue()


BOMB = bytes(1 << 27)
OBJECTS = np.array([Evil()], object)
PARTS = [f"{part}_{what}" for part in ("train", "val", "test") for what in ("images", "labels")]
DAMAGES = {
    "pickle": pickle.dumps(Evil()),
    "npy of pickles": saved(np.save, OBJECTS, allow_pickle=True),
    "npz of pickles": saved(np.savez, **dict.fromkeys(PARTS, OBJECTS)),
    "gzip bomb": gzip.compress(BOMB),
    "zip bomb": zipped(BOMB),
    "UTF-16": "the 1 2\ncow 3 4\n".encode("utf-16"),
    "nothing but NUL, as a full disk leaves": bytes(4096),
    "empty": b"",
    "blank": b" \n\n",
    "web page": b"<!DOCTYPE html><html><body>404</body></html>",
    "zeros": bytes(300),
    "any bytes": np.random.default_rng(1).bytes(4000),
    "gzip, cut off": gzipped_and_cut(),
    "image, cut off": png_cut_off(),
    "JSON, cut off": json.dumps({"data": [{"title": "t", "paragraphs": []}]})[:30].encode(),
    "JSON of another form": b'[[1, "2"], null, {"a": NaN}]',
    "deep JSON": b"[" * 100_000,
    "Latin-1": "Text,Klasse\nschön,1\n".encode("latin-1"),
    "missing": None,
    "folder": ...,
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("file", READERS)
def test_a_damaged_file_is_one_sentence_that_names_it(tmp_path, file, damage):
    path, content = tmp_path / file, DAMAGES[damage]
    if content is ...:
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError) as refusal:
        READERS[file](path)
    sentence = str(refusal.value)
    assert file.partition(".")[0] in sentence
    assert "\n" not in sentence
    assert len(sentence) < 500
