"""Files in the forms that the data hosts publish, as small as what reads them allows."""

import csv
import gzip
import hashlib
import io
import json
import struct
import tarfile
import zipfile
from itertools import chain, cycle, islice
from pathlib import Path
from urllib.parse import urlsplit

import h5py
import keras
import numpy as np
from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

from keras_suite.data.prepared import GLUE, MIRROR, PUBLISHED
from keras_suite.tasks.cifar10 import vgg19
from keras_suite.tasks.fake_news import tweets
from keras_suite.tasks.fraud import creditcard, creditcard_stand_in
from keras_suite.tasks.lora.sample_pairs import draw_pairs
from keras_suite.tasks.persian_qa import pquad, sample_questions
from keras_suite.tasks.skin_lesions import dermamnist
from tests.data.hosts import Files
from tests.data.hub_server import blob_of

DIGITS = 1200, 400
FASHION, CIFAR10 = PUBLISHED["fashion_mnist"][2], PUBLISHED["cifar10"][2]


def random_images(count: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, *shape), np.uint8)


def labels_of(count: int) -> np.ndarray:
    return (np.arange(count) % 10).astype(np.uint8)


def digits(address: str) -> dict[str, bytes]:
    made = {}
    for part, count in zip(("train", "t10k"), DIGITS, strict=True):
        images, labels = random_images(count, 28, 28), labels_of(count)
        held = {
            "images-idx3": struct.pack(">4i", 2051, count, 28, 28) + images.tobytes(),
            "labels-idx1": struct.pack(">2i", 2049, count) + labels.tobytes(),
        }
        for what, content in held.items():
            made[f"{address}/{part}-{what}-ubyte.gz"] = gzip.compress(content)
    return made


def cifar10() -> bytes:
    names = [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]
    images = np.concatenate([labels_of(60)[:, None] % 2, random_images(60, 3072)], axis=1).tobytes()
    labels = "\n".join(f"class {i}" for i in range(10)).encode()
    files = dict.fromkeys(names, images) | {"batches.meta.txt": labels}
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, held in files.items():
            about = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            about.size = len(held)
            archive.addfile(about, io.BytesIO(held))
    return content.getvalue()


def question_pairs() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in ("train", "dev", "test"):
            first, second, labels = draw_pairs("qqp", 60)
            rows = zip(range(60), first, second, labels, strict=True)
            lines = [("id", "question1", "question2", "is_duplicate"), *rows]
            archive.writestr(f"QQP/{name}.tsv", "\n".join("\t".join(map(str, r)) for r in lines))
    return content.getvalue()


def card_payments() -> bytes:
    header, *lines = creditcard_stand_in.draw().round(3).to_csv(index=False).splitlines()
    frauds = [line for line in lines if float(line.rpartition(",")[2])]
    legitimate = [line for line in lines if not float(line.rpartition(",")[2])]
    counts = creditcard.FRAUDS, creditcard.ROWS - creditcard.FRAUDS
    kinds = zip((frauds, legitimate), counts, strict=True)
    return "\n".join([header, *chain(*(islice(cycle(k), n) for k, n in kinds))]).encode()


def questions(count: int) -> bytes:
    made = []
    articles = cycle(sample_questions.draw_articles(100))
    while count:
        (paragraph,) = next(articles)["paragraphs"]
        asked = list(islice(cycle(paragraph["qas"]), min(60, count)))
        asked = [qa | {"id": f"{count - i}"} for i, qa in enumerate(asked)]
        made.append({"title": f"{count}", "paragraphs": [paragraph | {"qas": asked}]})
        count -= len(asked)
    return json.dumps({"data": made}).encode()


def covid_tweets(counts: tuple[int, int]) -> bytes:
    content = io.StringIO()
    writer = csv.writer(content)
    writer.writerow(tweets.COLUMNS)
    labels = np.random.default_rng(0).permutation(np.repeat(tweets.CLASS_NAMES, counts))
    writer.writerows((i, f"the tweet says no {i}", label) for i, label in enumerate(labels))
    return content.getvalue().encode()


def lesions() -> bytes:
    arrays = {}
    for part, counts in dermamnist.COUNTS.items():
        labels = np.repeat(np.arange(len(counts)), [max(2, each // 20) for each in counts])
        arrays[f"{part}_images"] = random_images(len(labels), *dermamnist.IMAGE)
        arrays[f"{part}_labels"] = labels.astype(np.uint8)[:, None]
    content = io.BytesIO()
    np.savez(content, **arrays)
    return content.getvalue()


def imagenet_weights() -> bytes:
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        model = keras.applications.VGG19(include_top=False, weights=None)
        save_weights_to_hdf5_group(file, model)
    return content.getvalue()


def publish(pins: Path) -> dict[str, Files]:
    """Make all files; return them by host, and write to ``pins`` what tests.contract.pinned reads.

    Zenodo refuses the names that Python's clients give themselves.
    """
    cards, vgg = {creditcard.URL: card_payments()}, {vgg19.URL: imagenet_weights()}
    asked = {name: questions(count) for name, count in pquad.COUNTS.items()}
    said = {name: covid_tweets(counts) for name, counts in tweets.COUNTS.items()}
    skins = {dermamnist.URL: lesions()}
    sets = {
        "mnist": digits(f"{MIRROR}/mnist"),
        "fashion_mnist": digits(FASHION),
        "cifar10": {CIFAR10: cifar10()},
        "glue": {f"{GLUE}/data/QQP.zip": question_pairs()},
    }
    pinned = {
        "mnist": DIGITS,
        "dermamnist": hashlib.md5(*skins.values()).hexdigest(),
        "vgg19": hashlib.md5(*vgg.values()).hexdigest(),
        "tweets": {name: hashlib.sha256(content).hexdigest() for name, content in said.items()},
        "pquad": {name: hashlib.sha1(blob_of(held)).hexdigest() for name, held in asked.items()},
        "tfds": {
            name: {
                url: (len(held), hashlib.sha256(held).hexdigest(), Path(url).name)
                for url, held in files.items()
            }
            for name, files in sets.items()
        },
    }
    pins.write_text(json.dumps(pinned))
    everything = cards | vgg | skins
    everything |= {f"{pquad.URL}/{name}.json": held for name, held in asked.items()}
    everything |= {f"{tweets.URL}/{name}": held for name, held in said.items()}
    for files in sets.values():
        everything |= files
    hosts: dict[str, Files] = {}
    for url, content in everything.items():
        address = urlsplit(url)
        host = hosts.setdefault(address.netloc, Files({}))
        host.files[address.path] = content
        host.refused = "python" if address.netloc == "zenodo.org" else host.refused
    return hosts
