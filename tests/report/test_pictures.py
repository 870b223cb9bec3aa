import base64

import pytest

from keras_suite.report.pictures import read_pictures
from keras_suite.runs.read import read_run
from tests.report.run_folders import result, write_figure, write_run


def test_a_figure_is_embedded_as_it_is(tmp_path):
    path = write_figure(tmp_path, "learning_curves")
    [picture], problems = read_pictures(tmp_path / "figures", "toy")
    assert not problems
    assert base64.b64decode(picture.uri.removeprefix("data:image/png;base64,")) == path.read_bytes()
    assert (picture.width, picture.height) == (360, 240)
    assert picture.caption == "Learning curves"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("learning_curves", "Validation loss: of cnn from 0.5000 to 0.2500, at best 0.2500."),
        ("confusion", "Test rows: accuracy of cnn, paper 0.9000 (reported 0.86)."),
        ("beside_reported", "Test rows: accuracy of cnn, paper 0.9000 (reported 0.86)."),
        ("samples", ""),
    ],
)
def test_the_alternative_says_what_the_data_say(tmp_path, name, words):
    folder = write_run(tmp_path, results=[result(reported=0.86)])
    write_figure(folder, name)
    [picture], _ = read_pictures(folder / "figures", "toy", read_run(folder))
    caption = name.replace("_", " ").capitalize()
    assert picture.alt == f"{caption} of toy. {words}".strip()


def test_captions_write_abbreviations_as_the_field_does(tmp_path):
    for name in ("roc_precision_recall", "tsne"):
        write_figure(tmp_path, name)
    pictures, _ = read_pictures(tmp_path / "figures", "toy")
    assert [picture.caption for picture in pictures] == ["ROC precision recall", "t-SNE"]


def test_of_many_models_the_first_are_put_into_words(tmp_path):
    many = [result(model=f"model {i}") for i in range(6)]
    folder = write_run(tmp_path, results=many)
    write_figure(folder, "confusion")
    [picture], _ = read_pictures(folder / "figures", "toy", read_run(folder))
    assert picture.alt.endswith("model 3, paper 0.9000; and 2 more.")


def test_figures_that_are_not_whole_are_named(tmp_path):
    whole = write_figure(tmp_path, "whole").read_bytes()
    folder = tmp_path / "figures"
    (folder / "cut.png").write_bytes(whole[:500])
    (folder / "empty.png").touch()
    (folder / "folder.png").mkdir()
    (folder / "text.png").write_text("<svg onload=alert(1)>")
    (folder / ".partial-7-a.png").touch()
    pictures, problems = read_pictures(folder, "toy")
    assert [picture.caption for picture in pictures] == ["Whole"]
    assert problems == [
        "figure cut.png cannot be shown (cut off)",
        "figure empty.png cannot be shown (not a PNG file)",
        "figure folder.png cannot be shown (not a file)",
        "figure text.png cannot be shown (not a PNG file)",
    ]


def test_no_folder_is_no_figures(tmp_path):
    assert read_pictures(tmp_path / "figures", "toy") == ([], [])
