import gc

from tensorflow.python.framework.func_graph import FuncGraph

from keras_suite.training.fit import run_fit
from keras_suite.training.memory import forget_graphs
from tests.training.fits import make_fit


def graphs() -> int:
    gc.collect()
    return sum(isinstance(each, FuncGraph) for each in gc.get_objects())


def test_a_finished_fit_leaves_no_graph_behind():
    run_fit(make_fit(epochs=1))
    forget_graphs()
    before = graphs()
    run_fit(make_fit(epochs=1))
    assert graphs() > before
    forget_graphs()
    assert graphs() == before


def test_the_next_model_trains_as_if_nothing_had_been_forgotten():
    first = run_fit(make_fit(epochs=2))
    forget_graphs()
    second = run_fit(make_fit(epochs=2))
    assert [entry["loss"] for entry in first] == [entry["loss"] for entry in second]
