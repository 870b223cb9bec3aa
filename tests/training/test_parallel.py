import dataclasses
import signal
import threading
import time

import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from keras_suite.training.fit import run_fit
from keras_suite.training.parallel import cores, run_fits
from tests.training.fits import make_fit, make_text_fit, same_to_the_bit


def quick_fit(loss="sparse_categorical_crossentropy", measures=None, **options):
    """A fit that begins without the seconds that TensorFlow takes to trace one."""
    fit = make_fit(**options)
    fit.model.compile("sgd", loss, run_eagerly=True)
    return dataclasses.replace(fit, measures=measures or {})


def test_fits_side_by_side_end_where_each_ends_alone_with_all_steps_counted(tmp_path):
    folders, counted = (tmp_path / "state", tmp_path / "log"), []
    alone, together, again = ([make_fit(epochs=3), make_text_fit()] for _ in range(3))
    expected = {fit.name: run_fit(fit) for fit in alone}
    histories = run_fits(together, *folders, counted.append, at_once=2)
    assert list(histories) == list(expected)
    for one, other in zip(alone, together, strict=True):
        assert same_to_the_bit(one, other)
    assert sum(counted) == sum(fit.steps for fit in alone) == 3 * 10 + 4 * 5
    assert min(counted) >= 0  # never past the end of an epoch and back again
    counted.clear()
    assert run_fits(again, *folders, counted.append) == histories
    assert sum(counted) == 50  # all finished before
    for folder, key in (("train", "loss"), ("validation", "val_loss")):  # of TensorBoard
        events = EventAccumulator(str(tmp_path / "log" / "fit" / folder))
        events.Reload()
        written = [tf.make_ndarray(e.tensor_proto) for e in events.Tensors("epoch_loss")]
        assert written == pytest.approx([entry[key] for entry in histories["fit"]])


def test_one_at_a_time_each_fit_ends_before_the_next_begins_the_longest_first(tmp_path):
    evaluated = []

    def make_noted(name, epochs):
        measures = {"note": lambda labels, outputs: evaluated.append(name) or 0.0}
        return quick_fit(name=name, epochs=epochs, measures=measures)

    fits = [make_noted("short", 1), make_noted("long", 2)]
    histories = run_fits(fits, tmp_path / "state", tmp_path / "log", at_once=1)
    assert evaluated == ["long", "long", "short"]
    assert list(histories) == ["short", "long"]


def test_an_error_in_one_fit_stops_the_others_and_is_raised(tmp_path):
    broken = quick_fit(lambda y, p: 1 / 0, name="broken", epochs=200_000)  # longest: begins first
    endless = [quick_fit(name=f"endless{i}", epochs=100_000) for i in range(cores() + 1)]
    with pytest.raises(ZeroDivisionError):
        run_fits([broken, *endless], tmp_path / "state", tmp_path / "log")
    assert not (tmp_path / "log" / endless[-1].name).exists()  # waited, and was never begun


def test_ctrl_c_stops_all_fits_and_keeps_their_finished_epochs(tmp_path):
    def press_ctrl_c():
        while not list((tmp_path / "state").glob("*.npz")):
            time.sleep(0.01)
        # The kernel may give it to any thread; only the main one acts on it.
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        time.sleep(1)

    threading.Thread(target=press_ctrl_c, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        run_fits([quick_fit(epochs=100_000)], tmp_path / "state", tmp_path / "log")
    assert len(np.load(tmp_path / "state" / "fit.npz").files) > 1


def test_two_fits_of_one_name_are_refused(tmp_path):
    with pytest.raises(ValueError, match="two fits have one name: fit, fit"):
        run_fits([quick_fit(), quick_fit()], tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("quota", "expected"), [("150000 100000", 2), ("20000 100000", 1), ("max 100000", 8), (None, 8)]
)
def test_cores_are_no_more_than_a_containers_share(monkeypatch, quota, expected):
    def read_text(path):
        assert str(path) == "/sys/fs/cgroup/cpu.max"
        if quota is None:
            raise FileNotFoundError
        return quota

    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)))
    monkeypatch.setattr("pathlib.Path.read_text", read_text)
    assert cores() == expected
