import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_suite.errors import InputError
from keras_suite.tasks.siamese.by_class import RowsByClass

# Labels of two or more classes, not all numbers used, at least two rows of each.
labels_of_pairs = st.lists(st.sampled_from([0, 1, 4, 7]), min_size=2, max_size=12).filter(
    lambda some: len(set(some)) > 1
)


@given(some=labels_of_pairs, seed=st.integers(0, 1000), data=st.data())
def test_a_triplet_has_two_rows_of_one_class_and_one_of_another(some, seed, data):
    labels = np.array(data.draw(st.permutations(some + some)))
    triplets = RowsByClass(labels).triplets(50, np.random.default_rng(seed))
    assert triplets.shape == (50, 3)
    anchor, positive, negative = triplets.T
    assert (anchor != positive).all()
    assert (labels[anchor] == labels[positive]).all()
    assert (labels[anchor] != labels[negative]).all()


def test_every_triplet_is_drawn_and_none_of_an_anchor_more_often_than_chance():
    labels = np.array([2, 0, 0, 2, 0])
    triplets = RowsByClass(labels).triplets(50_000, np.random.default_rng(0))
    drawn, counts = np.unique(triplets, axis=0, return_counts=True)
    pairs = [(a, p) for a in range(5) for p in range(5) if a != p and labels[a] == labels[p]]
    assert {tuple(each) for each in drawn.tolist()} == {
        (a, p, n) for a, p in pairs for n in range(5) if labels[n] != labels[a]
    }
    chance = {0: 1 / 5 / (2 * 2), 2: 1 / 5 / (1 * 3)}  # an anchor, its positives and negatives
    for (anchor, _, _), count in zip(drawn, counts, strict=True):
        assert count / 50_000 == pytest.approx(chance[labels[anchor]], rel=0.1)


@given(some=labels_of_pairs, seed=st.integers(0, 1000), data=st.data())
def test_a_batch_has_so_many_classes_and_so_many_rows_of_each_and_none_twice(some, seed, data):
    labels = np.array(data.draw(st.permutations(some + some)))
    sizes = np.unique(labels, return_counts=True)[1]
    classes = data.draw(st.integers(1, len(sizes)))
    rows = data.draw(st.integers(1, int(sizes.min())))
    batch = RowsByClass(labels).batch(classes, rows, np.random.default_rng(seed))
    assert len(set(batch.tolist())) == len(batch) == classes * rows
    assert np.unique(labels[batch], return_counts=True)[1].tolist() == [rows] * classes


def test_every_class_and_row_comes_up_in_batches():
    labels = np.repeat([3, 5, 6], [2, 4, 6])
    rng = np.random.default_rng(0)
    seen = np.concatenate([RowsByClass(labels).batch(2, 2, rng) for _ in range(100)])
    assert set(seen.tolist()) == set(range(12))


@pytest.mark.parametrize("labels", [[1, 1, 1], [0, 0, 1], [], [0, 1]])
def test_labels_that_hold_no_triplet_for_every_anchor_are_refused(labels):
    with pytest.raises(InputError, match="at least 2 classes and 2 rows of each"):
        RowsByClass(np.array(labels, int)).triplets(3, np.random.default_rng(0))


@pytest.mark.parametrize(("classes", "rows"), [(3, 2), (2, 3), (1, 4)])
def test_batches_larger_than_the_classes_are_refused(classes, rows):
    by_class = RowsByClass(np.array([0, 0, 1, 1, 1]))
    with pytest.raises(InputError, match="from 2 classes with 2 rows of the smallest"):
        by_class.batch(classes, rows, np.random.default_rng(0))
