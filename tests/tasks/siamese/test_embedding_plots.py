import numpy as np
import pytest
from matplotlib.image import imread

from keras_suite.data.provenance import Provenance
from keras_suite.plots import style as plots
from keras_suite.tasks.siamese.embedding_plots import nearest_images, tsne_maps, zero_loss_shares

SAMPLE = Provenance("digits", "sample", 100, "0" * 64)
CLASSES = ["0", "1", "2"]
LABELS = np.arange(30) % 3
HISTORIES = {
    "random": [{"epoch": 1, "zero_loss": 0.5}, {"epoch": 2, "zero_loss": 0.75}],
    "hard": [
        {"epoch": 1, "zero_loss": 0.0, "zero_loss_of_all": 0.25},
        {"epoch": 2, "zero_loss": 0.125, "zero_loss_of_all": 1.0},
    ],
}


def embeddings():
    return np.eye(3)[LABELS] + 0.05 * np.random.default_rng(0).normal(size=(30, 3))


def maps():
    by_part = {"train": (LABELS, embeddings()), "validation": (LABELS[:20], embeddings()[:20])}
    return tsne_maps({"before training": by_part, "hard": by_part}, CLASSES)


def shares():
    return zero_loss_shares(HISTORIES)


def neighbours():
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    places = np.array([0.0, 1, 2.1, 10, 10.4, 11, 12.1, 13.3])[:, None]
    images = np.arange(8, dtype=np.uint8)[:, None, None] + np.zeros((1, 4, 4), np.uint8)
    return nearest_images(images, labels, places, CLASSES, right=2, wrong=4)


@pytest.mark.parametrize("draw", [maps, shares, neighbours])
def test_nothing_is_drawn_up_to_the_edge_where_it_would_be_clipped(draw, tmp_path):
    plots.save(draw(), tmp_path / "figure.png", SAMPLE)
    pixels = imread(tmp_path / "figure.png")[..., :3]
    assert pixels.min() < 0.5  # something is drawn
    for edge in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]):
        assert (edge == 1).all()


def points(figure):
    return [[dots.get_offsets().data for dots in axis.collections] for axis in figure.axes]


def test_maps_show_every_embedding_of_every_part_by_its_class():
    figure = maps()
    assert [axis.get_title() for axis in figure.axes] == [
        "before training\ntrain",
        "hard\ntrain",
        "before training\nvalidation",
        "hard\nvalidation",
    ]
    counts = [[len(dots) for dots in each] for each in points(figure)]
    assert counts == [[10, 10, 10]] * 2 + [[7, 7, 6]] * 2
    for dots in points(figure)[0]:
        assert np.ptp(dots, axis=0).max() < np.ptp(np.concatenate(points(figure)[0]), axis=0).max()


def test_maps_of_the_same_embeddings_are_the_same_to_the_bit():
    first, again = (np.concatenate(points(maps())[0]) for _ in range(2))
    assert np.array_equal(first, again)


def test_a_line_shows_the_triplets_trained_on_and_where_they_were_mined_another_all_of_them():
    lines = {line.get_label(): line.get_xydata().tolist() for line in shares().axes[0].lines}
    assert lines == {
        "random: trained on": [[1, 0.5], [2, 0.75]],
        "hard: trained on": [[1, 0], [2, 0.125]],
        "hard: all in its batches": [[1, 0.25], [2, 1]],
    }


def test_each_row_is_an_image_and_its_five_nearest_with_those_of_another_class_in_red():
    titles = [[axis.title for axis in row] for row in np.reshape(neighbours().axes, (-1, 6))]
    texts = [[title.get_text() for title in row] for row in titles]
    assert texts == [
        ["query: 0", "0", "0", "0", "1", "1"],
        ["query: 0", "0", "0", "0", "1", "1"],
        ["query: 0", "1", "1", "1", "1", "0"],  # the image at 10, among those of class 1
        ["query: 1", "0", "1", "1", "1", "0"],  # the image at 10.4, next to it
    ]
    for row in titles:
        query = row[0].get_text().removeprefix("query: ")
        for title in row:
            is_red = title.get_color() == plots.COLORS[1]
            assert is_red == (title.get_text().removeprefix("query: ") != query)
