import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keras_suite.errors import InputError
from keras_suite.serving import predict
from keras_suite.serving.examples import Examples
from keras_suite.serving.predict import Predict
from keras_suite.serving.server_files import MAX_BATCH_SIZE
from tests.data.refusals import refused
from tests.experiments.processes import succeed
from tests.report.run_folders import SAMPLE
from tests.serving.tables import table, write
from tests.serving.tiny_models import change, copied

PAYMENTS = np.random.default_rng(0).normal(0, 3, (600, 5)).astype("float32")
HEADER = ["Time", "Amount", "V1", "V2", "Class"]
CARD, TOKENIZER = "1/assets.extra/card.json", "1/assets.extra/tokenizer"
WITH_LITTLE = """
import sys
not_needed = "keras", "tf_keras", "keras_suite.models", "keras_suite.layers"
sys.modules |= dict.fromkeys(not_needed)  # None there makes an import fail
from keras_suite.cli import main
models, payments, *server = sys.argv[1:]
assert main(["predict", f"{models}/fraud", "--csv", payments, *server]) == 0
assert main(["predict", f"{models}/topics", "--text", "Is it safe?", "No.", *server]) == 0
assert ("tensorflow" in sys.modules) != bool(server)
assert not [name for name in sys.modules if name.startswith("transformers.modeling_tf")]
"""


def two_columns(card):
    card.write_text(card.read_text().replace('"V1", ', ""))


@pytest.fixture
def payments(tmp_path):
    return write(tmp_path / "payments.csv", HEADER, PAYMENTS)


@pytest.mark.parametrize("by_server", [False, True])
@pytest.mark.parametrize(("named", "version"), [("fraud", "fraud/2"), ("fraud/1", "fraud/1")])
def test_every_row_of_a_csv_file_is_predicted_in_order_by_the_version_named(
    ask, server, payments, compute, named, version, by_server
):
    told = ask(named, csv=payments, rest=server.url if by_server else None)
    expected = compute(version, features=PAYMENTS[:, [2, 3, 1]])["fraud_probability"]
    np.testing.assert_array_equal(np.array(told["fraud_probability"], "f4"), expected)
    rows = [len(body["inputs"]["features"]) for body in server.bodies]
    assert rows == [MAX_BATCH_SIZE, MAX_BATCH_SIZE, 88] * by_server


@pytest.mark.parametrize("named", ["", "..", "../..", "../latest"])
def test_a_run_an_experiment_or_the_folder_of_one_predicts(toy, tmp_path, do, named):
    change(toy, serving={"columns": ["a", "b", "c"], "classes": ["no", "yes"]}, data=SAMPLE)
    examples = Examples.load(toy / "serving" / "examples.npz")
    path = write(tmp_path / "rows.csv", ["a", "b", "c"], examples.inputs["features"])
    code, out, err = do("predict", toy / named, "--csv", path)
    assert (code, err) == (0, "SAMPLE DATA: toy was trained on nothing else.\n")
    found, expected = table(out), examples.outputs
    np.testing.assert_allclose(np.array(found["scores"], "f4"), expected["scores"], atol=1e-5)
    classes = np.array(["no", "yes"])[expected["probabilities"].argmax(1)]
    assert found["class"] == classes.tolist()


@pytest.mark.parametrize("cell", ["", "two", "nan", "1e39", "inf"])
def test_what_is_no_number_is_named_by_file_row_and_column(ask, tmp_path, cell):
    rows = PAYMENTS.tolist()
    rows[400][1] = cell
    path = write(tmp_path / "payments.csv", HEADER, rows)
    said = rf"payments\.csv, row 401 \(line 402\): Amount is '{cell}', which is not a finite float"
    with pytest.raises(InputError, match=said):
        ask("fraud", csv=path, to=tmp_path / "out.csv")
    assert [each.name for each in tmp_path.iterdir()] == ["payments.csv"]


def test_a_file_is_written_whole_or_not_at_all(ask, server, payments, tmp_path):
    out = tmp_path / "new" / "out.csv"
    server.faults.append((400, {"error": "enough"}))
    with pytest.raises(InputError, match="refuses fraud/versions/2: enough"):
        ask("fraud", csv=payments, to=out, rest=server.url)
    assert list(out.parent.iterdir()) == []
    assert ask("fraud", csv=payments, to=out) is None
    before = out.read_text()
    assert len(table(before)["fraud_probability"]) == len(PAYMENTS)
    for taken, said in (
        (out, "exists already: remove it, or name a new file"),
        (out.parent, "exists already"),
        (out / "below.csv", r"below\.csv cannot be written: "),
    ):
        with pytest.raises(InputError, match=said):
            ask("fraud", csv=payments, to=taken)
    assert out.read_text() == before


@pytest.mark.parametrize(
    ("name", "flags", "said"),
    [
        ("fraud", {"text": ("a",)}, "fraud reads --csv, not --text"),
        ("fashion", {"csv": "p.csv"}, "fashion reads --image, not --csv"),
        ("topics", {"image": ("a.png",)}, "topics reads --text or --csv, not --image"),
        ("nameless", {"csv": "p.csv"}, r"nameless reads features \(float32 \[None, 3\]\): call"),
        ("fraud", {"csv": "p.csv", "text": ("a",)}, "Give one of --csv FILE"),
        ("fraud", {"csv": "p.csv", "timeout": 0.0}, "--timeout must be above 0"),
        ("qa", {"text": ("Where?",)}, "--text must give 2 texts: question and context"),
        ("topics", {"text": ("safe", "")}, "--text: the text is empty"),
        ("words", {"text": ("\udcff",)}, "--text: the words is not UTF-8"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(ask, name, flags, said):
    with pytest.raises(InputError, match=said):
        ask(name, **flags)


@pytest.mark.parametrize(
    ("name", "file", "spoil", "said"),
    [
        ("fraud", CARD, Path.unlink, r"card\.json cannot be read: export it again"),
        ("fraud", "1/saved_model.pb", Path.unlink, "fraud/1 cannot be loaded: "),
        ("fraud", CARD, two_columns, "fraud/1 refuses its inputs: "),
        ("topics", TOKENIZER, shutil.rmtree, r"tokenizer cannot be read \(.*run the experiment"),
    ],
)
def test_a_damaged_export_is_one_sentence(
    ask, exported, payments, tmp_path, name, file, spoil, said
):
    shutil.copytree(exported / name / "1", tmp_path / name / "1")
    spoil(tmp_path / name / file)
    asked = {"csv": payments} if name == "fraud" else {"text": ("safe",)}
    with pytest.raises(InputError, match=said):
        ask(tmp_path / name, **asked, to=tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


EDITED = [
    ("fraud", lambda card: card.pop("outputs"), "outputs"),
    ("fraud", lambda card: card.update(inputs={}), "names no input of the model"),
    ("fraud", lambda card: card["inputs"]["features"].update(shape="any"), "shape"),
    ("fraud", lambda card: card.update(columns=[1, 2, 3]), "columns"),
    ("fashion", lambda card: card.update(classes="abc"), "classes"),
    ("fashion", lambda card: card["classes"].pop(), "gives more classes than bag, boot"),
    ("topics", lambda card: card["text"].pop("reads"), "reads"),
    ("topics", lambda card: card["text"].pop("max_length"), "max_length"),
    ("topics", lambda card: card["text"].update(reads="aloud"), "reads"),
    ("topics", lambda card: card["text"].update(max_length=-5), "gives max_length, .* no text has"),
    ("qa", lambda card: card["text"].update(stride=2**70), "gives max_length, .* no text has"),
    ("topics", lambda card: card.update(text=["a"]), "text"),
    ("qa", lambda card: card["text"].update(threshold="high"), "threshold"),
]


@pytest.mark.parametrize(("name", "edit", "said"), EDITED)
def test_an_edited_card_is_one_sentence(ask, exported, payments, tmp_path, name, edit, said):
    shutil.copytree(exported / name / "1", tmp_path / name / "1")
    file = tmp_path / name / CARD
    card = json.loads(file.read_text())
    edit(card)
    file.write_text(json.dumps(card))
    picture = tmp_path / "white.png"
    Image.new("L", (6, 4), 255).save(picture)
    given = {"fraud": {"csv": payments}, "fashion": {"image": (picture,)}}
    with refused(said):
        ask(tmp_path / name, **given.get(name, {"text": ("a", "b")}))


@pytest.mark.parametrize("name", ["runs[1]", "a*", "what?", "[bold]"])
def test_signs_of_patterns_and_markup_in_paths_are_letters(kept_run, tmp_path, do, name):
    run, models = copied(kept_run, tmp_path / name), tmp_path / f"{name}-models"
    change(run, serving={"columns": ["a", "b", "c"]})
    path = write(tmp_path / f"{name}.csv", ["a", "b", "c"], [[1, 2, 3]])
    assert f"{models / 'toy' / '1'}" in do("export", run, "--to", models)[1]
    told = [do("predict", each, "--csv", path) for each in (run, run / "../..", models / "toy")]
    assert [code for code, _, _ in told] == [0] * 3
    assert len({out for _, out, _ in told}) == 1


@pytest.mark.parametrize("content", [b"", b"[]", b"[" * 100_000, b'"\xff"', b"null"])
def test_a_broken_card_is_one_sentence(ask, exported, payments, tmp_path, content):
    shutil.copytree(exported / "fraud" / "1", tmp_path / "fraud" / "1")
    (tmp_path / "fraud" / CARD).write_bytes(content)
    with refused("export it again", tmp_path / "fraud" / CARD):
        ask(tmp_path / "fraud", csv=payments)


def test_a_request_to_a_server_is_bounded_in_bytes(ask, server, payments, monkeypatch):
    monkeypatch.setattr(predict, "MAX_REQUEST_BYTES", 12 * 100)  # of 100 rows
    told = ask("fraud", csv=payments, rest=server.url)
    assert len(told["fraud_probability"]) == len(PAYMENTS)
    assert {len(body["inputs"]["features"]) for body in server.bodies} == {100, 56, 88}


@pytest.mark.parametrize("by_server", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_the_command_needs_no_keras_and_with_a_server_no_tensorflow(
    exported, server, payments, by_server
):
    flags = ["--rest", server.url] * by_server
    out = succeed("-c", WITH_LITTLE, exported, payments, *flags)
    assert len(out.splitlines()) == 1 + len(PAYMENTS) + 1 + 2


def test_the_command_ends_quietly_where_nobody_reads_on(exported, payments, monkeypatch):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as nobody:
        monkeypatch.setattr(sys, "stdout", nobody)
        Predict(exported / "fraud", csv=payments).run()
        print("more, which goes nowhere")
