import numpy as np
import pytest
from matplotlib.image import imread

from keras_suite.data.provenance import Provenance
from keras_suite.plots import classes, comparison, curves, images, style

REAL = Provenance("creditcard.csv", "real", 100, "0" * 64)
SAMPLE = Provenance("simulated stand-in", "sample", 100, "0" * 64)
LONG = Provenance("Constraint_Train.csv (3,360 real and 3,060 fake) and " * 2, "sample", 8, "0")
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
NAMES = ["entailment", "neutral", "contradiction"]
PARTS = {"train": predictions([[90, 0], [3, 7]]), "test": predictions([[9, 1], [0, 0]])}
FIGURES = {
    "class_histogram": lambda: classes.class_histogram(
        {"before": np.repeat([0, 1], [90, 10]), "after": np.repeat([0, 1], [90, 88])}, FRAUD
    ),
    "class_histogram of many classes": lambda: classes.class_histogram(
        {"train": np.repeat(range(10), 4500), "test": np.arange(10)}, ["automobile 1"] * 10
    ),
    "learning_curves": lambda: curves.learning_curves(FITS, MEASURES),
    "validation_curves": lambda: curves.validation_curves(FITS, MEASURES),
    "confusion of long names": lambda: classes.confusion_matrices(
        {"one": {"test": predictions(np.eye(3))}}, NAMES
    ),
    "confusion": lambda: classes.confusion_matrices({"one": PARTS}, FRAUD),
    "confusion of many classes": lambda: classes.confusion_matrices(
        {name: {"test": predictions(np.eye(10) * 1000)} for name in FITS}, ["a long name"] * 10
    ),
    "gallery": lambda: images.gallery(
        RNG.integers(0, 255, (7, 28, 28)), ["Ankle boot,\npredicted T-shirt/top"] * 7
    ),
    "beside_reported": lambda: comparison.beside_reported(RESULTS, ["accuracy", "f1"]),
    "curves": lambda: classes.roc_and_precision_recall({"one": (Y, RNG.random(60))}),
}


def texts(figure):
    artists = figure.findobj(lambda artist: hasattr(artist, "get_text"))
    return {artist.get_text() for artist in artists}


@pytest.mark.parametrize("name", FIGURES)
def test_nothing_is_drawn_up_to_the_edge_where_it_would_be_clipped(name, tmp_path):
    style.save(FIGURES[name](), tmp_path / "figure.png", LONG)
    pixels = imread(tmp_path / "figure.png")[..., :3]
    assert pixels.min() < 0.5  # something is drawn
    for edge in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]):
        assert (edge == 1).all()


@pytest.mark.parametrize(("provenance", "mark"), [(SAMPLE, True), (REAL, False)])
def test_sample_data_is_marked_in_the_picture(tmp_path, provenance, mark):
    figure = FIGURES["class_histogram"]()
    style.save(figure, tmp_path / "figure.png", provenance)
    assert any("SAMPLE DATA" in text for text in texts(figure)) == mark
    assert any(provenance.source in text.replace("\n", " ") for text in texts(figure))


def test_what_is_drawn_carries_its_numbers():
    assert {"90", "10", "88"} <= texts(FIGURES["class_histogram"]())
    shares = {"3\n30.0%", "0\n–"}  # a dash for a class without rows
    assert shares <= texts(FIGURES["confusion"]())
    figure = classes.roc_and_precision_recall({"perfect": (Y, Y.astype(float))})
    legends = [axes.get_legend().get_texts()[0].get_text() for axes in figure.axes]
    assert legends == ["perfect: 1.000"] * 2


def test_curves_are_of_their_epochs_and_measures():
    train, validation = [1.0, 0.5, 0.25], [2.0, 1.0, 0.5]
    (loss, *_) = FIGURES["learning_curves"]().axes
    drawn = [(line.get_label(), *map(list, line.get_data())) for line in loss.lines]
    assert drawn == [("train", [1, 2, 4], train), ("validation", [1, 2, 4], validation)]
    loss, accuracy = FIGURES["validation_curves"]().axes
    drawn = [(line.get_label(), *map(list, line.get_data())) for line in loss.lines]
    assert drawn == [(name, [1, 2, 4], validation) for name in FITS]
    assert [list(line.get_ydata()) for line in accuracy.lines] == [[0.8] * 3] * 2


def test_a_gallery_shows_every_picture_and_no_empty_frame():
    figure = FIGURES["gallery"]()
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
    figure = FIGURES["beside_reported"]()
    assert [axes.get_ylabel() for axes in figure.axes] == ["accuracy", "f1"]
    assert {"0.901", "0.902", "0.903", "model 2\nfine-tuned", "model 3"} <= texts(figure)
    for axes in figure.axes:
        _, lines = axes.collections
        assert [line[:, 1].tolist() for line in lines.get_segments()] == [[0.95] * 2] * 2
