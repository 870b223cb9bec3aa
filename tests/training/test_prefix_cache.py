from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
import transformers as tr
from keras import layers

from keras_suite.training import prefix_cache
from keras_suite.training.fit import run_fit
from keras_suite.training.memory import watch_peak_memory
from keras_suite.training.prefix import cut
from keras_suite.training.prefix_cache import PrefixCache
from keras_suite.training.rows import StoredRows
from keras_suite.training.state import State
from tests.data.refusals import refused
from tests.training.fits import assert_goes_on
from tests.training.prefixes import assert_trains_alike, make_fit, make_net, make_rows

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
    model, parts = make_net(), [TRAIN, VALIDATION]
    prefix, tail = cut(model)
    on_stored = make_fit(tail, *PrefixCache(tmp_path).rows(prefix, parts))
    assert_trains_alike(make_fit(make_net(), *parts), on_stored, model)
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
    with refused("frozen weights are not those"):
        run_fit(fit, tmp_path / "state.npz")


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
    for computed in ([1, 2, 16, 16, 16, 12, 16, 5], []):  # the first two are to trace
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
    other_kernel.get_layer("conv2").kernel.assign_add(np.full((3, 3, 4, 4), 1e-6))
    other_averages.get_layer("norm1").moving_mean.assign_add(np.ones(4))
    other_rows[-1, -1, -1, -1] ^= 1
    first = path()
    assert path() == path(rows=(TRAIN[0], 1 - TRAIN[1])) == first
    nets = other_kernel, other_averages, make_net(scale=1 / 128)
    sets = (other_rows, TRAIN[1]), (TRAIN[0].astype("float32"), TRAIN[1])
    paths = [first, *map(path, nets), *(path(rows=each) for each in sets), path(dtype="float16")]
    for library in ("keras", "tensorflow", "transformers", "our own layers"):
        changed = [*prefix_cache._software(), library]
        monkeypatch.setattr(prefix_cache, "_software", lambda changed=changed: changed)
        paths.append(path())
    assert len(set(paths)) == len(paths) == 11


def test_what_computes_the_features_is_known_by_version_and_code(monkeypatch):
    *versions, code = prefix_cache._software.__wrapped__()
    assert versions == [keras.__version__, tf.__version__, version("tf-keras"), tr.__version__]
    read = Path.read_bytes
    changed = lambda path: read(path) + b"#" * (path.name == "gelu.py")  # noqa: E731
    monkeypatch.setattr(Path, "read_bytes", changed)
    assert prefix_cache._software.__wrapped__()[-1] != code


def test_a_file_that_was_cut_is_made_anew_and_one_that_is_cut_meanwhile_is_not_trained_on(tmp_path):
    prefix, _ = cut(make_net())
    (rows,) = PrefixCache(tmp_path).rows(prefix, [TRAIN])
    whole = rows.path.read_bytes()
    for short in (whole[:-1], whole[:50], b""):
        rows.path.write_bytes(short)
        PrefixCache(tmp_path).rows(prefix, [TRAIN])
        assert rows.path.read_bytes() == whole
    (rows,) = PrefixCache(tmp_path).rows(prefix, [TRAIN])
    last = np.array([len(TRAIN[0]) - 1])
    assert rows._read(last).any()
    rows.path.write_bytes(whole[:-1])
    with refused("was cut short"):
        rows._read(last)


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
    said = []
    with ThreadPoolExecutor(1) as pool:
        filling = pool.submit(PrefixCache(tmp_path).rows, filler, [TRAIN])
        assert begun.wait(60)
        assert stored(tmp_path) == []
        rows = PrefixCache(tmp_path).rows(waiter, [TRAIN], lambda it: said.append(it) or told.set())
    assert said == [f"Another process is filling {tmp_path}: waiting."]
    assert batches == []
    assert not list(tmp_path.glob(".partial-*"))
    assert [each.path for each in filling.result()] == [each.path for each in rows]


def test_without_the_space_or_a_folder_nothing_is_written(tmp_path, monkeypatch):
    free = SimpleNamespace(free=prefix_cache.SPARE + 10_000)
    monkeypatch.setattr(prefix_cache.shutil, "disk_usage", lambda folder: free)
    prefix, _ = cut(make_net())
    said = []
    with refused(f"20.7 kB .*{tmp_path}.* 10.0 kB .*KERAS_SUITE_CACHE.*--no-prefix-cache"):
        PrefixCache(tmp_path).rows(prefix, [TRAIN, VALIDATION], said.append)
    assert said == stored(tmp_path) == []
    PrefixCache(tmp_path, "float16").rows(prefix, [TRAIN])
    (tmp_path / "file").touch()
    with refused(f"{tmp_path}/file/below cannot be written"):
        PrefixCache(tmp_path / "file" / "below").rows(prefix, [TRAIN])


class OnlyInTraining(layers.Dense):
    def call(self, inputs, training=False):
        return super().call(inputs) * (2 if training else 1)


LARGE = layers.Dense(2, kernel_initializer=keras.initializers.Constant(1e5))
UNSTABLE = "In training the frozen layers make other features"
UNSTORED = [
    (LARGE, "float16", "too large for --cache-dtype float16"),
    (OnlyInTraining(2), "float32", UNSTABLE),
    (layers.SpectralNormalization(layers.Dense(2)), "float32", UNSTABLE),  # even if frozen
    (layers.Dense(2, activity_regularizer="l2"), "float32", UNSTABLE),
]


@pytest.mark.parametrize(("layer", "dtype", "sentence"), UNSTORED)
def test_features_too_large_or_other_ones_in_training_are_not_stored(
    tmp_path, layer, dtype, sentence
):
    layer.trainable = False
    prefix, _ = cut(keras.Sequential([keras.Input((4,)), layer, layers.Dense(1)]))
    rows = np.ones((5, 4), "float32"), np.zeros(5)
    with refused(sentence):
        PrefixCache(tmp_path, dtype).rows(prefix, [rows])
    assert stored(tmp_path) == []
    if layer is LARGE:
        PrefixCache(tmp_path).rows(prefix, [rows])
