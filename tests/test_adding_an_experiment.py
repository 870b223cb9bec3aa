"""The guide's experiment beside an installed keras_suite: what the guide promises must hold."""

import json
import re
import shutil

import pytest

from tests.experiments.processes import ROOT, succeed


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


def do(folder, *arguments):
    succeed(*arguments, cwd=folder, PYTHONPATH=str(folder))


def test_one_file_makes_an_experiment_that_runs_and_is_exported_checked_and_reported(folder):
    do(folder, "keras_suite/experiments/wine.py", "--preset", "quick")
    ran = (folder / "runs" / "wine" / "latest").resolve()
    metrics = json.loads((ran / "metrics.json").read_text())
    about = "Wine cultivars: a small network on 13 chemical measurements."
    assert (metrics["status"], metrics["about"]) == ("done", about)
    assert (ran / "figures" / "learning_curves.png").exists()
    for command in ("export", "check"):
        do(folder, "-m", "keras_suite", command, "runs/wine")
    card = json.loads((folder / "models/wine/1/assets.extra/card.json").read_text())
    assert card["classes"] == ["class_0", "class_1", "class_2"]
    assert card["inputs"] == {"features": {"dtype": "float32", "shape": [None, 13]}}
    do(folder, "-m", "keras_suite", "report", "runs", "-o", "report")
    page = (folder / "report" / "index.html").read_text(encoding="utf-8")
    for part in ("Wine cultivars", "accuracy"):
        assert part in page


def test_it_is_tuned_without_another_line(folder):
    do(folder, "-m", "keras_suite", "tune", "wine", "--max-epochs", "2")
    best = json.loads((folder / "runs" / "tuning" / "wine" / "best.json").read_text())
    assert best["units"] in (8, 32)
