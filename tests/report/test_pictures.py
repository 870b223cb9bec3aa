import base64

import pytest

from keras_suite.report.pictures import read_pictures
from keras_suite.runs.read import read_run
from tests.report.run_folders import result, write_figure, write_run


def test_a_figure_is_embedded_as_it_is(tmp_path):
    assert read_pictures(tmp_path / "figures", "toy") == ([], [])
    path = write_figure(tmp_path)
    [picture], problems = read_pictures(tmp_path / "figures", "toy")
    assert not problems
    assert base64.b64decode(picture.uri.removeprefix("data:image/png;base64,")) == path.read_bytes()
    assert (picture.width, picture.height) == (360, 240)


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


def test_figures_that_are_not_whole_are_named(tmp_path):
    whole = write_figure(tmp_path, "whole").read_bytes()
    folder = tmp_path / "figures"
    (folder / "folder.png").mkdir()
    for name, content in (("cut", whole[:-1]), ("empty", b""), ("text", b"<svg>"), (".part", b"")):
        (folder / f"{name}.png").write_bytes(content)
    pictures, problems = read_pictures(folder, "toy")
    assert [picture.caption for picture in pictures] == ["Whole"]
    assert problems == [
        "figure cut.png cannot be shown (cut off)",
        "figure empty.png cannot be shown (not a PNG file)",
        "figure folder.png cannot be shown (not a file)",
        "figure text.png cannot be shown (not a PNG file)",
    ]
