import base64
import os

import pytest

from keras_suite.report.pictures import read_pictures
from keras_suite.runs.read import read_run
from tests.report.run_folders import result, write_figure, write_run


@pytest.mark.parametrize(
    ("name", "caption", "words"),
    [
        ("learning_curves", "Learning curves", "Validation loss: of cnn from 0.5000 to 0.2500, at"),
        ("confusion", "Confusion", "Test rows: accuracy of cnn, paper 0.9000 (reported 0.86)."),
        ("roc_recall", "ROC recall", "Test rows: accuracy of cnn, paper 0.9000 (reported 0.86)."),
        ("tsne", "t-SNE", ""),
    ],
)
def test_the_alternative_says_what_the_data_say(tmp_path, name, caption, words):
    folder = write_run(tmp_path, results=[result(reported=0.86)])
    write_figure(folder, name)
    [picture], _ = read_pictures(folder / "figures", "toy", read_run(folder))
    assert picture.caption == caption
    assert picture.alt.startswith(f"{caption} of toy. {words}".strip())


def test_of_many_models_the_first_are_put_into_words(tmp_path):
    folder = write_run(tmp_path, results=[result(model=f"model {i}") for i in range(6)])
    write_figure(folder, "confusion")
    [picture], _ = read_pictures(folder / "figures", "toy", read_run(folder))
    assert picture.alt.endswith("model 3, paper 0.9000; and 2 more.")


def test_figures_are_embedded_as_they_are_but_what_is_not_whole_is_named(tmp_path):
    folder = tmp_path / "figures"
    assert read_pictures(folder, "toy") == ([], [])
    whole = write_figure(tmp_path, "whole").read_bytes()
    (folder / "folder.png").mkdir()
    broken = {"cut": whole[:-1], "empty": b"", "text": b"<svg>", ".part": b""}
    for name, content in (broken | {"headless": whole[:8] + whole[-8:]}).items():
        (folder / f"{name}.png").write_bytes(content)
    os.mkfifo(folder / "pipe.png")  # which would never be read to its end
    (tmp_path.parent / "private.png").write_bytes(whole)
    (folder / "link.png").symlink_to(tmp_path.parent / "private.png")
    [picture], problems = read_pictures(folder, "toy")
    assert base64.b64decode(picture.uri.removeprefix("data:image/png;base64,")) == whole
    assert (picture.caption, picture.width, picture.height) == ("Whole", 360, 240)
    assert problems == [
        "figure cut.png cannot be shown (cut off)",
        "figure empty.png cannot be shown (not a PNG file)",
        "figure folder.png cannot be shown (not a file)",
        "figure headless.png cannot be shown (cut off)",
        "figure link.png cannot be shown (a link to elsewhere)",
        "figure pipe.png cannot be shown (not a file)",
        "figure text.png cannot be shown (not a PNG file)",
    ]
