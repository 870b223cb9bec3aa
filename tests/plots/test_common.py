import numpy as np
import pytest

from keras_suite.data.provenance import Provenance
from keras_suite.plots import classes, comparison, curves, images, style

REAL = Provenance("creditcard.csv", "real", 100, "0" * 64)
SAMPLE = Provenance("simulated stand-in", "sample", 100, "0" * 64)
RNG = np.random.default_rng(0)
Y = RNG.integers(0, 2, 60)
FRAUD = ["legitimate", "fraud"]
HISTORY = [
    {"epoch": e, "loss": 1 / e, "val_loss": 2 / e, "accuracy": 0.9, "val_accuracy": 0.8}
    for e in (1, 2, 4)
]
RESULTS = [
    {"model": f"model {i}" + ", fine-tuned" * (i < 3), "metric": metric}
    | {"reproduced": 0.9 + i / 1000, "reported": None if i == 2 else 0.95, "std": 0.01}
    | part
    for i in (1, 2, 3)
    for part in ({"split": "validation"}, {"split": "test"}, {"split": "test", "group": "a"}, {})
    for metric in ("accuracy", "f1", "tp")
]


def predictions(matrix):
    """Labels and outputs that have this confusion matrix."""
    counts = np.asarray(matrix, int)
    pairs = np.repeat(np.argwhere(counts >= 0), counts.ravel(), axis=0)
    return pairs[:, 0], np.eye(len(counts))[pairs[:, 1]]


FITS, MEASURES = {"one": HISTORY, "two": HISTORY}, ["loss", "accuracy"]


def texts(figure):
    artists = figure.findobj(lambda artist: hasattr(artist, "get_text"))
    return {artist.get_text() for artist in artists}


@pytest.mark.parametrize(("provenance", "mark"), [(SAMPLE, True), (REAL, False)])
def test_what_is_drawn_carries_its_numbers_and_whether_data_are_a_sample(
    tmp_path, provenance, mark
):
    counts = {"before": np.repeat([0, 1], [90, 10]), "after": np.repeat([0, 1], [90, 88])}
    figure = classes.class_histogram(counts, FRAUD)
    assert {"90", "10", "88"} <= texts(figure)
    style.save(figure, tmp_path / "figure.png", provenance)
    assert any("SAMPLE DATA" in text for text in texts(figure)) == mark
    assert any(provenance.source in text.replace("\n", " ") for text in texts(figure))


def test_matrices_carry_shares_and_curves_their_areas():
    parts = {"train": predictions([[90, 0], [3, 7]]), "test": predictions([[9, 1], [0, 0]])}
    shares = {"3\n30.0%", "0\n–"}  # a dash for a class without rows
    assert shares <= texts(classes.confusion_matrices({"one": parts}, FRAUD))
    figure = classes.roc_and_precision_recall({"perfect": (Y, Y.astype(float))})
    legends = [axes.get_legend().get_texts()[0].get_text() for axes in figure.axes]
    assert legends == ["perfect: 1.000"] * 2


def test_curves_are_of_their_epochs_and_measures():
    def drawn(axes):
        return [(line.get_label(), *map(list, line.get_data())) for line in axes.lines]

    epochs, train, validation = [1, 2, 4], [1.0, 0.5, 0.25], [2.0, 1.0, 0.5]
    (loss, *_) = curves.learning_curves(FITS, MEASURES).axes
    assert drawn(loss) == [("train", epochs, train), ("validation", epochs, validation)]
    loss, accuracy = curves.validation_curves(FITS, MEASURES).axes
    assert drawn(loss) == [(name, epochs, validation) for name in FITS]
    assert drawn(accuracy) == [(name, epochs, [0.8] * 3) for name in FITS]


def test_a_gallery_shows_every_picture_and_no_empty_frame():
    pictures = RNG.integers(0, 255, (7, 28, 28))
    figure = images.gallery(pictures, ["Ankle boot,\npredicted T-shirt/top"] * 7)
    assert sum(bool(axes.images) for axes in figure.axes) == 7
    assert not any(axes.axison for axes in figure.axes)


def test_mistakes_are_shown_the_surest_first():
    outputs = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.3, 0.7]])
    pictures = np.arange(4)[:, None, None] * np.ones((4, 2, 2))
    figure = images.most_confident_mistakes(pictures, np.array([0, 1, 0, 1]), outputs, FRAUD)
    shown = [(axes.get_title(), axes.images[0].get_array()[0, 0]) for axes in figure.axes[:2]]
    titles = "legitimate,\npredicted fraud", "fraud,\npredicted legitimate"
    assert shown == list(zip(titles, (2, 1), strict=True))
    assert not figure.axes[2].images


def test_reported_figures_are_lines_beside_the_dots_of_the_test_figures():
    figure = comparison.beside_reported(RESULTS, ["accuracy", "f1"])
    assert [axes.get_ylabel() for axes in figure.axes] == ["accuracy", "f1"]
    assert {"0.901", "0.902", "0.903", "model 2\nfine-tuned", "model 3"} <= texts(figure)
    for axes in figure.axes:
        _, lines = axes.collections
        assert [line[:, 1].tolist() for line in lines.get_segments()] == [[0.95] * 2] * 2
