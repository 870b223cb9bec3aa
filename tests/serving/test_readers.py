import shutil

import numpy as np
import pytest
from PIL import Image
from transformers import AutoTokenizer

from keras_suite.errors import InputError
from keras_suite.serving import images
from keras_suite.tasks.fake_news.tweets import clean_tweet
from keras_suite.tasks.persian_qa.answer import answer
from tests.serving.tables import table, write
from tests.serving.tiny_models import CLASSES, CONTEXT, NEIGHBOURS, QUESTION_SETTINGS, TEXTS


def test_images_are_made_grey_and_predicted_in_order(ask, tmp_path, compute):
    grey = np.zeros((4, 6), np.uint8)
    grey[0] = 200
    paths = tmp_path / "grey.png", tmp_path / "light.jpg"
    Image.fromarray(grey).save(paths[0])
    Image.fromarray(np.full((4, 6, 3), 255, np.uint8)).save(paths[1])
    pixels = np.stack([grey, np.full((4, 6), 255, np.uint8)])
    expected = compute("fashion/1", images=pixels)["probabilities"].max(axis=1)
    assert table(ask("fashion", image=paths)) == {
        "image": [str(path) for path in paths],
        "class": ["boot", "bag"],
        "probability": expected.astype(str).tolist(),
    }


def test_images_of_any_size_go_as_they_are_turned_as_the_camera_was_held(ask, server, tmp_path):
    pixels = np.arange(6, dtype=np.uint8).reshape(2, 3, 1).repeat(3, 2)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned right by 90 degrees
    paths = tmp_path / "turned.png", tmp_path / "clear.png"
    Image.fromarray(pixels).save(paths[0], exif=exif)
    Image.fromarray(np.full((5, 1, 4), 7, np.uint8)).save(paths[1])
    assert table(ask("photos", image=paths, rest=server.url))["class"] == ["1", "1"]
    turned, clear = (np.array(body["inputs"]["images"]) for body in server.bodies)
    np.testing.assert_array_equal(turned[0], np.rot90(pixels, -1))
    np.testing.assert_array_equal(clear, np.full((1, 5, 1, 3), 7))


def test_a_file_that_cannot_be_used_as_an_image_is_named(ask, tmp_path, monkeypatch):
    page, half, gone, large = (tmp_path / f"{n}.png" for n in ("page", "half", "gone", "large"))
    page.write_text("<html>")
    for path in (half, large):
        Image.fromarray(np.zeros((99, 80), np.uint8)).save(path)
    half.write_bytes(half.read_bytes()[:60])
    for path, said in (
        (page, r"page\.png cannot be read as an image \(cannot identify"),
        (half, r"half\.png cannot be read as an image"),
        (gone, r"gone\.png cannot be read as an image \(.*No such file"),
        (large, r"large\.png is 80 pixels wide and 99 high, but the model reads 6 × 4: crop"),
    ):
        with pytest.raises(InputError, match=said):
            ask("fashion", image=(path,))
    monkeypatch.setattr(images, "MAX_BYTES", 80 * 99)
    with pytest.raises(InputError, match=r"large\.png has 80 × 99 pixels: make it smaller"):
        ask("photos", image=(large,))


def token_ids(exported, name, *texts) -> dict[str, np.ndarray]:
    tokenizer = AutoTokenizer.from_pretrained(exported / name / "1" / "assets.extra" / "tokenizer")
    ids = tokenizer(*texts, truncation=True, max_length=12, padding=True, return_tensors="np").data
    return {key: value.astype(np.int32) for key, value in ids.items()}


def expected_classes(compute, name, ids) -> dict[str, list[str]]:
    probabilities = compute(f"{name}/1", **ids)["probabilities"]
    return {
        "class": [CLASSES[row.argmax()] for row in probabilities],
        "probability": probabilities.max(axis=1).astype(str).tolist(),
    }


@pytest.mark.parametrize("name", ["topics", "tweets"])
def test_texts_are_tokenised_and_cleaned_as_the_card_says(ask, exported, compute, name):
    texts = (*TEXTS, "@all see https://a.b 🦠", "safe " * 30)
    read = [clean_tweet(text) for text in texts] if name == "tweets" else list(texts)
    ids = token_ids(exported, name, read)
    del ids["token_type_ids"]  # which the model does not take
    expected = expected_classes(compute, name, ids)
    assert table(ask(name, text=texts)) == {"text": list(texts)} | expected


def test_pairs_come_by_flag_or_file(ask, exported, compute, tmp_path):
    firsts, seconds = TEXTS * 10, TEXTS[::-1] * 10
    classes = expected_classes(compute, "pairs", token_ids(exported, "pairs", firsts, seconds))
    by_flag = table(ask("pairs", text=(firsts[1], seconds[1])))
    assert by_flag["text"] == [firsts[1]]
    assert by_flag["class"] == [classes["class"][1]]
    path = write(tmp_path / "pairs.csv", ["pair", "text"], zip(seconds, firsts, strict=True))
    found = table(ask("pairs", csv=path))
    assert found["class"] == classes["class"]
    np.testing.assert_allclose(*(np.array(t["probability"], "f4") for t in (found, classes)), 1e-5)


def test_questions_are_answered_from_all_windows_of_their_contexts(
    ask, exported, compute, tmp_path
):
    folder = exported / "qa" / "1" / "assets.extra" / "tokenizer"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    asked = [("Where is the library?", CONTEXT), ("How many books?", CONTEXT * 8)]
    expected = [
        answer(*each, tokenizer, lambda **ids: compute("qa/1", **ids), **QUESTION_SETTINGS)
        for each in asked
    ]
    assert all(expected)
    path = write(tmp_path / "q.csv", ["question", "context"], asked)
    assert table(ask("qa", csv=path)) == {"answer": expected}
    assert table(ask("qa", text=asked[0])) == {
        "question": ["Where is the library?"],
        "answer": expected[:1],
    }
    write(path, ["question", "context"], [asked[0], ("book " * 50, CONTEXT)])
    with pytest.raises(InputError, match=r"q\.csv, row 2 .*: Question .* has 200 tokens"):
        ask("qa", csv=path)


@pytest.mark.parametrize(
    ("name", "texts", "said"),
    [
        ("qa", ("Where?",), "--text must give 2 texts: question and context"),
        ("qa", ("Where?", " "), "--text: the context is empty"),
        ("topics", ("safe", ""), "--text: the text is empty"),
        ("words", ("\udcff",), "--text: the words is not UTF-8"),
    ],
)
def test_texts_that_cannot_be_used_are_one_sentence(ask, name, texts, said):
    with pytest.raises(InputError, match=said):
        ask(name, text=texts)


def test_an_empty_cell_and_a_missing_column_are_named(ask, tmp_path):
    path = write(tmp_path / "q.csv", ["question", "context"], [("a", "b"), ("a", " ")])
    with pytest.raises(InputError, match=r"q\.csv, row 2 \(line 3\): the context is empty"):
        ask("qa", csv=path)
    write(path, ["question"], [("a",)])
    with pytest.raises(InputError, match=r"q\.csv has the column 'context' 0 times"):
        ask("qa", csv=path)


def test_a_tokenizer_that_is_lost_is_named(ask, exported, tmp_path):
    card = "1/assets.extra/card.json"
    (tmp_path / card).parent.mkdir(parents=True)
    shutil.copy(exported / "topics" / card, tmp_path / card)
    with pytest.raises(InputError, match=r"tokenizer cannot be read \(.*run the experiment again"):
        ask(tmp_path, text=TEXTS)


def test_words_get_their_neighbours(ask):
    assert table(ask("words", text=("ab", "شاه"))) == {
        "words": ["ab", "شاه"],
        "cosines_1": ["0.5", "0.16666667"],
        "cosines_2": ["-0.5", "-0.16666667"],
        "neighbours_1": [NEIGHBOURS[0]] * 2,
        "neighbours_2": [NEIGHBOURS[1]] * 2,
    }
