import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = "keras_suite", "experiments", "tuning"
FILES = "pyproject.toml", "setup.py", "README.md", "LICENSE"


@pytest.mark.slow
def test_a_wheel_has_one_name_and_runs_an_experiment_in_an_empty_folder(tmp_path):
    source, site, empty = (tmp_path / name for name in ("source", "site", "empty"))
    for name in SOURCES:
        shutil.copytree(ROOT / name, source / name)
    for name in FILES:
        shutil.copy(ROOT / name, source)
    empty.mkdir()
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path, source]
    subprocess.run(build, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name.partition("/")[0].partition("-")[0] for name in archive.namelist()}
    assert names == {"keras_suite"}
    subprocess.run([*pip, "install", "--no-deps", "--target", site, wheel], check=True)
    command = "run", "fraud", "--preset", "quick", "--data", "sample"
    done = subprocess.run(
        [sys.executable, site / "bin" / "keras-suite", *command],
        cwd=empty,
        env=os.environ | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (empty / "runs" / "fraud" / "latest" / "serving" / "fraud" / "1").is_dir()
    assert os.listdir(empty) == ["runs"]
