import imblearn.over_sampling
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from keras_suite.sampling import ADASYN


def table(sizes, seed=0, features=4):
    """Overlapping Gaussian classes 0, 1, ... of the given sizes."""
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(len(sizes)), sizes)
    return rng.normal(size=(len(y), features)) + 0.7 * y[:, None], y


def synthetic_rows(X, X_out):
    """Rows of X_out that are not rows of X (the values are continuous, so ties are copies)."""
    known = {row.tobytes() for row in X}
    return np.array([row.tobytes() not in known for row in X_out])


def labelled_rows(X, y):
    return {(*row, label) for row, label in zip(X.tolist(), y.tolist(), strict=True)}


def distance_to_nearest_segment(point, start, end):
    along = end - start
    length = (along**2).sum(-1)
    share = ((point - start) * along).sum(-1) / np.where(length == 0, 1, length)
    nearest = start + np.clip(share, 0, 1)[..., None] * along
    return np.sqrt(((point - nearest) ** 2).sum(-1)).min()


@settings(max_examples=40)
@given(
    minority=st.integers(8, 40),
    majority=st.integers(60, 200),
    k=st.integers(1, 7),
    seed=st.integers(0, 2**16),
)
def test_row_counts_equal_imbalanced_learns(minority, majority, k, seed):
    X, y = table([majority, minority], seed)
    theirs = imblearn.over_sampling.ADASYN(n_neighbors=k, random_state=0)
    try:
        expected = np.bincount(theirs.fit_resample(X, y)[1])
    except (ValueError, RuntimeError):  # it refuses where ours does, or where nothing is added
        return
    _, y_out = ADASYN(n_neighbors=k, seed=seed).fit_resample(X, y)
    assert np.bincount(y_out).tolist() == expected.tolist()


@settings(max_examples=20)
@given(seed=st.integers(0, 2**16), k=st.integers(1, 5))
def test_every_synthetic_row_lies_between_near_neighbours_of_its_class(seed, k):
    X, y = table([80, 12, 20], seed)
    X_out, y_out = ADASYN(n_neighbors=k, seed=seed).fit_resample(X, y)
    made = synthetic_rows(X, X_out)
    assert made.any()
    for row, label in zip(X_out[made], y_out[made], strict=True):
        members = X[y == label]
        near = members[NearestNeighbors(n_neighbors=k + 1).fit(members).kneighbors(members)[1]]
        assert distance_to_nearest_segment(row, near[:, :1], near[:, 1:]) < 1e-9


@pytest.mark.parametrize("ratio", [0.3, 1.0])
def test_each_row_gets_its_share_of_the_plan(ratio):
    X, y = table([300, 25])
    neighbors = NearestNeighbors(n_neighbors=6).fit(X).kneighbors(X[y == 1])[1][:, 1:]
    difficulty = (y[neighbors] == 0).mean(axis=1)
    plan = np.rint(difficulty / difficulty.sum() * 275 * ratio).sum()
    _, y_out = ADASYN(n_neighbors=5, ratio=ratio, seed=0).fit_resample(X, y)
    assert np.bincount(y_out).tolist() == [300, 25 + plan]


def test_all_rows_given_come_back_with_their_labels_and_dtypes_and_shuffled():
    X, y = table([60, 20])
    X, labels = X.astype("float32"), np.array(["legitimate", "fraud"])[y]
    X_out, labels_out = ADASYN(seed=0).fit_resample(X, labels)
    kept = ~synthetic_rows(X, X_out)
    assert labelled_rows(X_out[kept], labels_out[kept]) == labelled_rows(X, labels)
    assert (labels_out[1:] != labels_out[:-1]).sum() > 10  # they alternate, not come in blocks
    assert (X_out.dtype, labels_out.dtype) == (np.float32, labels.dtype)


@pytest.mark.parametrize("dtype", ["float16", "float32", ">f4", ">f8", "longdouble", "int32", "O"])
def test_features_of_every_number_type_come_back_in_it_and_others_as_float64(dtype):
    X, y = table([60, 20])
    X = (10 * X).astype(dtype)
    X_out, y_out = ADASYN(seed=0).fit_resample(X, y)
    assert X_out.dtype == (X.dtype if X.dtype.kind == "f" else np.float64)
    kept = ~synthetic_rows(X.astype(X_out.dtype), X_out)
    assert labelled_rows(X_out[kept], y_out[kept]) >= labelled_rows(X, y)
    assert len(X_out) > 110


def test_only_classes_below_the_threshold_are_resampled():
    X, y = table([100, 70, 30])
    counts = np.bincount(ADASYN(imbalance_threshold=0.6, seed=0).fit_resample(X, y)[1])
    assert counts[:2].tolist() == [100, 70]  # 0.7 of the largest is no minority
    assert abs(counts[2] - 100) <= 15
    X_same, y_same = ADASYN(imbalance_threshold=0.2, seed=0).fit_resample(X, y)
    assert (len(X_same), np.bincount(y_same).tolist()) == (200, [100, 70, 30])


def test_the_same_seed_gives_the_same_rows_and_another_seed_others():
    X, y = table([60, 20])
    first, again, other = (ADASYN(seed=seed).fit_resample(X, y)[0] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda X, y: (np.where(X[3, 2] == X, np.nan, X), y), "nan in row 3, column 2"),
        (lambda X, y: (np.where(X[3, 2] == X, np.inf, X), y), "inf in row 3, column 2"),
        (lambda X, y: (np.where(X[3, 2] == X, None, X), y), "None in row 3, column 2"),
        (lambda X, y: (np.where(X[3, 2] == X, "a", X.astype(object)), y), "'a' in row 3, column 2"),
        (lambda X, y: (X + 1j, y), r"j\) in row 0, column 0, which is no number"),
        (lambda X, y: (X, np.where(np.arange(80) == 3, np.nan, y)), "label of row 3 is missing"),
        (lambda X, y: (X, np.array([*"ab" * 39, None, "a"], object)), "label of row 78 is missing"),
        (lambda X, y: (X, np.array(["a", 1] * 40, object)), "Labels cannot be compared"),
        (lambda X, y: (X, np.zeros_like(y)), "at least two classes"),
        (lambda X, y: (X[20:], np.repeat([0, 1], [31, 29])), "lacks 2 rows.*rounds to no synth"),
        (lambda X, y: (X[:64], y[:64]), "Class 1 has 4 rows.*lower n_neighbors to at most 3"),
        (lambda X, y: (X + 1000 * y[:, None], y), "raise n_neighbors"),
        (lambda X, y: (X, y[:-1]), "80 rows and y 79 labels"),
        (lambda X, y: (X[:0], y[:0]), "empty"),
        (lambda X, y: (X[:, :0], y), "empty"),
        (lambda X, y: (X[:, 0], y), "shape"),
    ],
)
def test_rows_that_cannot_be_resampled_are_refused_with_what_to_do(change, sentence):
    X, y = change(*table([60, 20]))
    with pytest.raises(ValueError, match=sentence):
        ADASYN(seed=0).fit_resample(X, y)


@pytest.mark.parametrize(
    "settings",
    [{"n_neighbors": 0}, {"ratio": 0.0}, {"ratio": np.inf}, {"imbalance_threshold": 1.1}],
)
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        ADASYN(**settings)
