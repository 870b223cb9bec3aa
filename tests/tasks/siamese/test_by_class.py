import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_suite.tasks.siamese.by_class import RowsByClass
from tests.data.refusals import refused

# Labels of two or more classes, not all numbers used, at least two rows of each.
LABELS = st.lists(st.sampled_from([1, 4, 7]), max_size=10).map(lambda some: [*some, 0, 4])


@settings(max_examples=50)
@given(some=LABELS, seed=st.integers(0, 1000), data=st.data())
def test_triplets_are_of_two_classes_and_batches_have_as_many_rows_of_each(some, seed, data):
    labels, rng = np.array(data.draw(st.permutations(some + some))), np.random.default_rng(seed)
    anchor, positive, negative = RowsByClass(labels).triplets(9, rng).T
    assert (anchor != positive).all()
    assert (labels[anchor] == labels[positive]).all()
    assert (labels[anchor] != labels[negative]).all()
    sizes = np.unique(labels, return_counts=True)[1]
    classes, rows = (data.draw(st.integers(1, most)) for most in (len(sizes), int(sizes.min())))
    batch = RowsByClass(labels).batch(classes, rows, rng)
    assert len(set(batch.tolist())) == len(batch) == classes * rows
    assert np.unique(labels[batch], return_counts=True)[1].tolist() == [rows] * classes


def test_every_triplet_is_drawn_none_of_an_anchor_more_often_than_chance_and_all_rows_in_batches():
    labels = np.array([2, 0, 0, 2, 0])
    rows, rng = RowsByClass(labels), np.random.default_rng(0)
    drawn, counts = np.unique(rows.triplets(50_000, rng), axis=0, return_counts=True)
    every = np.array(list(itertools.product(range(5), repeat=3)))
    a, p, n = every.T
    sound = (a != p) & (labels[a] == labels[p]) & (labels[p] != labels[n])
    assert np.array_equal(drawn, every[sound])
    chance = {0: 1 / 5 / (2 * 2), 2: 1 / 5 / (1 * 3)}  # an anchor, its positives and negatives
    for (anchor, _, _), count in zip(drawn, counts, strict=True):
        assert count / 50_000 == pytest.approx(chance[labels[anchor]], rel=0.1)
    assert {row for _ in range(100) for row in rows.batch(2, 1, rng)} == set(range(5))


@pytest.mark.parametrize("labels", [[1, 1, 1], [0, 0, 1], []])
def test_what_cannot_be_drawn_is_refused(labels):
    rng = np.random.default_rng(0)
    with refused("at least 2 classes and 2 rows of each"):
        RowsByClass(np.array(labels, int)).triplets(3, rng)
    for classes, rows in [(3, 2), (2, 3)]:
        with refused("from 2 classes with 2 rows of the smallest"):
            RowsByClass(np.array([0, 0, 1, 1, 1])).batch(classes, rows, rng)
