import json

import numpy as np
import pytest
from PIL import Image
from transformers import AutoTokenizer

from keras_suite.errors import InputError
from keras_suite.serving.answer import answer
from keras_suite.tasks.fake_news.tweets import clean_tweet
from tests.serving.tables import table, write
from tests.serving.tiny_models import CLASSES, CONTEXT, NEIGHBOURS, QUESTION_SETTINGS, TEXTS


def test_images_are_made_as_the_model_wants_them(ask, tmp_path, compute):
    grey = np.zeros((4, 6), np.uint8)
    grey[0] = 200
    light = np.full((30, 20, 3), 255, np.uint8)
    paths = tmp_path / "grey.png", tmp_path / "light.jpg"
    for path, pixels in zip(paths, (grey, light), strict=True):
        Image.fromarray(pixels).save(path)
    images = np.stack([grey, np.full((4, 6), 255, np.uint8)])
    expected = compute("fashion", images=images)["probabilities"].max(axis=1)
    assert ask("fashion", image=paths).splitlines() == [
        f"{paths[0]}: boot, probability {expected[0]:.4g}",
        f"{paths[1]}: bag, probability {expected[1]:.4g}",
    ]
    ask("fashion", image=paths, to=tmp_path / "out.csv")
    assert table((tmp_path / "out.csv").read_text())["class"] == ["boot", "bag"]
    vectors = ask("vectors", image=paths[:1]).removeprefix(f"{paths[0]}: embeddings ")
    assert vectors.split() == ["50"] * 6


def test_images_of_any_size_go_as_they_are_in_order(ask_rest, rest, tmp_path):
    paths = []
    for i, size in enumerate([(2, 3), (2, 3), (5, 1), (2, 3)]):
        paths.append(tmp_path / f"{i}.png")
        Image.fromarray(np.full((*size, 4), 30 * i, np.uint8)).save(paths[-1])
    said = ask_rest("photos", image=tuple(paths)).splitlines()
    assert said == [f"{p}: 1, probability {1 - 30 * i / 255:.4g}" for i, p in enumerate(paths)]
    shapes = [np.shape(json.loads(body)["inputs"]["images"]) for body in rest.messages]
    assert shapes == [(2, 2, 3, 3), (1, 5, 1, 3), (1, 2, 3, 3)]


def test_a_picture_is_turned_as_the_camera_was_held(ask_rest, rest, tmp_path):
    pixels = np.arange(6, dtype=np.uint8).reshape(2, 3, 1).repeat(3, 2)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned right by 90 degrees
    Image.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    ask_rest("photos", image=(tmp_path / "turned.png",))
    sent = np.array(json.loads(rest.messages[0])["inputs"]["images"])
    np.testing.assert_array_equal(sent[0], np.rot90(pixels, -1))


def test_a_file_that_is_no_image_is_named(ask_rest, tmp_path):
    page, half, gone = (tmp_path / name for name in ("page.png", "half.png", "gone.png"))
    page.write_text("<html>")
    Image.fromarray(np.zeros((99, 99), np.uint8)).save(half)
    half.write_bytes(half.read_bytes()[:60])
    for path, said in (
        (page, r"page\.png is not a whole image"),
        (half, r"half\.png is not a whole image"),
        (gone, r"gone\.png cannot be read: No such file"),
    ):
        with pytest.raises(InputError, match=said):
            ask_rest("fashion", image=(path,))


def token_ids(exported, name, *texts) -> dict[str, np.ndarray]:
    tokenizer = AutoTokenizer.from_pretrained(exported / name / "1" / "assets.extra" / "tokenizer")
    return tokenizer(*texts, truncation=True, max_length=12, padding=True, return_tensors="np").data


def expected_lines(compute, name, labels, ids) -> list[str]:
    inputs = {key: value.astype(np.int32) for key, value in ids.items()}
    probabilities = compute(name, **inputs)["probabilities"]
    return [
        f"{label}: {CLASSES[row.argmax()]}, probability {row.max():.4g}"
        for label, row in zip(labels, probabilities, strict=True)
    ]


@pytest.mark.parametrize("name", ["topics", "tweets"])
def test_texts_are_tokenised_and_cleaned_as_the_card_says(ask, exported, compute, name):
    texts = (*TEXTS, "@all see https://a.b 🦠", "safe " * 30)
    read = [clean_tweet(text) for text in texts] if name == "tweets" else list(texts)
    ids = token_ids(exported, name, read)
    del ids["token_type_ids"]  # which the model does not take
    labels = [*texts[:4], f"{'safe ' * 15}..."]
    assert ask(name, text=texts).splitlines() == expected_lines(compute, name, labels, ids)


def test_pairs_come_by_flag_or_file(ask_rest, exported, compute, tmp_path):
    firsts, seconds = TEXTS * 10, TEXTS[::-1] * 10
    ids = token_ids(exported, "pairs", firsts, seconds)
    lines = expected_lines(compute, "pairs", firsts, ids)
    assert ask_rest("pairs", text=(firsts[1], seconds[1])).splitlines() == [lines[1]]
    path = write(tmp_path / "pairs.csv", ["pair", "text"], zip(seconds, firsts, strict=True))
    found = table(ask_rest("pairs", csv=path))
    assert [line.split(": ")[1].split(",")[0] for line in lines] == found["class"]
    path = write(tmp_path / "pairs.csv", ["text", "pair"], [("a", "b"), ("a", " ")])
    with pytest.raises(InputError, match=r"pairs\.csv, row 2 \(line 3\): the pair is empty"):
        ask_rest("pairs", csv=path)
    with pytest.raises(InputError, match="--text must give 2 texts: text and pair"):
        ask_rest("pairs", text=("one",))


def test_questions_are_answered_from_all_windows_of_their_contexts(
    ask, exported, compute, tmp_path
):
    folder = exported / "qa" / "1" / "assets.extra" / "tokenizer"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    asked = [("Where is the library?", CONTEXT), ("How many books?", CONTEXT * 8)]
    expected = [
        answer(*each, tokenizer, lambda **ids: compute("qa", **ids), **QUESTION_SETTINGS)
        for each in asked
    ]
    assert all(expected)
    path = write(tmp_path / "q.csv", ["question", "context"], asked)
    assert table(ask("qa", csv=path)) == {"answer": expected}
    assert ask("qa", text=asked[0]) == f"Where is the library?: {expected[0]}\n"
    write(path, ["question", "context"], [asked[0], ("book " * 50, CONTEXT)])
    with pytest.raises(InputError, match=r"q\.csv, row 2 .*: Question .* has 200 tokens"):
        ask("qa", csv=path)


def test_words_get_their_neighbours(ask):
    assert ask("words", text=("ab", "شاه")).splitlines() == [
        f"ab: {NEIGHBOURS[0]} 0.5, {NEIGHBOURS[1]} -0.5",
        f"شاه: {NEIGHBOURS[0]} 0.1667, {NEIGHBOURS[1]} -0.1667",
    ]
    with pytest.raises(InputError, match="--text: the words is not UTF-8"):
        ask("words", text=("\udcff",))
