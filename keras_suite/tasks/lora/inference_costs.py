"""What an adapter costs at inference."""

import time
from typing import Any

import keras

from keras_suite.adapters import apply

PAIRS, ROUNDS = 64, 5


def inference_costs(model: keras.Model, base: keras.Model, rows: Any) -> dict[str, float]:
    """Measure the time of a pair by a model with LoRA, apart and merged, and by its base without.

    They predict the first of the rows (:class:`data.length_buckets.TextRows`) in turn, as one
    batch; the least of several rounds counts.

    Returns:
        ``seconds_per_pair``, ``seconds_per_pair_merged`` and ``seconds_per_pair_base``. The model
        is as it was.
    """
    few, pairs = rows.first(PAIRS), min(PAIRS, len(rows))
    (apart,) = _least(few, pairs, model)
    apply.merge(model)
    merged, without = _least(few, pairs, model, base)
    apply.unmerge(model)
    return {
        "seconds_per_pair": apart,
        "seconds_per_pair_merged": merged,
        "seconds_per_pair_base": without,
    }


def _least(few: Any, pairs: int, *models: keras.Model) -> list[float]:
    for model in models:
        model.predict_on_batch(few)  # which traces it
    rounds = [[_seconds(few, model) for model in models] for _ in range(ROUNDS)]
    return [min(each) / pairs for each in zip(*rounds, strict=True)]


def _seconds(few: Any, model: keras.Model) -> float:
    started = time.perf_counter()
    model.predict_on_batch(few)
    return time.perf_counter() - started
