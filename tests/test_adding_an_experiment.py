"""The guide's experiment, in a folder of its own: what it promises must hold."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Holds ``experiments/wine.py``, cut out of the guide."""
    folder = tmp_path_factory.mktemp("wines")
    guide = (ROOT / "docs" / "adding_an_experiment.md").read_text(encoding="utf-8")
    (folder / "experiments").mkdir()
    code = re.search(r"```python\n(.*?)```", guide, re.DOTALL)[1]
    (folder / "experiments" / "wine.py").write_text(code, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def ran(folder):
    done = python(folder, "experiments/wine.py", "--preset", "quick")
    assert (done.returncode, done.stderr) == (0, "")
    return (folder / "runs" / "wine" / "latest").resolve()


def python(folder, *arguments):
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_one_file_makes_an_experiment_that_runs(ran):
    metrics = json.loads((ran / "metrics.json").read_text())
    assert metrics["status"] == "done"
    assert metrics["about"] == "Wine cultivars: a small network on 13 chemical measurements."
    assert (ran / "figures" / "learning_curves.png").exists()


def test_it_is_tuned_without_another_line(folder):
    done = python(folder, ROOT / "tuning" / "search.py", "wine", "--max-epochs", "2")
    assert (done.returncode, done.stderr) == (0, "")
    best = json.loads((folder / "runs" / "tuning" / "wine" / "best.json").read_text())
    assert best["units"] in (8, 32)


def test_it_is_exported_and_checked_without_another_line(folder, ran):
    for command in ("export", "check"):
        done = python(folder, "-m", "keras_suite.serving", command, "runs/wine")
        assert (done.returncode, done.stderr) == (0, "")
    card = json.loads((folder / "models/wine/1/assets.extra/card.json").read_text())
    assert card["classes"] == ["class_0", "class_1", "class_2"]
    assert card["inputs"] == {"features": {"dtype": "float32", "shape": [None, 13]}}


def test_it_is_reported_without_another_line(folder, ran):
    done = python(folder, "-m", "keras_suite.report", "runs", "-o", "report")
    assert (done.returncode, done.stderr) == (0, "")
    page = (folder / "report" / "index.html").read_text(encoding="utf-8")
    assert "Wine cultivars" in page
    assert "accuracy" in page
