import dataclasses

import numpy as np
import pytest
from keras_suite.tuning import figures
from keras_suite.tuning.figures import importance
from keras_suite.tuning.outcome import TrialOutcome


def trial(number, bracket, epochs, score, initial=0, **hyperparameters):
    history = [{"epoch": e + 1, "val_accuracy": score * (e + 1) / epochs} for e in range(epochs)]
    return TrialOutcome(
        f"{number:04d}", "COMPLETED", score, epochs, bracket, 0, epochs, initial, "",
        hyperparameters, history, "",
    )  # fmt: skip


@pytest.fixture(scope="module")
def trials():
    """The score depends on the rate alone, not on the width or the kind."""
    rng = np.random.default_rng(0)
    made = []
    for i in range(40):
        values = {"rate": float(10 ** rng.uniform(-4, -1)), "width": int(rng.integers(1, 64))}
        values["kind"] = str(rng.choice(["a", "b"]))
        score = 0.9 + 0.02 * np.log10(values["rate"])
        made.append(trial(i, i % 2, (2, 6)[i % 2], score, **values))
    return sorted(made, key=lambda each: -each.score)


def test_each_bracket_has_its_curves_and_the_best_trial_stands_out_whole(trials):
    figure = figures.curves_by_bracket(trials, "val_accuracy")
    assert [axis.get_title() for axis in figure.axes] == ["bracket 1", "bracket 0"]
    assert [len(axis.lines) for axis in figure.axes] == [20, 20]
    lines = [line for axis in figure.axes for line in axis.lines]
    (best,) = (line for line in lines if line.get_label() == "the best")
    assert list(best.get_ydata()) == [entry["val_accuracy"] for entry in trials[0].history]


def test_a_promoted_trials_curve_begins_where_its_parents_ended():
    best, promoted = trial(0, 0, 6, 0.9), trial(1, 0, 6, 0.8, initial=2)
    figure = figures.curves_by_bracket([best, promoted], "val_accuracy")
    assert [list(line.get_xdata()) for line in figure.axes[0].lines][1] == [2, 3, 4, 5, 6]


def test_each_hyperparameter_has_its_axes_with_a_colour_for_each_budget(trials):
    figure = figures.objective_by_hyperparameter(trials, "val_accuracy")
    axes = {axis.get_xlabel(): axis for axis in figure.axes}
    assert set(axes) == {"rate", "width", "kind"}
    assert [axes[name].get_xscale() for name in ("rate", "kind")] == ["log", "linear"]
    assert [len(axis.collections) for axis in axes.values()] == [2, 2, 2]


def test_importance_finds_what_the_score_depends_on_if_there_are_trials_enough(trials):
    found = importance(trials, seed=1)
    assert set(found) == {"rate", "width", "kind", "epochs"}
    assert found["rate"][0] > 5 * max(found[name][0] for name in ("width", "kind", "epochs"))
    labels = [
        text.get_text() for text in figures.importance_bars(found, 40).axes[0].get_yticklabels()
    ]
    assert labels[-1] == "rate"
    assert importance(trials[:7], seed=1) is None


def test_a_hyperparameter_is_drawn_by_the_trials_that_have_it(trials):
    some = [each for each in trials if each.hyperparameters["kind"] == "a"]
    others = [dataclasses.replace(each, hyperparameters={"rate": 0.1}) for each in trials[:20]]
    mixed = others + some
    axes = {a.get_xlabel(): a for a in figures.objective_by_hyperparameter(mixed, "a").axes}
    points = {name: sum(len(c.get_offsets()) for c in axes[name].collections) for name in axes}
    assert points == {"rate": len(mixed), "width": len(some), "kind": len(some)}
    assert set(importance(mixed, seed=1)) == {"rate", "width", "kind", "epochs"}
