import numpy as np
import tensorflow as tf

from keras_suite.layers.gelu import gelu

X = tf.constant(np.random.default_rng(0).normal(0, 3, (4, 50)).astype("float32"))


def test_the_output_is_tensorflows_to_the_bit_and_so_is_nearly_the_gradient():
    assert np.array_equal(gelu(X), tf.nn.gelu(X))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(X)
        ours, theirs = tf.reduce_sum(gelu(X) ** 2), tf.reduce_sum(tf.nn.gelu(X) ** 2)
    assert np.allclose(tape.gradient(ours, X), tape.gradient(theirs, X), atol=1e-5)
