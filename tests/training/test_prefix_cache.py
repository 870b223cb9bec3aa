import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_suite.errors import InputError
from keras_suite.training import prefix_cache
from keras_suite.training.fit import run_fit
from keras_suite.training.memory import watch_peak_memory
from keras_suite.training.prefix import cut
from keras_suite.training.prefix_cache import PrefixCache
from keras_suite.training.rows import ArrayRows, StoredRows
from keras_suite.training.state import State
from tests.training.fits import assert_goes_on
from tests.training.prefixes import make_fit, make_net, make_rows, run

ROOT = Path(__file__).parents[2]
TRAIN, VALIDATION = make_rows(), make_rows(21, seed=1)


def make_stored_fit(folder):
    prefix, tail = cut(make_net())
    return make_fit(tail, *PrefixCache(folder).rows(prefix, [TRAIN, VALIDATION]))


def count_batches(prefix):
    """Return a list that grows with each batch the prefix computes."""
    batches, compute = [], prefix.predict_on_batch
    prefix.predict_on_batch = lambda inputs: batches.append(len(inputs)) or compute(inputs)
    return batches


def stored(folder):
    return sorted(path.name for path in folder.glob("[!.]*"))


def test_training_the_tail_on_stored_features_is_training_the_model(tmp_path):
    expected, model = make_net(), make_net()
    prefix, tail = cut(model)
    parts = [TRAIN, VALIDATION]
    losses, history = run(make_fit(expected, *parts))
    tail_losses, tail_history = run(make_fit(tail, *PrefixCache(tmp_path).rows(prefix, parts)))
    assert len(losses) == 3 * 9
    assert np.allclose(tail_losses, losses, rtol=0, atol=1e-5)
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        figures = [[entry[name] for entry in each] for each in (history, tail_history)]
        assert np.allclose(*figures, rtol=0, atol=1e-5)
    for weight, other in zip(model.weights, expected.weights, strict=True):
        assert np.allclose(weight, other, rtol=0, atol=1e-5)
    assert history[0]["loss"] - history[-1]["loss"] > 0.05  # there was something to learn
    outputs, sizes = model.predict_on_batch(VALIDATION[0]), []
    for dtype, tolerance in (("float32", 1e-5), ("float16", 1e-3)):
        (rows,) = PrefixCache(tmp_path, dtype).rows(prefix, [VALIDATION])
        assert np.allclose(rows.predict(tail), outputs, rtol=0, atol=tolerance)
        sizes.append(rows.path.stat().st_size - 128)  # numpy's header
    assert sizes[0] == 2 * sizes[1]


def test_a_fit_on_stored_rows_goes_on_to_the_same_weights_to_the_bit(tmp_path):
    assert_goes_on(lambda: make_stored_fit(tmp_path), tmp_path / "state.npz", (1, 4))


def test_a_state_begun_on_the_features_of_another_prefix_is_refused(tmp_path):
    fit = make_stored_fit(tmp_path)
    State(tmp_path / "state.npz", fit.model).save([])
    kernel = fit.model.prefix.get_layer("conv1").kernel
    kernel.assign(kernel + 1)
    with pytest.raises(InputError, match="frozen weights are not those"):
        run_fit(fit, tmp_path / "state.npz")


def test_batches_are_those_of_the_same_rows_in_memory(tmp_path):
    inputs, labels = np.random.default_rng(0).normal(size=(23, 3, 2)), np.arange(23)
    np.save(tmp_path / "inputs.npy", inputs)
    on_disk = StoredRows(tmp_path / "inputs.npy", labels, evaluation_batch=10)
    in_memory = ArrayRows(inputs, labels, evaluation_batch=10)
    first_step = tf.Variable(4, dtype=tf.int64)
    batches = [
        list(rows.training_batches(5, 1, first_step, 9).as_numpy_iterator())
        for rows in (on_disk, in_memory)
    ]
    assert len(batches[0]) == 9
    for batch, expected in zip(*batches, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(batch, expected, strict=True))
    assert len(on_disk) == 23
    whole = [np.concatenate(parts) for parts in zip(*on_disk.validation_data(), strict=True)]
    assert np.array_equal(whole[0], inputs)
    assert np.array_equal(whole[1], labels)


def test_only_a_few_batches_are_in_memory_at_a_time(tmp_path):
    np.save(tmp_path / "inputs.npy", np.zeros((256, 100_000), "float32"))  # 102 MB
    on_disk = StoredRows(tmp_path / "inputs.npy", np.arange(256))
    peak = watch_peak_memory()
    start = peak()
    first_step = tf.Variable(0, dtype=tf.int64)
    assert sum(len(labels) for _, labels in on_disk.training_batches(8, 1, first_step, 32)) == 256
    assert peak() - start < 40e6


def test_what_is_stored_is_computed_once_and_announced(tmp_path):
    said, parts = [], []
    for computed in ([16, 16, 16, 12, 16, 5], []):
        prefix, _ = cut(make_net())  # of other automatic names each time
        batches = count_batches(prefix)
        train, validation = PrefixCache(tmp_path).rows(
            prefix, [TRAIN, VALIDATION], said.append, parts.append
        )
        assert batches == computed
    assert stored(tmp_path) == sorted([train.path.name, validation.path.name])
    assert len(said) == 1
    assert "81 rows takes 20.7 kB" in said[0]
    assert str(tmp_path) in said[0]
    assert sum(parts) == pytest.approx(1)
    assert np.array_equal(np.load(validation.path), prefix.predict_on_batch(VALIDATION[0]))


def test_whatever_decides_the_features_decides_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_SUITE_CACHE", str(tmp_path))

    def path(net=None, rows=TRAIN, **options):
        prefix, _ = cut(net or make_net())
        prefix.run_eagerly = True
        (rows,) = PrefixCache(**options).rows(prefix, [rows])
        assert rows.path.parent == tmp_path / "prefixes"
        return rows.path

    other_kernel, other_averages, other_rows = make_net(), make_net(), TRAIN[0].copy()
    kernel = other_kernel.get_layer("conv2").kernel
    kernel.assign(kernel + np.float32(1e-6))
    average = other_averages.get_layer("norm1").moving_mean
    average.assign(average + 1)
    other_rows[-1, -1, -1, -1] ^= 1
    first = path()
    assert path() == first
    assert path(rows=(TRAIN[0], 1 - TRAIN[1])) == first
    paths = [
        first,
        path(other_kernel),
        path(other_averages),
        path(make_net(scale=1 / 128)),
        path(rows=(other_rows, TRAIN[1])),
        path(rows=(TRAIN[0].astype("float32"), TRAIN[1])),
        path(dtype="float16"),
    ]
    for library in (keras, tf):
        monkeypatch.setattr(library, "__version__", "another")
        paths.append(path())
    assert len(set(paths)) == len(paths) == 9


@pytest.mark.slow
def test_where_another_process_fills_the_cache_one_waits_for_it_even_if_it_is_killed(tmp_path):
    command = [sys.executable, "-m", "tests.training.prefixes", str(tmp_path)]
    prefix, _ = cut(make_net())
    with subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == "filling\n"
        assert [path.suffix for path in tmp_path.glob(".partial-*")] == [".npy"]
        assert stored(tmp_path) == []
        said = []

        def announce(sentence):
            said.append(sentence)
            process.kill()

        (rows,) = PrefixCache(tmp_path).rows(prefix, [TRAIN], announce)
    assert said[0] == f"Another process is filling {tmp_path}: waiting."
    assert not list(tmp_path.glob(".partial-*"))
    assert np.array_equal(np.load(rows.path), prefix.predict_on_batch(TRAIN[0]))


def test_what_another_has_filled_meanwhile_is_not_computed_again(tmp_path):
    (filler, _), (waiter, _) = cut(make_net()), cut(make_net())
    begun, told, compute = Event(), Event(), filler.predict_on_batch

    def compute_when_told(images):
        begun.set()
        assert told.wait(60)
        return compute(images)

    filler.predict_on_batch = compute_when_told
    batches = count_batches(waiter)
    (tmp_path / ".partial-1-left-by-a-kill.npy").touch()
    with ThreadPoolExecutor(1) as pool:
        filling = pool.submit(PrefixCache(tmp_path).rows, filler, [TRAIN])
        assert begun.wait(60)
        rows = PrefixCache(tmp_path).rows(waiter, [TRAIN], lambda sentence: told.set())
    assert batches == []
    assert not list(tmp_path.glob(".partial-*"))
    assert [each.path for each in filling.result()] == [each.path for each in rows]


def test_without_the_space_nothing_is_written(tmp_path, monkeypatch):
    free = SimpleNamespace(free=10_000)
    monkeypatch.setattr(prefix_cache.shutil, "disk_usage", lambda folder: free)
    prefix, _ = cut(make_net())
    said = []
    with pytest.raises(InputError) as refusal:
        PrefixCache(tmp_path).rows(prefix, [TRAIN, VALIDATION], said.append)
    for part in ("20.7 kB", "10.0 kB", str(tmp_path), "KERAS_SUITE_CACHE", "--no-prefix-cache"):
        assert part in str(refusal.value)
    assert said == stored(tmp_path) == []
    PrefixCache(tmp_path, "float16").rows(prefix, [TRAIN])


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    prefix, _ = cut(make_net())
    with pytest.raises(InputError, match=f"{tmp_path}/file/below cannot be written"):
        PrefixCache(tmp_path / "file" / "below").rows(prefix, [TRAIN])


def one_layer(layer):
    """A prefix of one frozen layer, and rows for it."""
    layer.trainable = False
    prefix, _ = cut(keras.Sequential([keras.Input((4,)), layer, layers.Dense(1)]))
    return prefix, (np.ones((5, 4), "float32"), np.zeros(5))


def test_features_too_large_for_float16_are_refused_and_not_stored(tmp_path):
    prefix, rows = one_layer(layers.Dense(2, kernel_initializer=keras.initializers.Constant(1e5)))
    with pytest.raises(InputError, match="too large for --cache-dtype float16"):
        PrefixCache(tmp_path, "float16").rows(prefix, [rows])
    assert stored(tmp_path) == []
    PrefixCache(tmp_path).rows(prefix, [rows])


class OnlyInTraining(layers.Dense):
    def call(self, inputs, training=False):
        return super().call(inputs) * (2 if training else 1)


@pytest.mark.parametrize(
    "layer",
    [
        OnlyInTraining(2),
        layers.SpectralNormalization(layers.Dense(2)),  # even where it is frozen
        layers.Dense(2, activity_regularizer="l2"),
    ],
)
def test_layers_that_do_something_else_in_training_are_found_out(tmp_path, layer):
    prefix, rows = one_layer(layer)
    with pytest.raises(InputError, match="In training the frozen layers make other features"):
        PrefixCache(tmp_path).rows(prefix, [rows])
    assert stored(tmp_path) == []
