import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from keras_suite.errors import InputError
from keras_suite.tasks.lora import text_pairs
from keras_suite.tasks.lora.text_pairs import load_pairs

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


def prepare(folder, task, rows):
    """Write pairs to ``folder`` as TFDS prepares a GLUE set."""
    first, second = text_pairs.FIELDS[task]
    tfds.dataset_builders.store_as_tfds_dataset(
        name="glue",
        config=task,
        version="2.0.0",
        features=tfds.features.FeaturesDict(
            {
                first: tfds.features.Text(),
                second: tfds.features.Text(),
                "label": tfds.features.ClassLabel(num_classes=2 if task == "qqp" else 3),
                "idx": np.int32,
            }
        ),
        split_datasets={
            split: tf.data.Dataset.from_tensor_slices(
                {
                    first: [pair[0] for pair in pairs],
                    second: [pair[1] for pair in pairs],
                    "label": [pair[2] for pair in pairs],
                    "idx": np.arange(len(pairs), dtype=np.int32),
                }
            )
            for split, pairs in rows.items()
        },
        data_dir=folder,
    )
    return folder


@pytest.mark.parametrize(
    ("task", "classes"),
    [("qqp", ["not_duplicate", "duplicate"]), ("mnli", ["entailment", "neutral", "contradiction"])],
)
def test_a_prepared_set_is_read_from_the_given_folder(tmp_path, task, classes):
    pairs = load_pairs(task, "real", prepare(tmp_path, task, ROWS[task]))
    expected = {tuple(row) for row in ROWS[task]["train"]}
    assert set(zip(*pairs.train[:2], pairs.train[2].tolist(), strict=True)) == expected
    assert pairs.validation[0] == [ROWS[task][text_pairs.SPLITS[task][1]][0][0]]
    assert pairs.train[2].dtype == np.int64
    assert pairs.class_names == classes
    assert pairs.provenance.kind == "real"
    assert pairs.provenance.rows == 3
    assert pairs.notice == ""


def test_hidden_labels_are_refused(tmp_path):
    rows = ROWS["qqp"] | {"validation": [("Why?", "For what reason?", -1)]}
    with pytest.raises(InputError, match=r"validation split .* labels outside 0\.\.1 .*-1"):
        load_pairs("qqp", "real", prepare(tmp_path, "qqp", rows))


def test_pairs_with_an_empty_text_are_left_out_and_the_person_is_told(tmp_path):
    train = [*ROWS["qqp"]["train"], ("How?", " ", 0)]
    pairs = load_pairs("qqp", "real", prepare(tmp_path, "qqp", ROWS["qqp"] | {"train": train}))
    assert sorted(pairs.train[0]) == ["How old is he?", "Who?"]
    assert len(pairs.train[2]) == 2
    assert pairs.provenance.rows == 3
    assert pairs.notice == "Pairs of glue/qqp left out because a text is empty: 1."


@pytest.mark.parametrize("task", ["qqp", "mnli"])
def test_the_sample_has_other_pairs_to_train_on_than_to_validate(task):
    pairs = load_pairs(task, "sample")
    assert [len(part) for part in pairs.train] == [1200] * 3
    assert [len(part) for part in pairs.validation] == [300] * 3
    assert not set(zip(*pairs.train[:2], strict=True)) & set(
        zip(*pairs.validation[:2], strict=True)
    )


@pytest.mark.real
def test_the_real_questions_are_labelled_and_whole(real_data):
    pairs = load_pairs("qqp", "real", real_data.parent / "tfds")
    assert pairs.class_names == ["not_duplicate", "duplicate"]
    for first, second, labels in (pairs.train, pairs.validation):
        assert len(first) == len(second) == len(labels) > 1000
        assert all(text.strip() for text in first + second)
        assert labels.mean() == pytest.approx(0.37, abs=0.02)
