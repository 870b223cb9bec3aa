import numpy as np
import pytest
from PIL import Image
from transformers import AutoTokenizer

from keras_suite.errors import InputError
from keras_suite.serving import images
from keras_suite.serving.images import read_image
from keras_suite.serving.predict import Predict
from keras_suite.tasks.fake_news.tweets import clean_tweet
from keras_suite.tasks.persian_qa.answer import answer
from tests.data.refusals import refused
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
    paths = tmp_path / "turned.png", tmp_path / "other.png"
    Image.fromarray(pixels).save(paths[0], exif=exif)
    Image.fromarray(pixels[:1]).save(paths[1])
    assert ask("photos", image=paths, rest=server.url)["class"] == ["1", "1"]
    turned, other = (np.array(body["inputs"]["images"]) for body in server.bodies)
    np.testing.assert_array_equal(turned[0], np.rot90(pixels, -1))
    np.testing.assert_array_equal(other[0], pixels[:1])


def test_an_image_that_cannot_be_used_is_named(ask, tmp_path, monkeypatch):
    def refused(said, name, path):
        with pytest.raises(InputError, match=said):
            ask(name, image=(path,))

    large = tmp_path / "large.png"
    refused(r"large\.png cannot be read as an image \(.*No such file", "fashion", large)
    Image.fromarray(np.zeros((99, 80), np.uint8)).save(large)
    wide = r"large\.png is 80 pixels wide and 99 high, but the model reads 6 × 4: crop"
    refused(wide, "fashion", large)
    monkeypatch.setattr(images, "MAX_BYTES", 80 * 99)
    refused(r"large\.png has 80 × 99 pixels: make it smaller", "photos", large)


def palette():
    image = Image.fromarray(np.uint8([[0, 1, 2]]), "P")
    image.putpalette([0, 0, 0, 255, 0, 0, 255, 255, 255])
    return image


def with_alpha(mode):
    colours = np.zeros((1, 3, len(mode)), np.uint8)  # black, to be seen by alpha alone
    colours[..., -1] = 0, 51, 255
    return Image.fromarray(colours, mode)


GREY16 = Image.fromarray(np.uint16([[0, 257 * 100, 65535]]))
RED = [[0, 0, 0], [255, 0, 0], [255, 255, 255]]
SHADES, ON_WHITE = [[i] * 3 for i in (0, 100, 255)], [[i] * 3 for i in (255, 204, 0)]
LIKE = [
    ("a.png", GREY16, {}, SHADES),
    ("a.tif", GREY16, {}, SHADES),
    ("a.pgm", GREY16, {}, SHADES),
    ("a.png", with_alpha("LA"), {}, ON_WHITE),
    ("a.png", with_alpha("RGBA"), {}, ON_WHITE),
    ("a.png", palette(), {}, RED),
    ("a.png", palette(), {"transparency": 0}, [[255] * 3, *RED[1:]]),
    ("a.gif", palette(), {}, RED),
    ("a.png", Image.fromarray(np.array([[0, 1, 1]], bool)), {}, [[0] * 3, [255] * 3, [255] * 3]),
    ("a.tif", Image.fromarray(np.uint8([RED])).convert("CMYK"), {}, RED),
]


@pytest.mark.parametrize(("name", "image", "options", "colours"), LIKE)
def test_an_image_of_any_mode_is_read_as_it_looks_on_white(tmp_path, name, image, options, colours):
    image.save(tmp_path / name, **options)
    found = read_image(tmp_path / name, None, None, 3)
    np.testing.assert_array_equal(found, np.uint8([colours]))
    grey = np.asarray(Image.fromarray(np.uint8([colours])).convert("L"))
    np.testing.assert_array_equal(read_image(tmp_path / name, 1, 3), grey)


def frames(path):
    Image.fromarray(np.uint8([[0]])).save(
        path, save_all=True, append_images=[Image.new("L", (1, 1), 9)]
    )


def large(path):
    Image.new("1", (20_000, 20_000)).save(path)  # 400 million pixels in few bytes


UNREADABLE = [
    ("a.gif", frames, r"holds 2 images: save the one that is meant"),
    ("a.tif", Image.fromarray(np.float32([[0.0, 1.0]])).save, "has 32 bits a pixel"),
    ("a.tif", Image.fromarray(np.int32([[0, 10**6]])).save, "has 32 bits a pixel"),
    ("a.png", large, "cannot be read as an image|pixels: make it smaller"),
    ("a.png", Image.new("1", (10_000, 10_000)).save, "has 10000 × 10000 pixels: make it smaller"),
    ("a.eps", Image.new("L", (4, 4)).save, "cannot be read as an image"),  # would run a program
    ("a.png", lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n"), "cannot be read as an image"),
    ("a.png", lambda path: path.mkdir(), "cannot be read as an image"),
]


@pytest.mark.parametrize(("name", "write_to", "said"), UNREADABLE)
def test_what_is_not_one_image_of_known_white_is_one_sentence(tmp_path, name, write_to, said):
    write_to(tmp_path / name)
    with refused(said, tmp_path / name):
        read_image(tmp_path / name, None, None, 3)


def test_an_image_of_one_colour_is_predicted_and_said(exported, tmp_path, capsys):
    paths = tmp_path / "blank.png", tmp_path / "drawn.png"
    Image.new("L", (6, 4), 7).save(paths[0])
    Image.fromarray(np.arange(24, dtype=np.uint8).reshape(4, 6)).save(paths[1])
    Predict(exported / "fashion", image=paths).run()
    assert capsys.readouterr().err == f"{paths[0]} is of one colour alone.\n"


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


def test_words_get_their_neighbours(ask):
    found = ask("words", text=("ab", "شاه"))
    assert found["words"] == ["ab", "شاه"]
    assert found["cosines_2"] == ["-0.5", "-0.16666667"]
    assert found["neighbours_1"] == [NEIGHBOURS[0]] * 2
