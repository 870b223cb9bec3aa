"""What is taken of repositories, asked through the hub's own client as a process of its own."""

import json
import os
import subprocess
import sys

import pytest

from tests.data.hub_server import Hub, commit_of, serving

NAME = "somebody/model"
FIND = """
import sys
from keras_suite.data.hub import find_checkpoint
from keras_suite.errors import InputError
try:
    found = find_checkpoint(sys.argv[1], sys.argv[2:])
except InputError as error:
    sys.exit(f"refused: {error}")
print(*found.weights, found.revision, sorted(path.name for path in found.folder.iterdir()))
"""


def found(url, home, name=NAME, *families):
    environment = os.environ | {"HF_ENDPOINT": url, "HF_HUB_CACHE": str(home)}
    line = [sys.executable, "-c", FIND, name, *families]
    return subprocess.run(line, env=environment, capture_output=True, text=True, timeout=60)


def folder_of(place, *files):
    place.mkdir()
    for file in files:
        (place / file).write_text(json.dumps({"model_type": "bert", "file": file}))
    return place


MAIN = "config.json", "pytorch_model.bin", "flax_model.msgpack", "vocab.txt"
SHARDS = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
INDEX = "model.safetensors.index.json"


@pytest.mark.parametrize(
    ("files", "taken"),
    [
        (["model.safetensors", "tf_model.h5", INDEX, *SHARDS], ["model.safetensors"]),
        ([INDEX, *SHARDS, "tf_model.h5"], [INDEX, *SHARDS]),
        (["tf_model.h5"], ["tf_model.h5"]),
    ],
)
def test_main_gives_the_first_form_it_has_and_no_pickle_online_and_then_offline(
    tmp_path, files, taken
):
    hub = Hub()
    hub.add(NAME, folder_of(tmp_path / "main", *MAIN, *files))
    with serving(hub) as url:
        done = found(url, tmp_path / "cache")
    assert done.returncode == 0, done.stderr
    expected = f"{' '.join(taken)} {commit_of(NAME, 'main')} {sorted(['config.json', *taken])}\n"
    assert done.stdout == expected
    assert not any("pytorch_model.bin" in each or "discussions" in each for each in hub.asked)
    assert found("http://127.0.0.1:9", tmp_path / "cache").stdout == expected


def test_where_main_has_none_the_bots_offer_is_taken_and_said_and_found_offline(tmp_path):
    hub = Hub()
    offer = folder_of(tmp_path / "offer", *MAIN, "model.safetensors")
    hub.add(NAME, folder_of(tmp_path / "main", *MAIN), {1: offer})
    with serving(hub) as url:
        done = found(url, tmp_path / "cache")
    commit = commit_of(NAME, "refs/pr/1")
    said, line = done.stdout.splitlines()
    assert said.startswith(f"{NAME} has no safetensors of its own: those of the hub's conversion")
    assert f"(refs/pr/1, commit {commit[:8]})" in said
    assert line == f"model.safetensors {commit} ['config.json', 'model.safetensors']"
    offline = found("http://127.0.0.1:9", tmp_path / "cache")
    assert offline.stdout.splitlines() == [line], offline.stderr


@pytest.mark.parametrize("damaged", ["config.json", "model.safetensors"])
def test_a_file_that_is_not_the_hubs_is_refused(tmp_path, damaged):
    hub = Hub()
    hub.add(NAME, folder_of(tmp_path / "main", *MAIN, "model.safetensors"))
    with serving(hub) as url:
        assert found(url, tmp_path / "cache").returncode == 0
        (file,) = tmp_path.glob(f"cache/*/snapshots/*/{damaged}")
        file.write_text(file.read_text() + " ")
        for address in (url, "http://127.0.0.1:9"):
            refusal = found(address, tmp_path / "cache").stderr
            assert refusal == (
                f"refused: {damaged} is not the file that the hub has, whose hash is another: "
                f"delete {file.resolve()} and run the command again\n"
            )


@pytest.mark.parametrize(
    "other",
    [
        {"author": "somebody"},
        {"title": "Better weights"},
        {"status": "closed"},
        {"is_pull": False},
    ],
)
def test_offers_of_others_are_not_taken(tmp_path, other):
    hub = Hub()
    offer = folder_of(tmp_path / "offer", *MAIN, "model.safetensors")
    hub.add(NAME, folder_of(tmp_path / "main", *MAIN), {1: offer}, **other)
    with serving(hub) as url:
        done = found(url, tmp_path / "cache")
    assert done.stderr == (
        "refused: on the hub it has no model.safetensors, no tf_model.h5 and no offer of the hub's "
        "bot\n"
    )


def test_a_family_that_cannot_be_used_is_refused_before_its_weights_are_asked_for(tmp_path):
    hub = Hub()
    hub.add(NAME, folder_of(tmp_path / "main", *MAIN, "model.safetensors"))
    with serving(hub) as url:
        done = found(url, tmp_path / "cache", NAME, "albert", "roberta")
    assert done.stderr == "refused: its family bert is none of albert, roberta\n"
    assert not any("model.safetensors" in each for each in hub.asked)


def test_a_name_that_the_hub_does_not_know_is_refused_in_a_sentence(tmp_path):
    with serving(Hub()) as url:
        done = found(url, tmp_path / "cache", "nobody/nothing")
    assert done.returncode == 1
    assert done.stderr.startswith("refused: ")
    assert done.stderr.count("\n") == 1
