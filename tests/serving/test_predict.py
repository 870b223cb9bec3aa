import json
import subprocess
import sys

import numpy as np
import pytest

from keras_suite.errors import InputError
from keras_suite.serving.server_files import MAX_BATCH_SIZE
from tests.serving.server_models import bad_request
from tests.serving.tables import table, write
from tests.serving.tiny_models import TEXTS

PAYMENTS = np.random.default_rng(0).normal(0, 3, (600, 5)).astype("float32")
HEADER = ["Time", "Amount", "V1", "V2", "Class"]
FEATURES = PAYMENTS[:, [2, 3, 1]]


@pytest.fixture
def payments(tmp_path):
    return write(tmp_path / "payments.csv", HEADER, PAYMENTS)


def test_every_row_of_a_csv_file_is_predicted_in_order(ask, served, payments, compute):
    given = np.array(table(ask("fraud", csv=payments))["fraud_probability"], np.float32)
    np.testing.assert_array_equal(given, compute("fraud", features=FEATURES)["fraud_probability"])
    sent = served[0].messages
    assert len(sent) == -(-len(PAYMENTS) // MAX_BATCH_SIZE)
    if served[1] == "rest":
        rows = [len(json.loads(body)["inputs"]["features"]) for body in sent]
        assert rows == [MAX_BATCH_SIZE, MAX_BATCH_SIZE, 88]


def test_the_version_is_that_of_the_card(ask, payments, compute):
    for version in (1, 2):
        given = np.array(
            table(ask("fraud", csv=payments, version=version))["fraud_probability"], np.float32
        )
        expected = compute("fraud", version, features=FEATURES)["fraud_probability"]
        np.testing.assert_array_equal(given, expected)


def test_without_named_columns_a_file_has_all_in_the_models_order(ask_rest, tmp_path, compute):
    path = write(tmp_path / "table.csv", ["a", "b", "c"], FEATURES)
    given = np.array(table(ask_rest("table", csv=path))["fraud_probability"], np.float32)
    np.testing.assert_array_equal(given, compute("table", features=FEATURES)["fraud_probability"])
    write(path, ["a", "b"], FEATURES[:, :2])
    with pytest.raises(InputError, match=r"table\.csv has 2 columns, but the model reads 3\."):
        ask_rest("table", csv=path)


@pytest.mark.parametrize("cell", ["", "two", "nan", "1e39", "inf"])
def test_what_is_no_number_is_named_by_file_row_and_column(ask_rest, rest, tmp_path, cell):
    rows = PAYMENTS.tolist()
    rows[400][1] = cell
    path = write(tmp_path / "payments.csv", HEADER, rows)
    said = (
        rf"payments\.csv, row 401 \(line 402\): Amount is '{cell}', which is not a finite float32"
    )
    with pytest.raises(InputError, match=said):
        ask_rest("fraud", csv=path, to=tmp_path / "out.csv")
    assert len(rest.messages) == 1
    assert not (tmp_path / "out.csv").exists()


def test_a_file_is_written_whole_or_not_at_all(ask_rest, rest, payments, tmp_path):
    out = tmp_path / "new" / "out.csv"
    assert ask_rest("fraud", csv=payments, to=out) == ""
    before = out.read_bytes()
    assert len(table(out.read_text())["fraud_probability"]) == len(PAYMENTS)
    write(payments, HEADER, -PAYMENTS)
    rest.faults.extend([None, None, bad_request("enough")])  # metadata, first part, second part
    with pytest.raises(InputError, match="refuses fraud, version 2: enough"):
        ask_rest("fraud", csv=payments, to=out)
    assert out.read_bytes() == before
    assert [each.name for each in out.parent.iterdir()] == ["out.csv"]
    with pytest.raises(InputError, match=r"below\.csv cannot be written: File exists"):
        ask_rest("fraud", csv=payments, to=out / "below.csv")
    with pytest.raises(InputError, match=r"new is a folder: name a file"):
        ask_rest("fraud", csv=payments, to=out.parent)
    assert out.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "flags", "said"),
    [
        ("fraud", {"text": ("a",)}, "fraud is asked by --csv, not by --text"),
        ("fashion", {"csv": "p.csv"}, "fashion is asked by --image, not by --csv"),
        ("topics", {"image": ("a.png",)}, "topics is asked by --text or --csv, not by --image"),
        ("fraud", {"csv": "p.csv", "version": 9}, "fraud has no version 9, but 1, 2"),
        ("frod", {"csv": "p.csv"}, "frod holds no model: name one of fashion, fraud, pairs"),
        ("fraud", {}, "Give one of --csv FILE, --image FILE ... and --text TEXT"),
        ("fraud", {"csv": "p.csv", "text": ("a",)}, "Give one of --csv FILE"),
        ("fraud", {"csv": "p.csv", "grpc": "a:1"}, "Give the server by one of --rest"),
        ("fraud", {"csv": "p.csv", "timeout": 0.0}, "--timeout must be above 0"),
        ("fraud", {"csv": "p.csv", "retries": -1}, "--retries must be at least 0"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(ask_rest, name, flags, said):
    with pytest.raises(InputError, match=said):
        ask_rest(name, **flags)


def test_a_damaged_card_and_an_empty_folder_are_one_sentence(ask_rest, tmp_path):
    with pytest.raises(InputError, match="holds no models: name the folder you exported to"):
        ask_rest("fraud", csv="p.csv", models=tmp_path)
    (tmp_path / "fraud" / "1").mkdir(parents=True)
    with pytest.raises(InputError, match=r"card\.json cannot be read: export the model again"):
        ask_rest("fraud", csv="p.csv", models=tmp_path)


def command(*arguments) -> list[str]:
    code = (
        "import sys; from keras_suite.serving.__main__ import main; code = main(sys.argv[1:]); "
        "assert 'tensorflow' not in sys.modules; sys.exit(code)"
    )
    return [sys.executable, "-c", code, "predict", *map(str, arguments)]


def test_the_command_needs_no_tensorflow_for_texts_over_rest(rest, exported):
    flags = "topics", "--rest", rest.address, "--models", exported, "--text", *TEXTS
    done = subprocess.run(command(*flags), capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.partition(": ")[0] for line in done.stdout.splitlines()] == TEXTS


def test_the_command_needs_no_tensorflow_for_rest(rest, exported, payments, compute):
    flags = "fraud", "--rest", rest.address, "--models", exported, "--csv", payments
    done = subprocess.run(command(*flags), capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    given = np.array(table(done.stdout)["fraud_probability"], np.float32)
    np.testing.assert_array_equal(given, compute("fraud", features=FEATURES)["fraud_probability"])


def test_the_command_ends_quietly_where_nobody_reads_on(rest, exported, tmp_path):
    path = write(tmp_path / "payments.csv", HEADER, np.tile(PAYMENTS, (20, 1)))
    flags = "fraud", "--rest", rest.address, "--models", exported, "--csv", path
    with subprocess.Popen(
        command(*flags), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "fraud_probability\n"
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0


def test_bad_input_is_one_sentence_and_exit_code_2(exported):
    flags = "fraud", "--rest", "nowhere", "--models", exported, "--csv", "p.csv"
    done = subprocess.run(command(*flags), capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: 'nowhere' is not HOST:PORT, such as localhost:8501.\n"
