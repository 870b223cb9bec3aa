"""One of the models an experiment compares: what it is, its rows, its fit, its predictions."""

import re
from dataclasses import dataclass
from functools import cached_property

import keras

from keras_suite.config import ExperimentConfig
from keras_suite.data.split import Arrays, Split
from keras_suite.training.fit import Fit
from keras_suite.training.rows import as_rows


@dataclass(frozen=True)
class Variant:
    """A model under a protocol, ready to fit.

    Args:
        model: its name in the table of results.
        protocol: likewise.
        config: the experiment's Config for this fit alone, with ``epochs`` and ``batch_size``.
        split: its rows.
        network: built for them and compiled.
    """

    model: str
    protocol: str
    config: ExperimentConfig
    split: Split
    network: keras.Model

    @property
    def label(self) -> str:
        """For figures."""
        return f"{self.model} ({self.protocol})"

    @cached_property
    def fit(self) -> Fit:
        """The training run to be."""
        return Fit(
            name=re.sub(r"[^a-z0-9]+", "-", f"{self.model} {self.protocol}".lower())
            + f"-seed{self.config.seed}",
            model=self.network,
            train=self.split.train,
            validation=self.split.validation,
            epochs=self.config.epochs,
            batch_size=self.config.batch_size,
            seed=self.config.seed,
        )

    @cached_property
    def predictions(self) -> dict[str, Arrays]:
        """By part, labels ``[n]`` and outputs ``[n, classes]``; ask once the fit is done."""
        parts = {part: as_rows(rows) for part, rows in self.split.parts().items()}
        return {part: (rows.labels, rows.predict(self.network)) for part, rows in parts.items()}
