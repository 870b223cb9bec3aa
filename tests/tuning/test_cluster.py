import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import psutil
import pytest
from keras_suite.tuning import chief, cluster

from keras_suite.errors import InputError
from keras_suite.terminal.interrupts import INTERRUPTED
from tests.experiments.processes import ROOT
from tests.tuning.searches import best, start, succeed, wait_for, what_ran
from tests.tuning.toy_search import main

SMALL = "--max-epochs", "4", "--data", "sample"


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    output = tmp_path_factory.mktemp("alone")
    succeed(*SMALL, output=output)
    return output


def place(tuner_id, port):
    names = cluster.TUNER_ID, *cluster.ADDRESS
    return dict(zip(names, (tuner_id, "127.0.0.1", str(port)), strict=True))


def children(process):
    """The workers, by the state of their trials; spawn's resource tracker is none."""
    found = psutil.Process(process.pid).children()
    return [child for child in found if "spawn_main" in " ".join(child.cmdline())]


@pytest.mark.slow
def test_killed_workers_and_interrupted_searches_change_nothing_about_the_end(alone, tmp_path):
    process = start(*SMALL, "--workers", "2", output=tmp_path)
    wait_for((tmp_path / "toy" / "trial_0000" / "state.npz").exists, process)
    for worker in children(process):
        worker.send_signal(signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert err.startswith("error: All workers have ended before the search was over")

    process = start(*SMALL, "--workers", "2", "--resume", output=tmp_path)
    wait_for((tmp_path / "toy" / "trial_0002" / "state.npz").exists, process)
    workers = children(process)
    assert len(workers) == 2
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert (process.returncode, err) == (130, f"{INTERRUPTED}\n")
    _, still_there = psutil.wait_procs(workers, timeout=10)
    assert not still_there

    process = start(*SMALL, "--workers", "2", "--resume", output=tmp_path)
    wait_for((tmp_path / "toy" / "trial_0004" / "state.npz").exists, process)
    children(process)[0].send_signal(signal.SIGKILL)
    _, err = process.communicate(timeout=300)
    assert (process.returncode, err) == (0, "")
    assert what_ran(tmp_path) == what_ran(alone)
    assert best(tmp_path) == best(alone)


@pytest.mark.slow
def test_a_worker_ends_with_its_killed_chief_without_a_word():
    command = [sys.executable, "-m", "tests.tuning.lost_chief"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGKILL, "working\n", "")


@pytest.mark.slow
def test_a_cluster_survives_the_death_of_a_worker_and_of_its_chief(alone, tmp_path):
    port = cluster.free_port()
    leader = start(*SMALL, output=tmp_path, **place("chief", port))
    wait_for((tmp_path / "toy" / "search.json").exists, leader)
    first, second = (
        start(*SMALL, output=tmp_path, **place(name, port)) for name in ("worker-a", "worker-b")
    )
    wait_for((tmp_path / "toy" / "trial_0001" / "state.npz").exists, second)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    leader.send_signal(signal.SIGKILL)
    leader.communicate()
    started = time.monotonic()
    _, err = second.communicate(timeout=60)
    assert time.monotonic() - started < 30
    assert second.returncode == 2
    assert err.startswith(f"error: The chief at 127.0.0.1:{port} no longer answers")

    leader = start(*SMALL, "--resume", output=tmp_path, **place("chief", port))
    worker = start(*SMALL, output=tmp_path, **place("worker-a", port))
    _, err = leader.communicate(timeout=300)
    assert (leader.returncode, err) == (0, "")
    _, err = worker.communicate(timeout=30)
    assert (worker.returncode, err) == (0, "")
    assert what_ran(tmp_path) == what_ran(alone)


@contextmanager
def environment(monkeypatch, **variables):
    with monkeypatch.context() as patch:
        for name in (cluster.TUNER_ID, *cluster.ADDRESS):
            patch.delenv(name, raising=False)
        for name, value in variables.items():
            patch.setenv(name, value)
        yield


def test_the_environment_decides_the_part(monkeypatch):
    with environment(monkeypatch):
        assert cluster.role() == "alone"
    with environment(monkeypatch, **place("chief", 1)):
        assert cluster.role() == "chief"
    with environment(monkeypatch, **place("worker-7", 1)):
        assert cluster.role() == "worker"
    with (
        environment(monkeypatch, KERASTUNER_TUNER_ID="worker-7"),
        pytest.raises(InputError, match="KERASTUNER_ORACLE_IP and KERASTUNER_ORACLE_PORT must be"),
    ):
        cluster.role()


def test_a_worker_is_alive_as_long_as_it_holds_its_lock(monkeypatch, tmp_path):
    with environment(monkeypatch, **place("worker-7", 1)):
        assert not cluster.is_alive(tmp_path, "worker-7")
        with cluster.alive(tmp_path):
            assert cluster.is_alive(tmp_path, "worker-7")
        assert not cluster.is_alive(tmp_path, "worker-7")


def test_a_chief_that_cannot_be_reached_is_one_sentence_within_30_seconds(monkeypatch):
    assert chief.SECONDS_TO_REACH_THE_CHIEF < 25
    monkeypatch.setattr(chief, "SECONDS_TO_REACH_THE_CHIEF", 0.5)
    with (
        environment(monkeypatch, **place("worker-7", cluster.free_port())),
        pytest.raises(InputError, match="No chief answers at"),
        chief.reached(),
    ):
        pass


def test_a_port_that_is_taken_is_one_sentence(monkeypatch, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with (
            environment(monkeypatch, **place("chief", taken.getsockname()[1])),
            pytest.raises(InputError, match="The chief cannot listen at"),
        ):
            chief.serve(oracle=None, folder=tmp_path, abandoned=lambda: False)


def test_a_search_cannot_both_start_and_join_a_cluster(monkeypatch, tmp_path, capsys):
    with environment(monkeypatch, **place("worker-7", 1)):
        assert main(["toy", "--workers", "2", "--output", str(tmp_path)]) == 2
    assert (
        "--workers starts a cluster of its own, but KERASTUNER_TUNER_ID" in capsys.readouterr().err
    )
    assert not os.listdir(tmp_path)
