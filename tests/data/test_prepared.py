from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from keras_suite.data.prepared import load_images
from tests.data.refusals import refused


def prepare(folder, name="fashion_mnist", version="3.0.1", shape=(28, 28, 1), **others):
    """Write a set as TFDS prepares it, of 30 and 10 random images."""
    image, label = tfds.features.Image(shape=shape), tfds.features.ClassLabel(num_classes=10)
    features = {"image": image, "label": label} | dict.fromkeys(others, tfds.features.Text())

    def rows(count):
        pixels = np.random.default_rng(0).integers(0, 255, (count, *shape), "uint8")
        texts = {name: [text] * count for name, text in others.items()}
        columns = {"image": pixels, "label": np.arange(count) % 10, **texts}
        return tf.data.Dataset.from_tensor_slices(columns)

    tfds.dataset_builders.store_as_tfds_dataset(
        **{"name": name, "version": version, "data_dir": folder},
        features=tfds.features.FeaturesDict(features),
        split_datasets={"train": rows(30), "test": rows(10)},
    )
    return folder


def test_a_prepared_set_is_read_from_the_given_folder_with_its_channels(tmp_path):
    images = load_images("fashion_mnist", "real", prepare(tmp_path))
    assert (images.train[0].shape, images.train[0].dtype) == ((30, 28, 28), np.uint8)
    assert sorted(images.test[1]) == list(range(10))
    assert (images.provenance.kind, images.provenance.rows, images.notice) == ("real", 40, "")
    prepare(tmp_path, "cifar10", "3.0.2", (32, 32, 3), id="train_00001")
    assert load_images("cifar10", "real", tmp_path).train[0].shape == (30, 32, 32, 3)


def test_a_damaged_file_is_one_sentence(tmp_path):
    (record,) = prepare(tmp_path).glob("fashion_mnist/3.0.1/*train.tfrecord*")
    content = bytearray(record.read_bytes())
    content[len(content) // 2] ^= 1
    record.write_bytes(content)
    with refused("cannot be read .*remove the folder and prepare it"):
        load_images("fashion_mnist", "real", tmp_path)


def test_a_folder_without_the_set_or_with_labels_outside_the_classes_is_refused(
    tmp_path, monkeypatch
):
    with refused("holds no prepared fashion_mnist"):
        load_images("fashion_mnist", "auto", tmp_path)
    monkeypatch.setattr(tfds.features.ClassLabel, "num_classes", 5)
    with refused(r"labels outside 0\.\.4"):
        load_images("fashion_mnist", "real", prepare(tmp_path))


@pytest.mark.real
def test_the_real_set_is_whole_and_balanced(real_data):
    images = load_images("fashion_mnist", "real", Path(real_data).parent / "tfds")
    counts = [np.bincount(labels).tolist() for _, labels in (images.train, images.test)]
    assert counts == [[6000] * 10, [1000] * 10]
    assert images.class_names[0] == "T-shirt/top"
