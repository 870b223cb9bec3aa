import pytest

from keras_suite.report.sections import headline
from keras_suite.runs.read import read_run
from tests.report.run_folders import result, write_run

MINE = {"model": "cnn", "protocol": "clean"}
UNTUNED = [result(metric, 0.9, 0.8, **MINE) for metric in ("loss", "f1")]
TUNED = result("f1", 0.9, 0.8, **MINE, decision="tuned threshold")
OTHER = result("f1", 0.8, 0.7, model="other")


VALIDATION = result(reported=0.8, split="validation")
BY_CLASS = result("f1 a", 0.9, 0.8, group="by class")
LOSS, ACCURACY = result("loss", 0.1, 0.2), result("accuracy", 0.9, 0.86)


@pytest.mark.parametrize(
    ("results", "exported", "expected"),
    [
        ([], "cnn", None),
        ([result("f1", 0.8), LOSS, ACCURACY], "cnn", ("test", "cnn, paper", "accuracy")),
        ([OTHER, *UNTUNED, TUNED], "cnn", ("test", "cnn, clean", "f1")),
        ([OTHER, TUNED, *UNTUNED], "cnn, clean", ("test", "cnn, clean", "f1")),
        ([result(), VALIDATION], "cnn", ("validation", "cnn, paper", "accuracy")),
        ([BY_CLASS, result("f1")], "cnn", ("test", "cnn, paper", "f1")),
    ],
)  # fmt: skip
def test_the_headline_is_the_exported_models_comparable_figure(
    tmp_path, results, exported, expected
):
    found = headline(read_run(write_run(tmp_path, results=results, exported=exported)))
    assert (found and found.key) == expected
