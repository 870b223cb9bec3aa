import numpy as np

from keras_suite.data.digits import coloured_digits, enlarged_digits


def test_the_sample_is_scikit_learns_digits_and_says_so():
    images = enlarged_digits()
    assert images.train[0].shape == (1437, 28, 28)
    assert images.test[0].shape == (360, 28, 28)
    assert images.train[0].max() == 255
    assert "digits of scikit-learn, enlarged to 28 x 28" in images.provenance.source
    assert images.class_names == [str(i) for i in range(10)]
    assert enlarged_digits().provenance == images.provenance


def test_coloured_digits_have_32_pixels_three_channels_and_a_colour_of_their_own():
    images = coloured_digits()
    X, y = images.train
    assert X.shape == (1437, 32, 32, 3)
    assert X.dtype == np.uint8
    assert len(np.unique(X.max(axis=(1, 2)), axis=0)) > 1000
    assert "coloured" in images.provenance.source
    grey = enlarged_digits()
    assert np.array_equal(y, grey.train[1])
    strong = X[0].sum(axis=-1) > X[0].sum(axis=-1).mean()
    assert strong.mean() < 0.6
