import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from keras_suite.tasks.lora import text_pairs
from keras_suite.tasks.lora.text_pairs import load_pairs
from tests.data.refusals import refused

ROWS = {
    "qqp": {
        "train": [("How old is he?", "What is his age?", 1), ("Who?", "Where?", 0)],
        "validation": [("Why?", "For what reason?", 1)],
    },
    "mnli": {
        "train": [("It rains.", "It is wet.", 0), ("It rains.", "It is dry.", 2)],
        "validation_matched": [("It snows.", "It is May.", 1)],
        "validation_mismatched": [("He ran.", "He sat.", 2)] * 3,
    },
}


def load(folder, task, rows):
    """Write pairs to a folder as TFDS prepares a GLUE set, and load them."""
    names = *text_pairs.FIELDS[task], "label", "idx"
    text, label = tfds.features.Text(), tfds.features.ClassLabel(num_classes=3 - (task == "qqp"))

    def dataset(pairs):
        columns = *map(list, zip(*pairs, strict=True)), list(range(len(pairs)))
        return tf.data.Dataset.from_tensor_slices(dict(zip(names, columns, strict=True)))

    features = dict(zip(names, (text, text, label, np.int32), strict=True))
    tfds.dataset_builders.store_as_tfds_dataset(
        **{"name": "glue", "config": task, "version": "2.0.0", "data_dir": folder},
        features=tfds.features.FeaturesDict(features),
        split_datasets={split: dataset(pairs) for split, pairs in rows.items()},
    )
    return load_pairs(task, "real", folder)


@pytest.mark.parametrize(
    ("task", "classes"),
    [("qqp", ["not_duplicate", "duplicate"]), ("mnli", ["entailment", "neutral", "contradiction"])],
)
def test_a_prepared_set_is_read_from_the_given_folder(tmp_path, task, classes):
    pairs = load(tmp_path, task, ROWS[task])
    first, second, labels = pairs.train
    assert set(zip(first, second, labels.tolist(), strict=True)) == set(ROWS[task]["train"])
    assert pairs.validation[0] == [ROWS[task][text_pairs.SPLITS[task][1]][0][0]]
    assert labels.dtype == np.int64
    assert pairs.class_names == classes
    assert (pairs.notice, pairs.provenance.kind, pairs.provenance.rows) == ("", "real", 3)


def test_hidden_labels_are_refused_and_pairs_with_an_empty_text_left_out_which_is_told(tmp_path):
    rows = ROWS["qqp"] | {"validation": [("Why?", "For what reason?", -1)]}
    with refused(r"validation split .* labels outside 0\.\.1 .*-1"):
        load(tmp_path / "hidden", "qqp", rows)
    train = [*ROWS["qqp"]["train"], ("How?", " ", 0)]
    pairs = load(tmp_path, "qqp", ROWS["qqp"] | {"train": train})
    assert sorted(pairs.train[0]) == ["How old is he?", "Who?"]
    assert (len(pairs.train[2]), pairs.provenance.rows) == (2, 3)
    assert pairs.notice == "Pairs of glue/qqp left out because a text is empty: 1."


@pytest.mark.parametrize("task", ["qqp", "mnli"])
def test_the_sample_has_other_pairs_to_train_on_than_to_validate(task):
    pairs = load_pairs(task, "sample")
    assert [len(column) for column in (*pairs.train, *pairs.validation)] == [1200] * 3 + [300] * 3
    train, validation = (zip(*part[:2], strict=True) for part in (pairs.train, pairs.validation))
    assert not set(train) & set(validation)


@pytest.mark.real
def test_the_real_questions_are_labelled_and_whole(real_data):
    pairs = load_pairs("qqp", "real", real_data.parent / "tfds")
    assert pairs.class_names == ["not_duplicate", "duplicate"]
    for first, second, labels in (pairs.train, pairs.validation):
        assert len(first) == len(second) == len(labels) > 1000
        assert all(text.strip() for text in first + second)
        assert labels.mean() == pytest.approx(0.37, abs=0.02)
