import os
import shutil

import pytest

from keras_suite.errors import InputError
from keras_suite.serving import prove
from keras_suite.serving.examples import Examples
from keras_suite.serving.finished_runs import FinishedRun
from keras_suite.serving.prove import Prove
from keras_suite.serving.publish import publish
from tests.serving.server_models import Models
from tests.serving.servers import start_grpc, start_rest

DOCKER = """#!/bin/sh
echo "$@" >> {log}
case "$*" in {fails}) echo "no such thing" >&2; exit 1;; esac
"""


@pytest.fixture
def models(toy, tmp_path):
    publish(FinishedRun(toy), tmp_path / "models")
    return tmp_path / "models"


@pytest.fixture
def docker(tmp_path, monkeypatch):
    """Put a stand-in for docker on the path, whose given commands fail; gives what it was told."""
    folder, log = tmp_path / "bin", tmp_path / "told"
    folder.mkdir()
    shell = shutil.which("sh")
    monkeypatch.setenv("PATH", str(folder))

    def put(fails: str):
        script = DOCKER.replace("/bin/sh", shell).format(log=log, fails=fails)
        (folder / "docker").write_text(script)
        os.chmod(folder / "docker", 0o755)
        return lambda: log.read_text().splitlines()

    return put


@pytest.fixture
def server(models, monkeypatch):
    """Servers that follow TF Serving's documentation, at the addresses of the real one."""
    stops = []
    for name, start in ("REST", start_rest), ("GRPC", start_grpc):
        serving, stop = start(Models(models))
        monkeypatch.setattr(prove, name, serving.address)
        stops.append(stop)
    yield
    for stop in stops:
        stop()


@pytest.mark.parametrize(
    ("fails", "missing"),
    [
        ("info", "its daemon does not answer"),
        ("compose*version", "not its compose plugin"),
        ("image*", "the image is not there: docker pull tensorflow/serving:"),
    ],
)
def test_it_is_skipped_with_a_sentence_where_docker_lacks_something(
    models, docker, capsys, fails, missing
):
    told = docker(fails)
    Prove(models).run()
    out = capsys.readouterr().out
    assert out.startswith("Skipped: ")
    assert missing in out
    assert not any("up" in line.split() for line in told())


def test_it_is_skipped_without_docker(models, docker, capsys):
    Prove(models).run()
    assert capsys.readouterr().out == "Skipped: docker is not there.\n"


def test_the_answers_of_both_protocols_are_compared_and_the_server_stopped(
    models, docker, server, capsys
):
    told = docker("nothing")
    Prove(models, seconds=10).run()
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    differences = {row[1]: float(row[2]) for row in rows if row[:1] == ["toy"]}
    assert set(differences) == {"rest", "grpc"}
    assert max(differences.values()) <= 1e-6
    up, down = told()[-2:]
    assert up == f"compose --file {models / 'compose.yaml'} up --detach"
    assert down == f"compose --file {models / 'compose.yaml'} down"


def test_other_answers_than_the_models_are_named(models, docker, server):
    told = docker("nothing")
    file = models / "toy" / "1" / "assets.extra" / "examples.npz"
    examples = Examples.load(file)
    examples.outputs["scores"] = examples.outputs["scores"] + 0.1
    examples.save(file)
    with pytest.raises(InputError, match=r"toy \(rest\), toy \(grpc\)"):
        Prove(models, seconds=10).run()
    assert told()[-1].endswith("down")


def test_a_server_that_does_not_start_is_stopped_all_the_same(models, docker):
    told = docker("*up*")
    with pytest.raises(InputError, match=r"did not start \(no such thing\)"):
        Prove(models).run()
    assert told()[-1].endswith("down")


def test_a_server_that_never_gets_ready_is_stopped(models, docker, monkeypatch):
    told = docker("nothing")
    monkeypatch.setattr(prove, "REST", "127.0.0.1:1")  # nobody listens there
    with pytest.raises(InputError, match="toy is not ready after"):
        Prove(models, seconds=0.1).run()
    assert told()[-1].endswith("down")


def test_a_folder_without_models_is_named(tmp_path):
    with pytest.raises(InputError, match=r"has no compose\.yaml"):
        Prove(tmp_path).run()


def test_models_without_examples_cannot_be_proven(toy, tmp_path):
    (toy / "serving" / "examples.npz").unlink()
    publish(FinishedRun(toy), tmp_path)
    with pytest.raises(InputError, match=r"No model in .* has examples"):
        Prove(tmp_path).run()
