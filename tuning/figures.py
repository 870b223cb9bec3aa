"""The figures of a search."""

import math

import numpy as np
from matplotlib.figure import Figure
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import permutation_importance

from keras_suite.plots.style import COLORS, subplots

from .outcome import TrialOutcome


def curves_by_bracket(trials: list[TrialOutcome], objective: str) -> Figure:
    """Draw completed trials, the best first and standing out, a column for each bracket."""
    brackets = sorted({each.bracket for each in trials}, reverse=True)
    figure, axes = subplots(1, len(brackets), 3.8, 3.4)
    for axis, bracket in zip(axes[0], brackets, strict=True):
        for each in (trial for trial in trials if trial.bracket == bracket):
            begin = max(0, each.initial_epoch - 1)  # where the parent's curve ends
            style = {"color": COLORS[0], "alpha": 0.45, "linewidth": 1.2}
            if each is trials[0]:
                begin = 0
                style = {"color": COLORS[1], "linewidth": 2.5, "zorder": 3, "label": "the best"}
            points = [(entry["epoch"], entry[objective]) for entry in each.history[begin:]]
            axis.plot(*zip(*points, strict=True), marker="o", markersize=3, **style)
        axis.set(title=f"bracket {bracket}", xlabel="epoch", xlim=(0.5, None))
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.sharey(axes[0, 0])
        if trials[0].bracket == bracket:
            axis.legend(frameon=False, loc="best")
    axes[0, 0].set_ylabel(objective)
    return figure


def hyperparameter_names(trials: list[TrialOutcome]) -> list[str]:
    """Return the hyperparameters of all trials, of which each may have some only."""
    return list(dict.fromkeys(name for each in trials for name in each.hyperparameters))


def objective_by_hyperparameter(trials: list[TrialOutcome], objective: str) -> Figure:
    """Draw the score of the completed trials that have a hyperparameter, coloured by epochs."""
    names = hyperparameter_names(trials)
    columns = min(4, len(names))
    figure, axes = subplots(math.ceil(len(names) / columns), columns, 3.2, 3.0)
    budgets = sorted({each.epochs for each in trials})
    colors = dict(zip(budgets, np.resize(COLORS, len(budgets)), strict=True))
    shown = {}
    for axis in axes.flat[len(names) :]:
        axis.set_axis_off()
    for axis, name in zip(axes.flat, names, strict=False):
        having = [each for each in trials if name in each.hyperparameters]
        for budget in sorted({each.epochs for each in having}):
            points = [(t.hyperparameters[name], t.score) for t in having if t.epochs == budget]
            values, scores = zip(*points, strict=True)
            shown[budget] = axis.scatter(values, scores, s=22, alpha=0.8, color=colors[budget])
        axis.set_xlabel(name)
        values = [each.hyperparameters[name] for each in having]
        positive = all(isinstance(value, (int, float)) and value > 0 for value in values)
        if positive and max(values) / min(values) >= 50:
            axis.set_xscale("log")
    for row in axes:
        row[0].set_ylabel(objective)
    handles = [shown[budget] for budget in budgets]
    place = {"frameon": False, "loc": "outside right upper"}
    figure.legend(handles, list(map(str, budgets)), title="epochs", **place)
    return figure


def importance(trials: list[TrialOutcome], seed: int) -> dict[str, tuple[float, float]] | None:
    """Estimate how much each hyperparameter decides about the score of completed trials.

    By permutation (Breiman, 2001) in a random forest that predicts the score from the
    hyperparameters and the epochs: how much worse, in share of the explained variance, it predicts
    once the values of one are shuffled among the trials. Returns mean and standard deviation over
    30 shuffles by name, epochs included; None where fewer than 8 trials say nothing.
    """
    if len(trials) < 8:
        return None
    names = [*hyperparameter_names(trials), "epochs"]
    rows = [each.hyperparameters | {"epochs": each.epochs} for each in trials]
    X = np.column_stack([_as_numbers([row.get(name) for row in rows]) for name in names])
    y = np.array([each.score for each in trials])
    forest = RandomForestRegressor(200, min_samples_leaf=2, random_state=seed).fit(X, y)
    found: dict = permutation_importance(forest, X, y, n_repeats=30, random_state=seed)
    spreads = found["importances_mean"].tolist(), found["importances_std"].tolist()
    return dict(zip(names, zip(*spreads, strict=True), strict=True))


def _as_numbers(values: list) -> np.ndarray:
    """Numbers as they are, NaN for None; anything else by its place among the values there are."""
    if all(value is None or isinstance(value, (int, float)) for value in values):
        return np.array(values, float)
    return np.unique([str(value) for value in values], return_inverse=True)[1].astype(float)


def importance_bars(importances: dict[str, tuple[float, float]], trials: int) -> Figure:
    """Draw what :func:`importance` found in so many trials, the greatest on top."""
    ordered = sorted(importances.items(), key=lambda item: item[1][0])
    figure, axes = subplots(1, 1, 6.0, 1.2 + 0.36 * len(ordered))
    axis = axes[0, 0]
    means, spreads = zip(*(value for _, value in ordered), strict=True)
    axis.barh([name for name, _ in ordered], means, xerr=spreads, color=COLORS[0], ecolor="0.4")
    label = "loss of explained variance when shuffled (± standard deviation)"
    axis.set(xlabel=label, title=f"importance, estimated from {trials} trials", xlim=(0, None))
    return figure
