import json
import subprocess
import sys
from pathlib import Path

import pytest
from keras_suite.experiments import fraud

from keras_suite import cli

ROOT = Path(__file__).parents[1]
HEAVY = "{'tensorflow', 'keras', 'transformers', 'matplotlib', 'requests'}"


@pytest.fixture
def outcome(capsys):
    """Do a command in this process: exit code, standard output, standard error."""

    def do(*arguments):
        return cli.main([str(each) for each in arguments]), *capsys.readouterr()

    return do


@pytest.mark.parametrize("name", ["", *cli.COMMANDS])
def test_help_answers_without_a_framework_and_shows_the_defaults(name):
    code = (
        "import runpy, sys\n"
        f"sys.argv[1:] = {[name] * bool(name) + ['--help']}\n"
        "try: runpy.run_module('keras_suite', run_name='__main__')\n"
        f"finally: print({HEAVY} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "set()\n")
    assert f"python -m keras_suite {'COMMAND' if name in ('', 'run') else name}" in done.stdout
    assert "None" not in done.stdout


def test_the_overview_names_every_command_and_every_experiment(outcome):
    code, out, _ = outcome()
    named = {line.split()[0] for line in out.splitlines() if line.startswith("  ")}
    assert code == 0
    assert named == {*cli.COMMANDS, *cli.experiment_names()}
    assert "fraud" in named


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["ran"], "There is no command 'ran': there are run, tune, "),
        (["run", "frod"], "There is no experiment 'frod': there are cifar10, "),
        (["tune", "frod"], "There is no experiment 'frod': there are cifar10, "),
        (["run", "fraud", "--dropout", "0.2", "0.5", "1.5"], "--dropout must lie in [0, 1)"),
        (["run", "fraud", "--preset"], "argument --preset: expected one argument; see "),
        (["tune", "fraud", "--worker", "2"], "Unrecognized options: --worker, 2 (did you mean --w"),
        (["report", "missing"], "missing cannot be read"),
        (["report", ".", "--form", "pdf"], "Unrecognized options: --form, pdf; see "),
        (["compare", "missing", "missing"], "missing is no run that can be compared"),
        (["compare", "missing"], "Missing from python -m keras_suite compare: RUN"),
        (["export", "missing"], "missing is neither a run's folder nor"),
        (["export", "missing", "--keep", "0"], "--keep must be at least 1, not 0."),
        (["check"], "Name a run's folder"),
        (["predict", "missing"], "Give one of --csv FILE, --image FILE ... and --text"),
    ],
)
def test_bad_input_is_one_sentence_with_code_2(outcome, arguments, sentence):
    code, out, err = outcome(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {sentence}")
    assert err.count("\n") == 1


def test_a_config_file_gives_the_defaults_and_flags_win_over_it(tmp_path):
    file = tmp_path / "best.json"
    file.write_text(json.dumps({"filters": [4, 8], "epochs": 3, "resample": False}))
    _, config = cli.parse(fraud, ["--config", str(file), "--epochs", "2"])
    assert (config.filters, config.epochs, config.resample) == ((4, 8), 2, False)
    assert config.batch_size == 32


@pytest.mark.parametrize(
    ("name", "text", "flags", "sentence"),
    [
        ("best.json", '{"epocs": 3}', ["--config"], "there is no field 'epocs'; the fields are"),
        ("creditcard.csv", "<html>404</html>", ["--data-dir"], "is a web page, not a table"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence_and_leaves_no_run(
    outcome, tmp_path, name, text, flags, sentence
):
    (tmp_path / name).write_text(text)
    output = tmp_path / "runs"
    code, _, err = outcome("run", "fraud", *flags, tmp_path / name, "--output", output)
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith(f"error: {tmp_path / name}")
    assert sentence in err
    assert not list(output.glob("fraud/*"))
