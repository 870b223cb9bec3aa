"""The guide's experiment beside an installed keras_suite: what the guide promises must hold."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Holds the packages as they are installed, with ``wine.py``, which is cut out of the guide."""
    folder = tmp_path_factory.mktemp("wines")
    shutil.copytree(ROOT / "keras_suite", folder / "keras_suite")
    for name in ("experiments", "tuning"):
        shutil.copytree(ROOT / name, folder / "keras_suite" / name)
    guide = (ROOT / "docs" / "adding_an_experiment.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", guide, re.DOTALL)[1]
    (folder / "keras_suite" / "experiments" / "wine.py").write_text(code, encoding="utf-8")
    return folder


def succeed(folder, *arguments):
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture(scope="module")
def ran(folder):
    succeed(folder, "keras_suite/experiments/wine.py", "--preset", "quick")
    return (folder / "runs" / "wine" / "latest").resolve()


def test_one_file_makes_an_experiment_that_runs(ran):
    metrics = json.loads((ran / "metrics.json").read_text())
    assert metrics["status"] == "done"
    assert metrics["about"] == "Wine cultivars: a small network on 13 chemical measurements."
    assert (ran / "figures" / "learning_curves.png").exists()


def test_it_is_tuned_without_another_line(folder):
    succeed(folder, "-m", "keras_suite", "tune", "wine", "--max-epochs", "2")
    best = json.loads((folder / "runs" / "tuning" / "wine" / "best.json").read_text())
    assert best["units"] in (8, 32)


def test_it_is_exported_checked_and_reported_without_another_line(folder, ran):
    for command in ("export", "check"):
        succeed(folder, "-m", "keras_suite", command, "runs/wine")
    card = json.loads((folder / "models/wine/1/assets.extra/card.json").read_text())
    assert card["classes"] == ["class_0", "class_1", "class_2"]
    assert card["inputs"] == {"features": {"dtype": "float32", "shape": [None, 13]}}
    succeed(folder, "-m", "keras_suite", "report", "runs", "-o", "report")
    page = (folder / "report" / "index.html").read_text(encoding="utf-8")
    assert "Wine cultivars" in page
    assert "accuracy" in page
