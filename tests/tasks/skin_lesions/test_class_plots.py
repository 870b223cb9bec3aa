import numpy as np
import pytest

from keras_suite.tasks.skin_lesions import class_plots

LABELS = np.array([0, 0, 1, 1])
PROBABILITIES = np.array([[0.9, 0.1, 0], [0.6, 0.3, 0.1], [0.2, 0.8, 0], [0.7, 0.2, 0.1]])
PART = LABELS, PROBABILITIES
FIGURES = 0.7, 0.68, 0.71, 0.5, 0.41, 0.55


def legend_of(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_roc_curves_carry_their_areas_and_an_absent_class_is_said_to_be_undefined():
    (axes,) = class_plots.roc_by_class({"test": PART}, ["a", "b", "c"]).axes
    assert legend_of(axes) == ["a: 0.750", "b: 0.750", "c: undefined"]


def test_rates_are_dots_and_reported_values_lines_in_their_panel_only():
    models = dict.fromkeys(("plain", "weights"), dict.fromkeys(("train", "test"), PART))
    reported = {"test": [0.4, 0.5, 0.6]}
    figure = class_plots.rates_by_class(models, ["a", "b", "c"], "recall", reported)
    train, test = figure.axes
    assert legend_of(train) == ["plain", "weights"]
    for line, aside in zip(test.lines, (-0.06, 0.06), strict=False):
        assert line.get_xdata() == pytest.approx(np.arange(3) + aside)
        assert line.get_ydata() == pytest.approx([1, 0.5, np.nan], nan_ok=True)
    assert not train.collections
    drawn = [segment.tolist() for segment in test.collections[0].get_segments()]
    assert drawn == [[[i - 0.36, y], [i + 0.36, y]] for i, y in enumerate(reported["test"])]


def test_a_mark_stands_at_its_accuracies_and_its_bars_end_at_the_interval():
    names = "accuracy", "accuracy from", "accuracy to"
    values = dict(zip((*names, *(f"balanced_{name}" for name in names)), FIGURES, strict=True))
    (axes,) = class_plots.against_accuracy({"plain": values}, {"always nv": (0.67, 1 / 7)}).axes
    marks, _, (across, up) = axes.containers[0]
    assert marks.get_xydata().tolist() == [[0.7, 0.5]]
    assert across.get_segments()[0][:, 0] == pytest.approx([0.68, 0.71])
    assert up.get_segments()[0][:, 1] == pytest.approx([0.41, 0.55])
    assert axes.lines[-1].get_xydata().tolist() == [[0.67, 1 / 7]]
    assert set(legend_of(axes)) == {"plain", "always nv"}
    beside = values | {"accuracy from": 0.71, "accuracy to": 0.71}  # of one resample
    (axes,) = class_plots.against_accuracy({"plain": beside}, {}).axes
    assert axes.containers[0][2][0].get_segments()[0][:, 0] == pytest.approx([0.7, 0.71])


def test_points_are_the_test_figures_and_the_ends_of_their_intervals():
    row = {"model": "plain", "split": "test", "metric": "accuracy", "reproduced": 0.7}
    others = {"split": "validation"}, {"group": "by class"}, {"group": "cost"}
    ends = row | {"group": "interval", "metric": "accuracy from", "reproduced": 0.6}
    points = class_plots.points_of([row, ends, *(row | each for each in others)], "interval")
    assert points == {"plain": {"accuracy": 0.7, "accuracy from": 0.6}}


def test_always_the_largest_class_is_as_accurate_as_that_class_is_large():
    found = class_plots.largest_class(np.array([0, 1, 1, 1, 3]))
    assert found == {"always the largest class": (0.6, 1 / 3)}
