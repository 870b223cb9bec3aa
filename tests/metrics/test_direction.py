import pytest

from keras_suite.metrics.direction import direction


@pytest.mark.parametrize(
    ("metric", "way"),
    [
        ("balanced_accuracy", "max"),
        ("recall_at_1", "max"),
        ("auc mel", "max"),
        ("has_answer_exact_match", "max"),
        ("val_pr_auc", "max"),
        ("loss", "min"),
        ("val_loss", "min"),
        ("rank", "min"),
        ("peak_memory_mb", "min"),
        ("seconds_per_epoch", "min"),
        ("zero_loss", None),
        ("zero_loss_of_all", None),
        ("f1 from", None),
        ("f1 to", None),
        ("parameters", None),
        ("fp", None),
        ("wrong_sign", None),
    ],
)
def test_a_metric_is_better_one_way_or_neither(metric, way):
    assert direction(metric) == way
