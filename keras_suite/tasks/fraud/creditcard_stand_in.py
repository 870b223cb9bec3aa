"""A simulated stand-in for the ULB credit-card table, for machines without a network.

Three kinds of rows are drawn: legitimate payments, frauds that can be told from them, and the
share of frauds that hides among them. Each kind is a Gaussian copula: every column keeps its own
distribution, given by quantiles, and the columns' dependence is that of a multivariate normal.
The parameters in ``creditcard_stand_in.json`` are figures fitted to real rows; no row is stored.
Fit them anew with ``python -m keras_suite.tasks.fraud.creditcard_stand_in FILE``, FILE being real
rows of the table that are random over time.
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri
from scipy.stats import rankdata
from sklearn.covariance import LedoitWolf
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import cross_val_predict, train_test_split

PARAMETERS = Path(__file__).with_suffix(".json")
ROWS, FRAUDS = 28_480, 49
LEVELS = np.linspace(-3.2, 3.2, 41)
"""Standard normal scores at which each column's quantiles are stored."""


def draw(rows: int = ROWS, frauds: int = FRAUDS, seed: int = 0) -> pd.DataFrame:
    """Draw stand-in rows.

    Args:
        rows: how many in all; the default is a tenth of the real table at its true fraud rate.
        frauds: how many of them are frauds (Class 1).
        seed: the same seed gives the same rows.

    Returns:
        Columns Time, V1..V28, Amount, Class; float64; ordered by Time.
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


def sha256(frame: pd.DataFrame) -> str:
    """Return the SHA-256 of the values, row by row, as 64 hexadecimal digits."""
    return hashlib.sha256(np.ascontiguousarray(frame.to_numpy()).tobytes()).hexdigest()


def halves(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split real rows into those the parameters are fitted to and those held out to check them."""
    return tuple(train_test_split(frame, test_size=0.5, stratify=frame["Class"], random_state=0))


def fit(frame: pd.DataFrame) -> dict:
    """Fit the copula of each kind of rows to real rows (columns as :func:`draw` returns them)."""
    X, y = frame.drop(columns="Class"), frame["Class"] == 1
    # A fraud is hidden when a classifier that has not seen it takes it for legitimate.
    taken_for_fraud = cross_val_predict(HistGradientBoostingClassifier(random_state=0), X, y, cv=5)
    kinds = {"legitimate": ~y, "fraud": y & taken_for_fraud, "hidden fraud": y & ~taken_for_fraud}
    return {
        name: {"share_of_class": round(float(rows.sum() / (y == (name != "legitimate")).sum()), 4)}
        | _fit_kind(X[rows])
        for name, rows in kinds.items()
    }


def _fit_kind(frame: pd.DataFrame) -> dict:
    scores = ndtri(rankdata(frame.to_numpy(), axis=0) / (len(frame) + 1))
    covariance = LedoitWolf().fit(scores).covariance_  # there are fewer hidden frauds than columns
    scale = np.sqrt(np.diag(covariance))
    quantiles = np.quantile(frame.to_numpy(), ndtr(LEVELS), axis=0).T
    return {
        "quantiles": {
            name: [float(f"{value:.5g}") for value in row]
            for name, row in zip(frame.columns, quantiles, strict=True)
        },
        "correlation": (covariance / np.outer(scale, scale)).round(3).tolist(),
    }


def _draw_kind(parameters: dict, count: int, rng: np.random.Generator) -> pd.DataFrame:
    names = list(parameters["quantiles"])
    correlation = np.array(parameters["correlation"])
    scores = rng.multivariate_normal(np.zeros(len(names)), correlation, count, method="eigh")
    columns = {
        name: np.interp(scores[:, i], LEVELS, parameters["quantiles"][name])
        for i, name in enumerate(names)
    }
    # The real table counts time in seconds and money in cents.
    return pd.DataFrame(columns).round(dict.fromkeys(names, 6) | {"Time": 0, "Amount": 2})


def main() -> None:
    """Fit the parameters to half of the rows of the file named on the command line."""
    from keras_suite.tasks.fraud.creditcard import read

    table = read(Path(sys.argv[1]))
    fitted, _ = halves(table.frame)
    document = {
        "what": "Gaussian copulas of the kinds of rows of the ULB credit-card table",
        "fitted_to": f"{len(fitted):,} rows, half of {table.provenance.source}",
        "levels": f"standard normal scores {LEVELS[0]} to {LEVELS[-1]}, {len(LEVELS)} of them",
        "kinds": fit(fitted),
    }
    # One list of figures a line: readable, and a change shows as a short difference.
    text = json.dumps(document, indent=1).replace(",\n     ", ", ").replace("[\n     ", "[")
    PARAMETERS.write_text(text.replace("\n    ]", "]") + "\n")


if __name__ == "__main__":
    main()
