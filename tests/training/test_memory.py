import gc

import numpy as np
from tensorflow.python.framework.func_graph import FuncGraph

from keras_suite.training.fit import run_fit
from keras_suite.training.memory import forget_graphs, watch_peak_memory
from tests.training.fits import make_fit, without_seconds


def graphs() -> int:
    gc.collect()
    return sum(isinstance(each, FuncGraph) for each in gc.get_objects())


def test_a_finished_fit_leaves_no_graph_behind_and_the_next_trains_alike():
    first = run_fit(make_fit(epochs=1))
    forget_graphs()
    before = graphs()
    second = run_fit(make_fit(epochs=1))
    assert graphs() > before
    forget_graphs()
    assert graphs() == before
    assert without_seconds(first) == without_seconds(second)


def test_the_peak_is_of_what_happens_while_it_is_watched():
    before = np.ones(30_000_000)  # 240 MB
    del before
    peak = watch_peak_memory()
    start = peak()
    during = np.ones(20_000_000)  # 160 MB
    del during
    highest = peak()
    assert 140e6 < highest - start < 220e6
    assert watch_peak_memory()() < highest - 140e6
