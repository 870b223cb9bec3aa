import numpy as np
import pytest

from keras_suite.tasks.persian_qa.qa_plots import batch_losses


def drawn(losses, **options):
    """The ends and means of the left axes, the points of the right ones, and the left title."""
    means, points = batch_losses(losses, **options).axes
    return means.lines[0].get_xydata(), points.collections[0].get_offsets(), means.get_title()


def test_means_stand_at_their_last_step_and_every_step_is_a_point():
    losses = np.arange(1000.0)
    means, points, title = drawn(losses[:950])
    assert title == "mean of every 100 batches"
    assert means[:, 0].tolist() == [*range(100, 1000, 100), 950]
    assert means[:, 1].tolist() == [*np.arange(49.5, 900, 100), losses[900:950].mean()]
    assert points.tolist() == [[step + 1, step] for step in range(950)]


@pytest.mark.parametrize(("steps", "mean_of", "count"), [(1, 1, 1), (3, 1, 3), (50, 13, 4)])
def test_few_steps_have_shorter_means(steps, mean_of, count):
    means, points, title = drawn([1.0] * steps)
    assert title == f"mean of every {mean_of} batches"
    assert means[:, 1].tolist() == [1.0] * count
    assert len(points) == steps
