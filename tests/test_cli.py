import json
import subprocess
import sys
from pathlib import Path

import pytest

from experiments import fraud as fraud_experiment
from keras_suite.cli import parse
from keras_suite.terminal.exit_code import exit_code

ROOT = Path(__file__).parents[1]


def fraud(*arguments, **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "experiments/fraud.py", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        **options,
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--epochs", "many"], "Error parsing --epochs"),
        (["--preset", "huge"], "invalid choice 'huge'"),
        (["--dropout", "0.2", "0.5", "1.5"], "error: --dropout must lie in [0, 1)"),
    ],
)
def test_bad_flags_are_refused_with_code_2_and_no_traceback(tmp_path, arguments, sentence):
    done = fraud(*arguments, "--output", tmp_path / "runs")
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "runs").exists()


def test_a_config_file_gives_the_defaults_and_flags_win_over_it(tmp_path):
    file = tmp_path / "best.json"
    file.write_text(json.dumps({"filters": [4, 8], "epochs": 3, "resample": False}))
    _, config = parse(fraud_experiment, ["--config", str(file), "--epochs", "2"])
    assert (config.filters, config.epochs, config.resample) == ((4, 8), 2, False)
    assert config.batch_size == 32


def test_a_config_file_that_cannot_be_used_is_refused_before_a_run_begins(tmp_path):
    file = tmp_path / "best.json"
    file.write_text('{"epocs": 3}')
    done = fraud("--config", file, "--output", tmp_path / "runs")
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {file}: there is no field 'epocs'; the fields are seed")
    assert not (tmp_path / "runs").exists()


def test_bad_data_is_one_sentence_with_code_2(tmp_path):
    (tmp_path / "creditcard.csv").write_text("<html>404</html>")
    done = fraud("--data-dir", tmp_path, "--output", tmp_path / "runs")
    assert done.returncode == 2
    assert done.stderr == (
        f"error: {tmp_path}/creditcard.csv is a web page, not a table (an error page?): "
        "fetch it again.\n"
    )
    assert not list((tmp_path / "runs" / "fraud").iterdir())


def test_ctrl_c_in_any_other_command_is_one_sentence_with_code_130(capsys):
    def job():
        raise KeyboardInterrupt

    assert exit_code(job, interrupted="Interrupted; begin again.") == 130
    assert capsys.readouterr().err == "Interrupted; begin again.\n"
