"""A simulated stand-in for the ULB credit-card table, for machines without a network.

Three kinds of rows are drawn: legitimate payments, frauds that can be told from them, and the
share of frauds that hides among them. Each kind is a Gaussian copula: every column keeps its own
distribution, given by quantiles, and the columns' dependence is that of a multivariate normal.
The parameters in ``creditcard_stand_in.json`` are figures fitted to real rows; no row is stored.
``benchmarks/fit_stand_in.py`` fits them anew.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd

PARAMETERS = Path(__file__).with_suffix(".json")
ROWS, FRAUDS = 28_480, 49
LEVELS = np.linspace(-3.2, 3.2, 41)
"""Standard normal scores at which each column's quantiles are stored."""


def draw(rows: int = ROWS, frauds: int = FRAUDS, seed: int = 0) -> pd.DataFrame:
    """Draw rows: a tenth of the real table at its true fraud rate, or so many as are asked for.

    Returns:
        Columns Time, V1..V28, Amount, Class (1 for frauds); float64; ordered by Time.
    """
    kinds = json.loads(PARAMETERS.read_text())["kinds"]
    hidden = round(frauds * kinds["hidden fraud"]["share_of_class"])
    counts = {"legitimate": rows - frauds, "fraud": frauds - hidden, "hidden fraud": hidden}
    rng = np.random.default_rng(seed)
    parts = [
        _draw_kind(kinds[name], count, rng).assign(Class=float(name != "legitimate"))
        for name, count in counts.items()
    ]
    return pd.concat(parts).sort_values("Time", kind="stable", ignore_index=True)


def _draw_kind(parameters: dict, count: int, rng: np.random.Generator) -> pd.DataFrame:
    quantiles, correlation = parameters["quantiles"], parameters["correlation"]
    scores = rng.multivariate_normal(np.zeros(len(quantiles)), correlation, count, method="eigh")
    drawn = zip(quantiles.items(), scores.T, strict=True)
    columns = {name: np.interp(column, LEVELS, values) for (name, values), column in drawn}
    # The real table counts time in seconds and money in cents.
    return pd.DataFrame(columns).round({**dict.fromkeys(quantiles, 6), "Time": 0, "Amount": 2})
