import json
import subprocess
import sys

import numpy as np
import pytest

from keras_suite.errors import InputError
from keras_suite.serving.predict import Predict
from keras_suite.serving.server_files import MAX_BATCH_SIZE
from tests.serving.tables import table, write
from tests.serving.tiny_models import TEXTS
from tests.serving.toy_run import ROWS

PAYMENTS = np.random.default_rng(0).normal(0, 3, (600, 5)).astype("float32")
HEADER = ["Time", "Amount", "V1", "V2", "Class"]
FEATURES = PAYMENTS[:, [2, 3, 1]]
NOT_NEEDED = "keras", "tf_keras", "keras_suite.models", "keras_suite.layers"
COMMAND = f"""
import sys
sys.modules |= dict.fromkeys({NOT_NEEDED})  # None there makes an import fail
from keras_suite.serving.__main__ import main
code = main(["predict", *sys.argv[1:]])
assert not [name for name in sys.modules if name.startswith("transformers.modeling_tf")]
assert ("--rest" in sys.argv) != ("tensorflow" in sys.modules) or code
sys.exit(code)
"""


@pytest.fixture
def payments(tmp_path):
    return write(tmp_path / "payments.csv", HEADER, PAYMENTS)


def command(*arguments) -> list[str]:
    return [sys.executable, "-c", COMMAND, *map(str, arguments)]


def run(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run(command(*arguments), capture_output=True, text=True, timeout=90)


@pytest.mark.parametrize("by_server", [False, True])
@pytest.mark.parametrize(("named", "version"), [("fraud", "fraud/2"), ("fraud/1", "fraud/1")])
def test_every_row_of_a_csv_file_is_predicted_in_order_by_the_version_named(
    ask, server, payments, compute, named, version, by_server
):
    told = table(ask(named, csv=payments, rest=server.url if by_server else None))
    expected = compute(version, features=FEATURES)["fraud_probability"]
    np.testing.assert_array_equal(np.array(told["fraud_probability"], "f4"), expected)
    rows = [len(body["inputs"]["features"]) for body in server.bodies]
    assert rows == [MAX_BATCH_SIZE, MAX_BATCH_SIZE, 88] * by_server


@pytest.mark.parametrize("named", ["", "..", "../..", "../latest"])
def test_a_run_an_experiment_or_the_folder_of_one_predicts(toy, tmp_path, capsys, named):
    metrics = json.loads((toy / "metrics.json").read_text())
    metrics["serving"]["columns"] = ["a", "b", "c"]
    metrics["data"]["kind"] = "sample"
    (toy / "metrics.json").write_text(json.dumps(metrics))
    path = write(tmp_path / "rows.csv", ["a", "b", "c"], ROWS[:32])
    Predict(toy / named, csv=path).run()
    told = capsys.readouterr()
    assert told.err == "SAMPLE DATA: toy was trained on nothing else.\n"
    with np.load(toy / "serving" / "examples.npz") as examples:
        scores, probabilities = examples["outputs/scores"], examples["outputs/probabilities"]
    found = table(told.out)
    np.testing.assert_allclose(np.array(found["scores"], "f4"), scores, rtol=0, atol=1e-5)
    assert found["class"] == np.array(["no", "yes"])[probabilities.argmax(1)].tolist()


@pytest.mark.parametrize("cell", ["", "two", "nan", "1e39", "inf"])
def test_what_is_no_number_is_named_by_file_row_and_column(ask, tmp_path, cell):
    rows = PAYMENTS.tolist()
    rows[400][1] = cell
    path = write(tmp_path / "payments.csv", HEADER, rows)
    said = (
        rf"payments\.csv, row 401 \(line 402\): Amount is '{cell}', which is not a finite float32"
    )
    with pytest.raises(InputError, match=said):
        ask("fraud", csv=path, to=tmp_path / "out.csv")
    assert [each.name for each in tmp_path.iterdir()] == ["payments.csv"]


def test_a_file_is_written_whole_or_not_at_all(ask, server, payments, tmp_path):
    out = tmp_path / "new" / "out.csv"
    server.faults.extend([(400, {"error": "enough"})])
    with pytest.raises(InputError, match="refuses fraud/versions/2: enough"):
        ask("fraud", csv=payments, to=out, rest=server.url)
    assert list(out.parent.iterdir()) == []
    assert ask("fraud", csv=payments, to=out) == ""
    assert len(table(out.read_text())["fraud_probability"]) == len(PAYMENTS)
    before = out.read_bytes()
    for taken in (out, out.parent):
        with pytest.raises(InputError, match=r"exists already: remove it, or name a new file"):
            ask("fraud", csv=payments, to=taken)
    with pytest.raises(InputError, match=r"below\.csv cannot be written: "):
        ask("fraud", csv=payments, to=out / "below.csv")
    assert out.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "flags", "said"),
    [
        ("fraud", {"text": ("a",)}, "fraud reads --csv, not --text"),
        ("fashion", {"csv": "p.csv"}, "fashion reads --image, not --csv"),
        ("topics", {"image": ("a.png",)}, "topics reads --text or --csv, not --image"),
        ("nameless", {"csv": "p.csv"}, r"nameless reads features \(float32 \[None, 3\]\): call"),
        ("frod", {"csv": "p.csv"}, "frod is neither a run's folder nor"),
        ("fraud", {}, "Give one of --csv FILE, --image FILE ... and --text TEXT"),
        ("fraud", {"csv": "p.csv", "text": ("a",)}, "Give one of --csv FILE"),
        ("fraud", {"csv": "p.csv", "timeout": 0.0}, "--timeout must be above 0"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(ask, name, flags, said):
    with pytest.raises(InputError, match=said):
        ask(name, **flags)


def test_a_damaged_export_is_one_sentence(ask, payments, tmp_path):
    (tmp_path / "fraud" / "1" / "assets.extra").mkdir(parents=True)
    with pytest.raises(InputError, match=r"card\.json cannot be read: export it again"):
        ask(tmp_path / "fraud", csv=payments)
    card = {"name": "x", "data": {"kind": "real"}, "columns": ["V1"], "version": 1}
    card["inputs"] = {"features": {"dtype": "float32", "shape": [None, 1]}}
    (tmp_path / "fraud" / "1" / "assets.extra" / "card.json").write_text(json.dumps(card))
    with pytest.raises(InputError, match=r"fraud/1 cannot be loaded: "):
        ask(tmp_path / "fraud", csv=payments)


def test_inputs_that_the_export_does_not_take_are_one_sentence(toy, tmp_path):
    metrics = json.loads((toy / "metrics.json").read_text())
    metrics["serving"]["columns"] = ["V1"]  # of three
    (toy / "metrics.json").write_text(json.dumps(metrics))
    path = write(tmp_path / "rows.csv", ["V1"], [[1.0]])
    with pytest.raises(InputError, match=r"toy/1 refuses its inputs: "):
        Predict(toy, csv=path, to=tmp_path / "out.csv").run()
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("by_server", [False, True])
@pytest.mark.parametrize("name", ["fraud", "topics"])
def test_the_command_needs_no_keras_and_with_a_server_no_tensorflow(
    server, exported, payments, name, by_server
):
    flags = ["--csv", payments] if name == "fraud" else ["--text", *TEXTS]
    done = run(exported / name, *flags, *["--rest", server.url] * by_server)
    assert (done.returncode, done.stderr) == (0, "")
    found = table(done.stdout)
    assert len(found.popitem()[1]) == (len(PAYMENTS) if name == "fraud" else len(TEXTS))


def test_the_command_ends_quietly_where_nobody_reads_on(exported, tmp_path):
    path = write(tmp_path / "payments.csv", HEADER, np.tile(PAYMENTS, (20, 1)))
    with subprocess.Popen(
        command(exported / "fraud", "--csv", path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "fraud_probability\n"
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0


def test_bad_input_is_one_sentence_and_exit_code_2(exported, toy):
    for model, said in (
        (exported / "fraud", "missing.csv cannot be read: No such file or directory."),
        (toy, "toy reads features (float32 [None, 3]): call its SavedModel from Python."),
    ):
        done = run(model, "--csv", "missing.csv")
        assert (done.returncode, done.stdout, done.stderr) == (2, "", f"error: {said}\n")
