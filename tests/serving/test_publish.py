import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from keras_suite.errors import InputError
from keras_suite.runs.read import read_run
from keras_suite.serving import warmup
from keras_suite.serving.examples import Examples
from keras_suite.serving.publish import publish
from keras_suite.serving.server_files import versions
from tests.experiments.processes import ROOT
from tests.serving.test_warmup import requests
from tests.serving.toy_run import copied

EXPORT = """
import sys
from pathlib import Path
from keras_suite.runs.read import read_run
from keras_suite.serving.publish import publish
"""
KILL = """
import os, signal
import {module}

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

{module}.{function} = die
"""
PUBLISH = "print(publish(read_run(Path(sys.argv[1])), Path(sys.argv[2]))[0].name)"


def start(code: str, *arguments: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def numbers(models: Path) -> list[int]:
    return [int(each.name) for each in versions(models / "toy")]


def test_a_version_has_all_that_servers_and_clients_want(toy, tmp_path):
    (toy / "tokenizer").mkdir()
    (toy / "tokenizer" / "vocab.txt").write_text("a")
    folder, notes = publish(read_run(toy), tmp_path / "models")
    assert folder == tmp_path / "models" / "toy" / "1"
    assert notes == []
    extra = folder / "assets.extra"
    assert {each.name for each in extra.iterdir()} == {
        "card.json", "examples.npz", "tokenizer", "tf_serving_warmup_requests",
    }  # fmt: skip
    assert (extra / "tokenizer" / "vocab.txt").read_text() == "a"
    examples = Examples.load(extra / "examples.npz")
    loaded = tf.saved_model.load(str(folder))
    outputs = loaded.signatures["serving_default"](features=examples.inputs["features"])
    for name, expected in examples.outputs.items():
        assert np.abs(outputs[name].numpy() - expected).max() <= 1e-6
    first, all_ = requests(extra / warmup.FILE)
    assert np.array_equal(tf.make_ndarray(all_.inputs["features"]), examples.inputs["features"])
    assert first.model_spec.name == "toy"
    assert (folder / "batching_params.pbtxt").read_text() == (
        tmp_path / "models" / "batching.config"
    ).read_text()


def test_the_card_says_what_the_model_is_takes_and_gives(toy, tmp_path):
    publish(read_run(toy), tmp_path / "models")
    folder, _ = publish(read_run(toy), tmp_path / "models")
    card = json.loads((folder / "assets.extra" / "card.json").read_text())
    assert card == {
        "name": "toy",
        "version": 2,
        "experiment": "toy",
        "model": "the tiny one",
        "about": "A toy.",
        "serves": "Three figures in, two probabilities out.",
        "run": toy.name,
        "data": {"kind": "real", "source": "rows.csv"},
        "inputs": {"features": {"dtype": "float32", "shape": [None, 3]}},
        "outputs": {
            "probabilities": {"dtype": "float32", "shape": [None, 2]},
            "scores": {"dtype": "float32", "shape": [None]},
        },
        "classes": ["no", "yes"],
    }


@pytest.mark.parametrize(("keep", "left"), [(1, [11]), (2, [10, 11]), (9, [1, 9, 10, 11])])
def test_versions_count_on_from_the_highest_and_keep_leaves_the_newest(toy, tmp_path, keep, left):
    for folder in ("toy/1", "toy/9", "toy/10", "toy/.partial-7-11", "other/1"):
        (tmp_path / folder).mkdir(parents=True)
    publish(read_run(toy), tmp_path, keep)
    assert numbers(tmp_path) == left
    assert (tmp_path / "other" / "1").exists()
    assert not list(tmp_path.rglob("toy/.partial-*"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no message", r"saved_model\.pb is not a SavedModel"),
        (SavedModel(meta_graphs=[{}]).SerializeToString(), "has no signature serving_default"),
    ],
)
def test_old_versions_stay_where_the_new_one_fails(toy, tmp_path, content, said):
    publish(read_run(toy), tmp_path)
    (toy / "serving" / "toy" / "1" / "saved_model.pb").write_bytes(content)
    with pytest.raises(InputError, match=said):
        publish(read_run(toy), tmp_path, keep=1)
    assert numbers(tmp_path) == [1]
    assert not list(tmp_path.rglob(".partial-*"))


@pytest.mark.parametrize(("module", "function"), [("shutil", "copyfile"), ("os", "replace")])
def test_a_kill_at_any_moment_shows_the_server_nothing_half(toy, tmp_path, module, function):
    code = EXPORT + KILL.format(module=module, function=function) + PUBLISH
    process = start(code, toy, tmp_path / "models")
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    assert numbers(tmp_path / "models") == []
    assert list((tmp_path / "models" / "toy").glob(".partial-*-1"))
    assert publish(read_run(toy), tmp_path / "models")[0].name == "1"
    assert [each.name for each in (tmp_path / "models" / "toy").iterdir()] == ["1"]


def test_two_exports_at_a_time_take_two_numbers(toy, tmp_path):
    processes = [start(EXPORT + PUBLISH, toy, tmp_path / "models") for _ in range(2)]
    told = [process.communicate(timeout=120)[0].strip() for process in processes]
    assert sorted(told) == ["1", "2"]
    assert numbers(tmp_path / "models") == [1, 2]
    for number in (1, 2):
        card = tmp_path / "models" / "toy" / str(number) / "assets.extra" / "card.json"
        assert json.loads(card.read_text())["version"] == number


def test_an_export_says_that_it_has_no_warm_up_and_comes_from_sample_data(
    toy, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "tensorflow_serving", None)
    metrics = (toy / "metrics.json").read_text()
    (toy / "metrics.json").write_text(metrics.replace('"real"', '"sample"'))
    folder, (warmup_note, sample_note) = publish(read_run(toy), tmp_path)
    extra = folder / "assets.extra"
    assert {each.name for each in extra.iterdir()} == {"card.json", "examples.npz"}
    assert 'pip install "keras_suite[serving]"' in warmup_note
    assert "SAMPLE DATA" in sample_note


def test_examples_that_cannot_be_read_are_named(toy, tmp_path):
    file = toy / "serving" / "examples.npz"
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(InputError, match=r"examples\.npz cannot be read"):
        publish(read_run(toy), tmp_path)
    assert numbers(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_named(toy, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"file.* cannot be written .* choose another .* --to"):
        publish(read_run(toy), tmp_path / "file" / "models")


def test_the_command_exports_all_runs_and_prints_the_signatures(kept_run, tmp_path):
    copied(kept_run, tmp_path / "runs")
    half = copied(kept_run, tmp_path / "runs", "half")
    (half / "metrics.json").write_text('{"experiment": "half", "status": "interrupted"}')
    models = tmp_path / "models"
    done = subprocess.run(
        [sys.executable, "-m", "keras_suite", "export", tmp_path / "runs", "--to", models],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert f"toy, version 1: {models / 'toy' / '1'}" in done.stdout
    assert f"Left out: {half} is not done (its status is interrupted)" in done.stdout
    assert "  input features: float32 ? × 3\n" in done.stdout
    assert "  output scores: float32 ?\n" in done.stdout
    assert {each.name for each in models.iterdir()} == {
        ".lock", "batching.config", "compose.yaml", "models.config", "toy",
    }  # fmt: skip
