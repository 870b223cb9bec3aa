import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from keras_suite.errors import InputError
from keras_suite.serving.examples import Examples
from keras_suite.serving.predict import Predict
from keras_suite.serving.server_files import MAX_BATCH_SIZE
from tests.experiments.processes import ROOT
from tests.report.run_folders import SAMPLE
from tests.serving.tables import table, write
from tests.serving.tiny_models import change

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
def test_a_run_an_experiment_or_the_folder_of_one_predicts(toy, tmp_path, capsys, named):
    change(toy, serving={"columns": ["a", "b", "c"], "classes": ["no", "yes"]}, data=SAMPLE)
    examples = Examples.load(toy / "serving" / "examples.npz")
    path = write(tmp_path / "rows.csv", ["a", "b", "c"], examples.inputs["features"])
    Predict(toy / named, csv=path).run()
    told = capsys.readouterr()
    assert told.err == "SAMPLE DATA: toy was trained on nothing else.\n"
    found, expected = table(told.out), examples.outputs
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


@pytest.mark.parametrize("by_server", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_the_command_needs_no_keras_and_with_a_server_no_tensorflow(
    exported, server, payments, by_server
):
    flags = ["--rest", server.url] * by_server
    line = [sys.executable, "-c", WITH_LITTLE, exported, payments, *flags]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 1 + len(PAYMENTS) + 1 + 2


def test_the_command_ends_quietly_where_nobody_reads_on(exported, payments, monkeypatch):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as nobody:
        monkeypatch.setattr(sys, "stdout", nobody)
        Predict(exported / "fraud", csv=payments).run()
        print("more, which goes nowhere")
