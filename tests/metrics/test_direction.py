import pytest

from keras_suite.metrics.direction import direction

NAMES = {
    "max": "balanced_accuracy, recall_at_1, auc mel, has_answer_exact_match, val_pr_auc",
    "min": "loss, val_loss, rank, peak_memory_mb, seconds_per_epoch",
    None: "zero_loss, zero_loss_of_all, f1 from, f1 to, parameters, fp, wrong_sign",
}


@pytest.mark.parametrize("way", NAMES)
def test_a_metric_is_better_one_way_or_neither(way):
    for metric in NAMES[way].split(", "):
        assert direction(metric) == way, metric
