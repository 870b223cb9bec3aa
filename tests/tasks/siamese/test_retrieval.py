import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import LeaveOneOut, cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from keras_suite.tasks.siamese import retrieval
from keras_suite.tasks.siamese.retrieval import retrieval_report, verification_auc
from tests.data.refusals import refused

TOO_FEW = [
    ([], "^0 rows .*classes: 0, rows of the smallest: 0"),
    ([0, 0, 1, 1, 1], "^5 rows are too few .*: use at least 6"),
    ([0] * 8, "classes: 1, rows of the smallest: 8"),
    ([0, 0, 0, 0, 1, 1, 2], "classes: 3, rows of the smallest: 1"),
]


def random_embeddings(rows):
    rng = np.random.default_rng(0)
    labels, centres = rng.integers(0, 4, rows), rng.normal(size=(4, 8))
    return labels, (centres[labels] + 2 * rng.normal(size=(rows, 8))).astype("float32")


def test_a_case_done_by_hand():
    labels, places = np.array([0, 0, 1, 1, 0, 1]), np.array([[0], [1], [3], [4.5], [6.9], [9.5]])
    assert retrieval.nearest_others(places, 1)[:, 0].tolist() == [1, 0, 3, 2, 3, 4]
    report = retrieval_report(labels, places)
    assert report["recall_at_1"] == retrieval.recall_at_1(labels, places) == 4 / 6
    assert report["knn_accuracy"] == 0  # of 5 others, 3 have the other label


def test_each_row_is_classified_by_its_five_neighbours_without_itself():
    labels, embeddings = random_embeddings(60)
    right = cross_val_score(KNeighborsClassifier(5), embeddings, labels, cv=LeaveOneOut())
    assert 0.3 < retrieval_report(labels, embeddings)["knn_accuracy"] == right.mean() < 0.9


def test_the_verification_auc_is_near_that_of_all_pairs_and_drawn_by_the_seed():
    labels, embeddings = random_embeddings(200)
    first, second = np.triu_indices(200, 1)
    distances = np.linalg.norm(embeddings[first] - embeddings[second], axis=1)
    exact = roc_auc_score(labels[first] == labels[second], -distances)
    assert 0.6 < exact < 0.9
    assert verification_auc(labels, embeddings, 100_000, seed=0) == pytest.approx(exact, abs=0.02)
    first, again, other = (verification_auc(labels, embeddings, 100, seed) for seed in (0, 0, 1))
    assert first == again != other
    assert verification_auc(labels, np.ones((200, 3)), 1000) == 0.5  # a collapse


@pytest.mark.parametrize(("labels", "sentence"), TOO_FEW)
def test_fewer_than_six_rows_two_classes_or_two_rows_of_a_class_are_refused(labels, sentence):
    retrieval.require_measurable(np.array([0, 0, 1, 1, 1, 1]), "rows")
    with refused(sentence):
        retrieval_report(np.array(labels, int), np.ones((len(labels), 2)))
