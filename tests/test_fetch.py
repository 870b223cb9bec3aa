"""Downloading what experiments need, as processes that know the hosts of a loopback alone."""

import os
import re
import subprocess
import sys

from keras_suite.data.download import LIBRARIES
from tests.data.hosts import NOWHERE
from tests.data.hub_server import Hub, serving
from tests.experiments.processes import ROOT, command, python


def fetch(*arguments, **environment):
    line = [sys.executable, "-m", "keras_suite", "fetch", *map(str, arguments)]
    others = {"KERAS_SUITE_CACHE", *LIBRARIES}
    given = {name: value for name, value in os.environ.items() if name not in others}
    return subprocess.run(
        line, cwd=ROOT, env=given | environment, capture_output=True, text=True, timeout=120
    )


def test_the_list_names_file_address_size_licence_and_place_of_all(tmp_path):
    done = fetch("all", "--list", "--to", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    for file in (ROOT / "experiments").glob("[a-z]*.py"):
        assert f"\n{file.stem}: " in f"\n{done.stdout}"
    assert (
        "fake_news: encoder digitalepidemiologylab/covid-twitter-bert-v2 (1.5 GB, MIT), missing\n"
        "    from https://huggingface.co/digitalepidemiologylab/covid-twitter-bert-v2\n"
        f"    to   {tmp_path}/hub/models--digitalepidemiologylab--covid-twitter-bert-v2\n"
    ) in done.stdout
    listed = re.findall(r"(\w+): (.+) \((.+?), (.+)\), missing\n", done.stdout)
    rows = [f"| {' | '.join(each)} |" for each in listed]
    assert "\n".join(rows) in (ROOT / "README.md").read_text(encoding="utf-8")
    (tmp_path / "dermamnist.npz").touch()
    line = "skin_lesions: dermamnist.npz (20 MB, CC BY-NC 4.0), present\n"
    assert line in fetch("skin_lesions", "--list", "--to", tmp_path).stdout


def test_where_nothing_can_be_had_it_says_so_of_each_and_leaves_no_part(tmp_path):
    done = fetch("skin_lesions", "--to", tmp_path, **NOWHERE)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: skin_lesions: No real data here: https://zenodo.org/")
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.rglob("*.npz"))


def test_a_name_is_what_the_command_takes():
    assert "fetch [-h] NAME [--to FOLDER]" in fetch("--help").stdout


def test_what_a_later_model_lacks_is_refused_before_the_first_is_trained(tmp_path):
    flags = ["--preset", "quick", "--data", "sample", "--encoder", "tiny"]
    flags += ["--covid-encoder", "nobody/nothing"]
    with serving(Hub()) as url:
        environment = {"HF_ENDPOINT": url, "HF_HUB_CACHE": str(tmp_path / "cache")}
        done = python(*command("fake_news", *flags, output=tmp_path)[1:], **environment)
    assert done.returncode == 2
    assert done.stderr.startswith("error: No tokenizer from nobody/nothing (")
    assert not list((tmp_path / "fake_news").iterdir())
