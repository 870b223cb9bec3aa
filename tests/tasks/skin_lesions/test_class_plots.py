import numpy as np
import pytest

from keras_suite.tasks.skin_lesions import class_plots

CLASSES = ["akiec", "bcc", "bkl", "df", "mel", "nv", "vasc"]
RNG = np.random.default_rng(0)


def predictions(rows=200, absent=()):
    y = RNG.integers(0, 7, rows)
    y = y[~np.isin(y, absent)]
    return y, RNG.dirichlet(np.ones(7), len(y))


PARTS = {"train": predictions(), "validation": predictions(), "test": predictions(absent=[3])}
MODELS = dict.fromkeys(("plain", "weights", "sampling", "augmentation", "combined"), PARTS)
POINTS = {
    name: {"accuracy": 0.7, "accuracy from": 0.68, "accuracy to": 0.71}
    | {"balanced_accuracy": 0.5, "balanced_accuracy from": 0.41, "balanced_accuracy to": 0.55}
    for name in MODELS
}
REPORTED = {"train": [0.8] * 7, "test": [0.4] * 7}
FIGURES = {
    "f1": lambda: class_plots.rates_by_class(MODELS, CLASSES, "f1", REPORTED),
    "accuracy": lambda: class_plots.against_accuracy(POINTS, {"always nv": (0.67, 1 / 7)}),
}


def texts(figure):
    artists = figure.findobj(lambda artist: hasattr(artist, "get_text"))
    return [artist.get_text() for artist in artists]


def test_roc_curves_carry_their_areas_and_an_absent_class_is_said_to_be_undefined():
    y = np.array([0, 0, 1, 1])
    p = np.array([[0.9, 0.1, 0], [0.6, 0.3, 0.1], [0.2, 0.8, 0], [0.7, 0.2, 0.1]])
    (axes,) = class_plots.roc_by_class({"test": (y, p)}, ["a", "b", "c"]).axes
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["a: 0.750", "b: 0.750", "c: undefined"]


def test_reported_values_are_lines_in_their_panel_only():
    figure = FIGURES["f1"]()
    drawn = [[c.get_label() for c in axes.collections] for axes in figure.axes]
    assert drawn == [["reported"], [], ["reported"]]
    (line,) = figure.axes[2].collections
    assert [segment[:, 1].tolist() for segment in line.get_segments()] == [[0.4, 0.4]] * 7


def test_a_mark_stands_at_its_accuracies_and_its_bars_end_at_the_interval():
    (axes,) = FIGURES["accuracy"]().axes
    marks, _, (across, up) = axes.containers[0]
    assert marks.get_xydata().tolist() == [[0.7, 0.5]]
    assert across.get_segments()[0][:, 0] == pytest.approx([0.68, 0.71])
    assert up.get_segments()[0][:, 1] == pytest.approx([0.41, 0.55])
    assert {"plain", "combined", "always nv"} <= set(texts(axes.figure))


def test_points_are_the_test_figures_and_the_ends_of_their_intervals():
    row = {"model": "plain", "split": "test", "metric": "accuracy", "reproduced": 0.7}
    others = {"split": "validation"}, {"group": "by class"}, {"group": "cost"}
    ends = row | {"group": "interval", "metric": "accuracy from", "reproduced": 0.6}
    points = class_plots.points_of([row, ends, *(row | each for each in others)], "interval")
    assert points == {"plain": {"accuracy": 0.7, "accuracy from": 0.6}}


def test_always_the_largest_class_is_as_accurate_as_that_class_is_large():
    found = class_plots.largest_class(np.array([0, 1, 1, 1, 3]))
    assert found == {"always the largest class": (0.6, 1 / 3)}
