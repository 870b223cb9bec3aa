"""The figures of a search."""

import numpy as np
from matplotlib.figure import Figure
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import permutation_importance

from keras_suite.plots.style import COLORS, subplots
from tuning.outcome import TrialOutcome

FEWEST_TRIALS = 8
COLUMNS = 4


def curves_by_bracket(trials: list[TrialOutcome], objective: str) -> Figure:
    """Draw the objective over epochs, a column for each bracket; the best trial stands out.

    Args:
        trials: completed ones, the best first.
        objective: its name.
    """
    brackets = sorted({each.bracket for each in trials}, reverse=True)
    figure, axes = subplots(1, len(brackets), 3.8, 3.4)
    for axis, bracket in zip(axes[0], brackets, strict=True):
        for each in trials:
            if each.bracket == bracket:
                if each is trials[0]:
                    shown = each.history
                    style = {"color": COLORS[1], "linewidth": 2.5, "zorder": 3, "label": "the best"}
                else:
                    shown = each.history[max(0, each.initial_epoch - 1) :]  # from the parent's end
                    style = {"color": COLORS[0], "alpha": 0.45, "linewidth": 1.2}
                x, y = [entry["epoch"] for entry in shown], [entry[objective] for entry in shown]
                axis.plot(x, y, marker="o", markersize=3, **style)
        axis.set(title=f"bracket {bracket}", xlabel="epoch", xlim=(0.5, None))
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.sharey(axes[0, 0])
        if trials[0].bracket == bracket:
            axis.legend(frameon=False, loc="best")
    axes[0, 0].set_ylabel(objective)
    return figure


def objective_by_hyperparameter(trials: list[TrialOutcome], objective: str) -> Figure:
    """Draw each trial's score against each hyperparameter, coloured by its epochs.

    Args:
        trials: completed ones.
        objective: its name.
    """
    names = list(trials[0].hyperparameters)
    columns = min(COLUMNS, len(names))
    rows = -(-len(names) // columns)
    figure, axes = subplots(rows, columns, 3.2, 3.0)
    budgets = sorted({each.epochs for each in trials})
    for axis in axes.flat[len(names) :]:
        axis.set_axis_off()
    for axis, name in zip(axes.flat, names, strict=False):
        for color, budget in zip(np.resize(COLORS, len(budgets)), budgets, strict=True):
            chosen = [each for each in trials if each.epochs == budget]
            values = [each.hyperparameters[name] for each in chosen]
            scores = [each.score for each in chosen]
            axis.scatter(values, scores, s=22, alpha=0.8, color=color, label=f"{budget}")
        axis.set_xlabel(name)
        if _spans_decades([each.hyperparameters[name] for each in trials]):
            axis.set_xscale("log")
    for row in axes:
        row[0].set_ylabel(objective)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, title="epochs", frameon=False, loc="outside right upper")
    return figure


def _spans_decades(values: list) -> bool:
    numbers = all(isinstance(value, (int, float)) and value > 0 for value in values)
    return numbers and max(values) / min(values) >= 50


def importance(trials: list[TrialOutcome], seed: int) -> dict[str, tuple[float, float]] | None:
    """Estimate how much each hyperparameter decides about the score.

    By permutation (Breiman, 2001) in a random forest that predicts the score from the
    hyperparameters and the epochs: how much worse, in share of the explained variance, it predicts
    once the values of one are shuffled among the trials.

    Args:
        trials: completed ones.
        seed: of the forest and the shuffles.

    Returns:
        Mean and standard deviation over 30 shuffles by name, epochs included; None where there are
        too few trials to say anything.
    """
    if len(trials) < FEWEST_TRIALS:
        return None
    names = list(trials[0].hyperparameters)
    columns = [_as_numbers([each.hyperparameters[name] for each in trials]) for name in names]
    X = np.column_stack([*columns, [each.epochs for each in trials]])
    y = np.array([each.score for each in trials])
    forest = RandomForestRegressor(200, min_samples_leaf=2, random_state=seed).fit(X, y)
    found = permutation_importance(forest, X, y, n_repeats=30, random_state=seed)
    spread = zip(found.importances_mean, found.importances_std, strict=True)
    return {
        name: (float(mean), float(std))
        for name, (mean, std) in zip([*names, "epochs"], spread, strict=True)
    }


def _as_numbers(values: list) -> np.ndarray:
    """Numbers as they are; anything else by its place among the values there are."""
    if all(isinstance(value, (int, float)) for value in values):
        return np.array(values, float)
    return np.unique([str(value) for value in values], return_inverse=True)[1].astype(float)


def importance_bars(importances: dict[str, tuple[float, float]], trials: int) -> Figure:
    """Draw importances, the greatest on top.

    Args:
        importances: as :func:`importance` gives them.
        trials: from how many.
    """
    ordered = sorted(importances.items(), key=lambda item: item[1][0])
    figure, axes = subplots(1, 1, 6.0, 1.2 + 0.36 * len(ordered))
    axis = axes[0, 0]
    means, spreads = zip(*(value for _, value in ordered), strict=True)
    axis.barh([name for name, _ in ordered], means, xerr=spreads, color=COLORS[0], ecolor="0.4")
    axis.set_xlabel("loss of explained variance when shuffled (± standard deviation)")
    axis.set_title(f"importance, estimated from {trials} trials")
    axis.set_xlim(left=0)
    return figure
