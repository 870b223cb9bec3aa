"""Fit the parameters of the stand-in for the credit-card table to real rows.

    python benchmarks/fit_stand_in.py FILE

FILE holds real rows of the table that are random over time; half of them are fitted to. Writes
``keras_suite/tasks/fraud/creditcard_stand_in.json``.
"""

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

from keras_suite.tasks.fraud.creditcard import read
from keras_suite.tasks.fraud.creditcard_stand_in import LEVELS, PARAMETERS


def halves(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split real rows into those the parameters are fitted to and those held out to check them."""
    return tuple(train_test_split(frame, test_size=0.5, stratify=frame["Class"], random_state=0))


def fit(frame: pd.DataFrame) -> dict:
    """Fit the copula of each kind of rows to real rows (columns as ``draw`` returns them)."""
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


def main() -> None:
    """Fit the parameters to half of the rows of the file named on the command line."""
    if len(sys.argv) != 2:
        print(__doc__)  # there are no real rows to fit to
        return
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
