import numpy as np
import pytest

from keras_suite.data.length_buckets import TextRows
from keras_suite.data.split import Split
from keras_suite.data.tokens import Encoded
from keras_suite.tasks.siamese.triplet_rows import EmbeddedRows
from keras_suite.training.rows import ArrayRows
from tests.data.refusals import refused

TRAIN, VALIDATION, TEST = [1, 2, 3, 3], [4, 3, 3], [5, 2]
SAID = [
    f"{of} rows are to the model what a training row is."
    for of in ("2 of 3 validation", "1 of 2 test")
]


def pairs(numbers):
    return np.repeat(numbers, 6).reshape(-1, 2, 3), np.arange(len(numbers))


def texts(numbers):
    """As many tokens as the number says, which is the one token, too."""
    ids, offsets = np.repeat(numbers, numbers).astype("int32"), np.cumsum([0, *numbers])
    return TextRows(Encoded(ids, offsets, None, 8, 0), np.arange(len(numbers)), 0)


KINDS = {
    "arrays": pairs,
    "rows": lambda numbers: ArrayRows(*pairs(numbers)),
    "images": lambda numbers: EmbeddedRows(*pairs(numbers)),
    "texts": texts,
}


@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_are_the_same_to_a_model_on_both_sides_are_counted(kind):
    assert Split(*map(KINDS[kind], (TRAIN, VALIDATION, TEST))).leaks() == SAID
    assert Split(*map(KINDS[kind], (TRAIN, [4], [5, 6]))).leaks() == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_part_without_rows_is_refused_and_classes_are_those_of_all_parts(kind):
    make = KINDS[kind]
    for empty, part in enumerate(("train", "validation", "test")):
        parts = [make([] if i == empty else [1]) for i in range(3)]
        with refused(f"No rows are left for the part {part}: use more rows"):
            Split(*parts)
    assert Split(make([1]), make([1]), make([1, 2, 3])).num_classes == 3
