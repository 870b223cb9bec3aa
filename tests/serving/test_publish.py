import json
import os
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from keras_suite.errors import InputError
from keras_suite.runs.read import find_runs, read_run
from keras_suite.serving import publish as publishing
from keras_suite.serving import warmup
from keras_suite.serving.examples import Examples
from keras_suite.serving.publish import publish
from keras_suite.terminal import files
from tests.report.run_folders import SAMPLE
from tests.serving.test_export import requests
from tests.serving.tiny_models import change, copied

WITHOUT_SIGNATURE = SavedModel(meta_graphs=[{}]).SerializeToString()


def names(folder):
    return {each.name for each in folder.iterdir()}


def test_a_version_has_all_that_servers_and_clients_want(toy, tmp_path):
    (toy / "tokenizer").mkdir()
    (toy / "tokenizer" / "vocab.txt").write_text("a")
    (tmp_path / "toy" / "1").mkdir(parents=True)
    folder, notes = publish(read_run(toy), tmp_path)
    assert (folder, notes) == (tmp_path / "toy" / "2", [])
    extra = folder / "assets.extra"
    assert names(extra) == {
        "card.json", "examples.npz", "tokenizer", "tf_serving_warmup_requests",
    }  # fmt: skip
    assert (extra / "tokenizer" / "vocab.txt").read_text() == "a"
    batching = (tmp_path / "batching.config").read_text()
    assert (folder / "batching_params.pbtxt").read_text() == batching
    examples = Examples.load(extra / "examples.npz")
    loaded = tf.saved_model.load(str(folder))
    outputs = loaded.signatures["serving_default"](features=examples.inputs["features"])
    for name, expected in examples.outputs.items():
        np.testing.assert_allclose(outputs[name], expected, atol=1e-6)
    _, all_ = requests(extra / warmup.FILE)
    assert np.array_equal(tf.make_ndarray(all_.inputs["features"]), examples.inputs["features"])
    assert all_.model_spec.name == "toy"
    assert json.loads((extra / "card.json").read_text()) == {
        "name": "toy", "version": 2, "experiment": "toy", "model": "the tiny one",
        "about": "A toy.", "serves": "Three figures in.", "classes": ["no", "yes"],
        "run": toy.name, "data": {"kind": "real", "source": "rows.csv"},
        "inputs": {"features": {"dtype": "float32", "shape": [None, 3]}},
        "outputs": {
            "probabilities": {"dtype": "float32", "shape": [None, 2]},
            "scores": {"dtype": "float32", "shape": [None]},
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("keep", "left"), [(1, {"11"}), (2, {"10", "11"}), (9, {"1", "9", "10", "11"})]
)
def test_versions_count_on_from_the_highest_and_keep_leaves_the_newest(toy, tmp_path, keep, left):
    for folder in ("toy/1", "toy/9", "toy/10", "toy/.partial-7-11", "other/1"):
        (tmp_path / folder / "assets.extra").mkdir(parents=True)
        (tmp_path / folder / "assets.extra" / "card.json").touch()
    (tmp_path / "toy" / "2").mkdir()  # somebody's own
    publish(read_run(toy), tmp_path, keep)
    assert names(tmp_path / "toy") == left | {"2"}
    assert names(tmp_path / "other") == {"1"}


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("toy/1/saved_model.pb", b"no message", r"saved_model\.pb is not a SavedModel"),
        ("toy/1/saved_model.pb", WITHOUT_SIGNATURE, "has no signature serving_default"),
        ("examples.npz", b"", r"examples\.npz cannot be read"),
        ("examples.npz", b"PK\x03\x04 and no more", r"examples\.npz cannot be read"),
    ],
)
def test_old_versions_stay_where_the_new_one_fails(toy, tmp_path, file, content, said):
    (tmp_path / "toy" / "1").mkdir(parents=True)
    (toy / "serving" / file).write_bytes(content)
    with pytest.raises(InputError, match=said):
        publish(read_run(toy), tmp_path, keep=1)
    assert names(tmp_path / "toy") == {"1"}
    with pytest.raises(InputError, match=r"spoiled.* cannot be written .* choose another .* --to"):
        publish(read_run(toy), toy / "serving" / file / "spoiled")


@pytest.mark.parametrize("name", ["../photos", ".hidden", "a/b", "a b", "", "\x1b[2J", "/tmp"])
def test_a_run_of_no_experiments_name_is_not_exported(toy, tmp_path, do, name):
    (tmp_path / "photos" / "2019").mkdir(parents=True)
    change(toy, experiment=name or "..")
    for command in (("export", toy, "--to", tmp_path / "models"), ("check", toy), ("predict", toy)):
        code, _, err = do(*command, *["--text", "a"] * (command[0] == "predict"))
        assert (code, "which is no experiment's name" in err, "\x1b" in err) == (2, True, False)
    assert names(tmp_path / "photos") == {"2019"}
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize("place", ["serving/toy/1/assets/key", "tokenizer", "serving/toy/1/more"])
def test_links_in_a_run_are_not_followed(toy, tmp_path, place):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key").write_text("private")
    (toy / place).parent.mkdir(exist_ok=True)
    (toy / place).symlink_to(tmp_path / "secret" / ("key" * place.endswith("key")))
    with pytest.raises(InputError, match=f"{place} is a link, which is never followed"):
        find_runs([toy])


def test_a_server_sees_nothing_of_a_version_or_all_of_it(toy, tmp_path, monkeypatch):
    def watch(module, name):
        def look_and_do(*arguments, **named):
            seen.append({each.name for each in (tmp_path / "toy" / "1").rglob("*")})
            return do(*arguments, **named)

        do = getattr(module, name)
        monkeypatch.setattr(module, name, look_and_do)

    seen = []
    watch(shutil, "copyfile")
    watch(os, "replace")
    folder, _ = publish(read_run(toy), tmp_path)
    nothing = seen.count(set())
    assert nothing > 5
    assert seen[nothing:] == [{each.name for each in folder.rglob("*")}] * 3  # the server's files


def test_an_export_waits_for_another_one_and_takes_the_next_number(toy, tmp_path, monkeypatch):
    with ThreadPoolExecutor() as pool, files.held(tmp_path / ".lock", ""):
        with monkeypatch.context() as patch:
            patch.setattr(publishing, "LOCK_SECONDS", 0)
            with pytest.raises(InputError, match="Another export to"):
                publish(read_run(toy), tmp_path)
        second = pool.submit(publish, read_run(toy), tmp_path)
        time.sleep(0.2)
        assert not second.done()
        (tmp_path / "toy" / "1").mkdir(parents=True)  # as the first would
    assert second.result()[0].name == "2"


def test_an_export_says_that_it_has_no_warm_up_and_comes_from_sample_data(
    toy, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "tensorflow_serving", None)
    change(toy, data=SAMPLE)
    folder, (warmup_note, sample_note) = publish(read_run(toy), tmp_path)
    assert names(folder / "assets.extra") == {"card.json", "examples.npz"}
    assert 'pip install "keras_suite[serving]"' in warmup_note
    assert "SAMPLE DATA" in sample_note


def test_the_command_exports_all_runs_and_prints_the_signatures(kept_run, tmp_path, do):
    copied(kept_run, tmp_path / "runs")
    models = tmp_path / "models"
    code, out, _ = do("export", tmp_path / "runs", "--to", models)
    assert code == 0
    assert f"toy, version 1: {models / 'toy' / '1'}" in out
    assert "  input features: float32 ? × 3\n" in out
    assert "  output scores: float32 ?\n" in out
    assert names(models) == {".lock", "batching.config", "compose.yaml", "models.config", "toy"}
