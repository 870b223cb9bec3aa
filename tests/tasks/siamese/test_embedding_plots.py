import numpy as np

from keras_suite.plots.style import COLORS
from keras_suite.tasks.siamese.embedding_plots import nearest_images, tsne_maps, zero_loss_shares


def test_maps_show_the_embeddings_by_part_and_class_and_the_same_ones_alike_to_the_bit():
    labels = np.arange(30) % 3
    vectors = np.eye(3)[labels] + 0.05 * np.random.default_rng(0).normal(size=(30, 3))
    by_part = {"train": (labels, vectors), "test": (labels[:20], vectors[:20])}
    axes = tsne_maps({"first": by_part, "hard": by_part}, "abc").axes
    titles = [axis.get_title() for axis in axes]
    assert titles == ["first\ntrain", "hard\ntrain", "first\ntest", "hard\ntest"]
    first, again, *few = ([dots.get_offsets().data for dots in axis.collections] for axis in axes)
    assert [[len(dots) for dots in each] for each in (first, *few)] == [[10] * 3] + [[7, 7, 6]] * 2
    width = np.ptp(np.concatenate(first), axis=0).max()
    assert all(np.ptp(dots, axis=0).max() < width for dots in first)
    assert np.array_equal(first, again)


def test_a_line_shows_the_triplets_trained_on_and_where_they_were_mined_another_all_of_them():
    mined = [{"epoch": 1, "zero_loss": 0.0, "zero_loss_of_all": 0.25}]
    drawn = [{"epoch": 1, "zero_loss": 0.5}, {"epoch": 2, "zero_loss": 0.75}]
    lines = zero_loss_shares({"random": drawn, "hard": mined}).axes[0].lines
    assert {line.get_label(): line.get_xydata().tolist() for line in lines} == {
        "random: trained on": [[1, 0.5], [2, 0.75]],
        "hard: trained on": [[1, 0]],
        "hard: all in its batches": [[1, 0.25]],
    }


def test_each_row_is_an_image_and_its_five_nearest_with_those_of_another_class_in_red():
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    places = np.array([0.0, 1, 2.1, 10, 10.4, 11, 12.1, 13.3])[:, None]
    images = np.arange(8, dtype=np.uint8)[:, None, None] + np.zeros((1, 4, 4), np.uint8)
    axes = np.reshape(nearest_images(images, labels, places, "01", right=2, wrong=4).axes, (-1, 6))
    shown = [[int(axis.images[0].get_array()[0, 0]) for axis in row] for row in axes]
    assert shown == [
        [0, 1, 2, 3, 4, 5],
        [1, 0, 2, 3, 4, 5],
        [3, 4, 5, 6, 7, 2],  # the image at 10, among those of class 1
        [4, 3, 5, 6, 7, 2],  # the image at 10.4, next to it
    ]
    for row, numbers in zip(axes, labels[shown], strict=True):
        for axis, label in zip(row, numbers, strict=True):
            assert axis.get_title() == f"{'query: ' * (axis is row[0])}{label}"
            assert (axis.title.get_color() == COLORS[1]) == (label != numbers[0])
