import os
import shutil
import zipfile

import pytest

from tests.experiments.processes import ROOT, python, succeed


@pytest.mark.slow
def test_a_wheel_has_one_name_and_runs_an_experiment_in_an_empty_folder(tmp_path):
    source, site, empty = (tmp_path / name for name in ("source", "site", "empty"))
    for name in ("keras_suite", "experiments", "tuning"):
        shutil.copytree(ROOT / name, source / name)
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    empty.mkdir()
    pip = "-m", "pip", "--quiet", "--disable-pip-version-check"
    build = *pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path, source
    assert python(*build).returncode == 0
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name.partition("/")[0].partition("-")[0] for name in archive.namelist()}
    assert names == {"keras_suite"}
    assert python(*pip, "install", "--no-deps", "--target", site, wheel).returncode == 0
    command = "run", "fraud", "--preset", "quick", "--data", "sample"
    succeed(site / "bin" / "keras-suite", *command, cwd=empty, PYTHONPATH=str(site))
    assert (empty / "runs" / "fraud" / "latest" / "serving" / "fraud" / "1").is_dir()
    assert os.listdir(empty) == ["runs"]
