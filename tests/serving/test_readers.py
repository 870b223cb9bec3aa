import numpy as np
import pytest
from PIL import Image
from transformers import AutoTokenizer

from keras_suite.errors import InputError
from keras_suite.serving import images
from keras_suite.tasks.fake_news.tweets import clean_tweet
from keras_suite.tasks.persian_qa.answer import answer
from tests.serving.tables import write
from tests.serving.tiny_models import CLASSES, CONTEXT, NEIGHBOURS, QUESTION_SETTINGS, TEXTS


def classes_of(outputs):
    probabilities = outputs["probabilities"]
    names = [CLASSES[i] for i in probabilities.argmax(1)]
    return {"class": names, "probability": probabilities.max(1).astype(str).tolist()}


@pytest.fixture
def tokenizer(exported):
    return AutoTokenizer.from_pretrained(exported / "qa" / "1" / "assets.extra" / "tokenizer")


def test_images_are_made_grey_and_predicted_in_order(ask, tmp_path, compute):
    grey, white = np.zeros((4, 6), np.uint8), np.full((4, 6), 255, np.uint8)
    grey[0] = 200
    paths = tmp_path / "grey.png", tmp_path / "light.jpg"
    Image.fromarray(grey).save(paths[0])
    Image.fromarray(white).convert("RGB").save(paths[1])
    expected = classes_of(compute("fashion/1", images=np.stack([grey, white])))
    assert ask("fashion", image=paths) == {"image": list(map(str, paths))} | expected
    assert expected["class"] == ["boot", "bag"]


def test_images_of_any_size_go_as_they_are_turned_as_the_camera_was_held(ask, server, tmp_path):
    pixels = np.arange(6, dtype=np.uint8).reshape(2, 3, 1).repeat(3, 2)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned right by 90 degrees
    paths = tmp_path / "turned.png", tmp_path / "clear.png"
    Image.fromarray(pixels).save(paths[0], exif=exif)
    Image.fromarray(np.full((5, 1, 4), 7, np.uint8)).save(paths[1])
    assert ask("photos", image=paths, rest=server.url)["class"] == ["1", "1"]
    turned, clear = (np.array(body["inputs"]["images"]) for body in server.bodies)
    np.testing.assert_array_equal(turned[0], np.rot90(pixels, -1))
    np.testing.assert_array_equal(clear, np.full((1, 5, 1, 3), 7))


def test_a_file_that_cannot_be_used_as_an_image_is_named(ask, tmp_path, monkeypatch):
    page, half, gone, large = (tmp_path / f"{n}.png" for n in ("page", "half", "gone", "large"))
    page.write_text("<html>")
    Image.fromarray(np.zeros((99, 80), np.uint8)).save(large)
    half.write_bytes(large.read_bytes()[:60])
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


@pytest.mark.parametrize("name", ["topics", "tweets", "pairs"])
def test_texts_and_pairs_are_tokenised_and_cleaned_as_the_card_says(
    ask, tokenizer, compute, tmp_path, name
):
    texts = [*TEXTS, "@all see https://a.b 🦠", "safe " * 30] * 3 + TEXTS[:1]  # a batch
    columns = {"text": texts} | ({"pair": texts[::-1]} if name == "pairs" else {})
    read = [list(map(clean_tweet, texts))] if name == "tweets" else columns.values()
    ids = tokenizer(*map(list, read), truncation=True, max_length=12, padding=True).data
    ids = {key: np.array(value, np.int32) for key, value in ids.items()}
    if name != "pairs":
        del ids["token_type_ids"]  # which the model does not take
    expected = classes_of(compute(f"{name}/1", **ids))
    rows = list(zip(*columns.values(), strict=True))
    path = write(tmp_path / "texts.csv", list(columns)[::-1], [row[::-1] for row in rows])
    assert ask(name, csv=path) == expected
    by_flag = ask(name, text=rows[0])
    assert by_flag["text"] == texts[:1]
    assert by_flag["class"] == expected["class"][:1]


def test_questions_are_answered_from_all_windows_of_their_contexts(
    ask, tokenizer, compute, tmp_path
):
    asked = [("Where is the library?", CONTEXT), ("How many books?", CONTEXT * 8)]
    call = lambda **ids: compute("qa/1", **ids)  # noqa: E731
    expected = [answer(*each, tokenizer, call, **QUESTION_SETTINGS) for each in asked]
    assert all(expected)
    path = write(tmp_path / "q.csv", ["question", "context"], asked)
    assert ask("qa", csv=path) == {"answer": expected}
    by_flag = {"question": ["Where is the library?"], "answer": expected[:1]}
    assert ask("qa", text=asked[0]) == by_flag
    for bad, said in (
        (("book " * 50, CONTEXT), r"q\.csv, row 2 .*: Question .* has 200 tokens"),
        (("Where?", " "), r"q\.csv, row 2 \(line 3\): the context is empty"),
    ):
        write(path, ["question", "context"], [asked[0], bad])
        with pytest.raises(InputError, match=said):
            ask("qa", csv=path)


@pytest.mark.parametrize(
    ("name", "texts", "said"),
    [
        ("qa", ("Where?",), "--text must give 2 texts: question and context"),
        ("topics", ("safe", ""), "--text: the text is empty"),
        ("words", ("\udcff",), "--text: the words is not UTF-8"),
    ],
)
def test_texts_that_cannot_be_used_are_one_sentence(ask, name, texts, said):
    with pytest.raises(InputError, match=said):
        ask(name, text=texts)


def test_words_get_their_neighbours(ask):
    found = ask("words", text=("ab", "شاه"))
    assert found["words"] == ["ab", "شاه"]
    assert found["cosines_2"] == ["-0.5", "-0.16666667"]
    assert found["neighbours_1"] == [NEIGHBOURS[0]] * 2
