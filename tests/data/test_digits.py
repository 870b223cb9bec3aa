import numpy as np
import pytest

from keras_suite.data.digits import coloured_digits, enlarged_digits

SAMPLES = [
    (enlarged_digits, (28, 28), "digits of scikit-learn, enlarged to 28 x 28"),
    (coloured_digits, (32, 32, 3), "digits of scikit-learn, enlarged to 32 x 32 and coloured"),
]


@pytest.mark.parametrize(("make", "shape", "source"), SAMPLES)
def test_the_sample_is_scikit_learns_digits_and_says_so(make, shape, source):
    images = make()
    (X, y), (X_test, _) = images.train, images.test
    assert (X.shape, X_test.shape) == ((1437, *shape), (360, *shape))
    assert X.dtype == np.uint8
    assert (images.provenance.source, images.class_names) == (source, [*"0123456789"])
    assert make().provenance == images.provenance
    strong = X[0].mean() < X[0]
    assert 0.05 < strong.mean() < 0.6
    if make is coloured_digits:
        assert len(np.unique(X.max(axis=(1, 2)), axis=0)) > 1000  # a colour of their own
        assert np.array_equal(y, enlarged_digits().train[1])
