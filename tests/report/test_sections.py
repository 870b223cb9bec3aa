import pytest

from keras_suite.report.sections import headline
from keras_suite.runs.read import read_run
from tests.report.run_folders import result, write_run


@pytest.fixture
def best(tmp_path):
    """The key of the figure that stands for a run of these results."""

    def choose(*results, exported="cnn"):
        found = headline(read_run(write_run(tmp_path, results=list(results), exported=exported)))
        return found and found.key

    return choose


def test_the_headline_has_a_reported_figure_where_there_is_one(best):
    found = best(result("f1", 0.8), result("accuracy", 0.9, 0.86), result("loss", 0.1, 0.2))
    assert found == ("test", "cnn, paper", "accuracy")


@pytest.mark.parametrize("exported", ["other", "cnn, clean"])
def test_the_headline_is_of_the_exported_model(best, exported):
    model, _, protocol = exported.partition(", ")
    mine = {"model": model, "protocol": protocol}
    tuned = result("f1", 0.9, 0.8, **mine, decision="tuned threshold")
    untuned = [result(metric, 0.9, 0.8, **mine) for metric in ("loss", "f1")]
    assert best(result("f1", 0.8, 0.7), *untuned, tuned, exported=exported)[1:] == (exported, "f1")


def test_a_validation_figure_with_a_reported_one_goes_before_a_test_figure_without(best):
    rows = result(), result(reported=0.8, split="validation"), result("f1", split="train")
    assert best(*rows)[0] == "validation"


def test_figures_of_a_class_stand_for_no_run(best):
    by_class = result("f1 a", 0.9, 0.8, group="by class")
    assert best(by_class, result("f1"))[2] == "f1"


def test_without_results_there_is_no_headline(best):
    assert best() is None
