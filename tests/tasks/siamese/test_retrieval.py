import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KNeighborsClassifier

from keras_suite.errors import InputError
from keras_suite.tasks.siamese.retrieval import (
    nearest_others,
    recall_at_1,
    require_measurable,
    retrieval_report,
    verification_auc,
)

LABELS = np.array([0, 0, 1, 1, 0, 1])
PLACES = np.array([[0.0], [1], [3], [4.5], [6.9], [9.5]])


def random_embeddings(rows=200, size=8, noise=2.0):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, rows)
    centres = rng.normal(size=(4, size))
    return labels, (centres[labels] + noise * rng.normal(size=(rows, size))).astype("float32")


def test_a_case_done_by_hand():
    assert nearest_others(PLACES, 1)[:, 0].tolist() == [1, 0, 3, 2, 3, 4]
    assert recall_at_1(LABELS, PLACES) == 4 / 6
    report = retrieval_report(LABELS, PLACES)
    assert report["recall_at_1"] == 4 / 6
    assert report["knn_accuracy"] == 0  # of 5 others, 3 have the other label


@settings(max_examples=30)
@given(st.lists(st.tuples(*[st.integers(-4, 4)] * 2), min_size=4, max_size=30))
def test_the_nearest_others_are_those_found_one_by_one(points):
    points = np.array(points, float)
    found = nearest_others(points, 3)
    distances = np.linalg.norm(points[:, None] - points, axis=-1)
    np.fill_diagonal(distances, np.inf)
    assert not (found == np.arange(len(points))[:, None]).any()
    assert all(len(set(row)) == 3 for row in found.tolist())
    ours = np.take_along_axis(distances, found, axis=1)
    assert np.allclose(ours, np.sort(distances, axis=1)[:, :3])


def test_each_row_is_classified_by_its_five_neighbours_without_itself():
    labels, embeddings = random_embeddings()
    right = 0
    for row in range(len(labels)):
        rest = np.arange(len(labels)) != row
        judge = KNeighborsClassifier(5).fit(embeddings[rest], labels[rest])
        right += judge.predict(embeddings[row : row + 1])[0] == labels[row]
    assert 0.3 < right / 200 < 0.9
    assert retrieval_report(labels, embeddings)["knn_accuracy"] == right / 200


def test_the_verification_auc_of_many_pairs_is_near_that_of_all_pairs():
    labels, embeddings = random_embeddings()
    first, second = np.triu_indices(200, 1)
    distances = np.linalg.norm(embeddings[first] - embeddings[second], axis=1)
    exact = roc_auc_score(labels[first] == labels[second], -distances)
    assert 0.6 < exact < 0.9
    assert verification_auc(labels, embeddings, 100_000, seed=0) == pytest.approx(exact, abs=0.02)


def test_the_pairs_are_those_of_the_seed():
    labels, embeddings = random_embeddings()
    values = [verification_auc(labels, embeddings, 100, seed) for seed in (0, 0, 1)]
    assert values[0] == values[1] != values[2]


def test_classes_apart_have_the_best_figures_and_a_collapse_that_of_chance():
    labels = np.repeat([0, 1, 2], 6)
    apart = np.eye(3)[labels] + 0.01 * np.random.default_rng(0).normal(size=(18, 3))
    best = {"recall_at_1": 1.0, "knn_accuracy": 1.0, "verification_auc": 1.0}
    assert retrieval_report(labels, apart) == best
    assert verification_auc(labels, np.ones((18, 3)), 1000, seed=0) == 0.5


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        ([], r"^0 rows are too few .* \(classes: 0, rows of the smallest: 0\)"),
        ([0, 0, 1, 1, 1], r"^5 rows are too few .*: use at least 6"),
        ([0] * 8, r"^8 rows are too few .* \(classes: 1, rows of the smallest: 8\)"),
        ([0, 0, 0, 0, 1, 1, 2], r"^7 rows are too few .* \(classes: 3, rows of the smallest: 1\)"),
    ],
)
def test_too_few_rows_classes_or_rows_of_a_class_are_refused(labels, sentence):
    with pytest.raises(InputError, match=sentence):
        retrieval_report(np.array(labels, int), np.ones((len(labels), 2)))


def test_six_rows_of_two_classes_are_enough():
    require_measurable(LABELS, "rows")
    require_measurable(np.array([0, 0, 1, 1, 1, 1]), "rows")
