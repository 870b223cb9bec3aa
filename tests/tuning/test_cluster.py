import re
import signal
import socket
import stat
import threading
import time
from contextlib import contextmanager
from types import SimpleNamespace

import grpc
import psutil
import pytest
from keras_suite.tuning import chief, cluster
from keras_suite.tuning.server import Server
from keras_tuner.src import protos

from keras_suite.errors import InputError
from keras_suite.terminal.interrupts import INTERRUPTED
from tests.experiments.processes import python
from tests.tuning.searches import best, ended, start, succeed, what_ran
from tests.tuning.test_oracle import make
from tests.tuning.toy_search import main

SMALL = "--max-epochs", "4", "--data", "sample"
STATE = "trial_{:04d}/state.npz".format


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    output = tmp_path_factory.mktemp("alone")
    succeed(*SMALL, "--output", output)
    return output


def place(tuner_id, port):
    names = cluster.TUNER_ID, *cluster.ADDRESS
    return dict(zip(names, (tuner_id, "127.0.0.1", str(port)), strict=True))


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def children(process):
    """The workers, by the state of their trials; spawn's resource tracker is none."""
    found = psutil.Process(process.pid).children()
    return [child for child in found if "spawn_main" in " ".join(child.cmdline())]


@pytest.mark.slow
def test_killed_workers_and_interrupted_searches_change_nothing_about_the_end(alone, tmp_path):
    two = *SMALL, "--workers", "2"
    process = start(*two, output=tmp_path, until=STATE(0))
    for worker in children(process):
        worker.send_signal(signal.SIGKILL)
    code, err = ended(process, 60)
    assert code == 2
    assert err.startswith("error: All workers have ended before the search was over")

    process = start(*two, "--resume", output=tmp_path, until=STATE(2))
    workers = children(process)
    assert len(workers) == 2
    process.send_signal(signal.SIGINT)
    assert ended(process) == (130, f"{INTERRUPTED}\n")
    _, still_there = psutil.wait_procs(workers, timeout=10)
    assert not still_there

    process = start(*two, "--resume", output=tmp_path, until=STATE(4))
    children(process)[0].send_signal(signal.SIGKILL)
    assert ended(process) == (0, "")
    assert what_ran(tmp_path) == what_ran(alone)
    assert best(tmp_path) == best(alone)


@pytest.mark.slow
def test_a_worker_ends_with_its_killed_chief_without_a_word():
    done = python("-m", "tests.tuning.lost_chief")
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGKILL, "working\n", "")


@pytest.mark.slow
def test_a_cluster_survives_the_death_of_a_worker_and_of_its_chief(alone, tmp_path):
    def join(name, until="search.json", *flags):
        return start(*SMALL, *flags, output=tmp_path, until=until, **place(name, port))

    port = free_port()
    leader = join("chief")
    first, second = join("worker-a"), join("worker-b", STATE(1))
    for lost in (first, leader):
        lost.send_signal(signal.SIGKILL)
        ended(lost)
    started = time.monotonic()
    code, err = ended(second, 60)
    assert time.monotonic() - started < 30
    assert code == 2
    assert err.startswith(f"error: The chief at 127.0.0.1:{port} no longer answers")

    leader = join("chief", "search.json", "--resume")
    worker = join("worker-a")
    assert ended(leader) == (0, "")
    assert ended(worker, 30) == (0, "")
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
    for name, part in (("chief", "chief"), ("worker-7", "worker"), (None, "alone")):
        with environment(monkeypatch, **(place(name, 1) if name else {})):
            assert cluster.role() == part
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


def test_a_chief_that_cannot_be_reached_or_listen_is_one_sentence_within_30_seconds(monkeypatch):
    assert chief.SECONDS_TO_REACH_THE_CHIEF < 25
    monkeypatch.setattr(chief, "SECONDS_TO_REACH_THE_CHIEF", 0.5)
    with (
        environment(monkeypatch, **place("worker-7", free_port())),
        pytest.raises(InputError, match="No chief answers at"),
        chief.reached(),
    ):
        pass
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(InputError, match="The chief cannot listen at"),
    ):
        Server(f"127.0.0.1:{taken.getsockname()[1]}")


def test_a_worker_waits_for_a_chief_that_has_its_address_and_is_not_ready_yet(monkeypatch):
    monkeypatch.setattr(chief, "SECONDS_TO_REACH_THE_CHIEF", 0.5)
    server = Server("127.0.0.1:0")
    with environment(monkeypatch, **place("worker-7", server.port)):
        started = time.monotonic()
        threading.Timer(2, server.grpc.start).start()
        with chief.reached():
            assert time.monotonic() - started > 2
    server.grpc.stop(None)


@pytest.mark.parametrize("wrong", ["../../evil", "a/b", "a\nb", "", "ä", "x" * 65])
def test_a_workers_id_is_no_path(monkeypatch, wrong):
    assert not cluster.is_id(wrong)
    if wrong:
        with (
            environment(monkeypatch, **place(wrong, 1)),
            pytest.raises(InputError, match="KERASTUNER_TUNER_ID names a file"),
        ):
            cluster.role()
    assert cluster.is_id("worker-1.of_2")


def test_a_lock_that_cannot_be_opened_ends_the_search_instead_of_holding_it(tmp_path):
    (tmp_path / "workers" / "worker-7.lock").mkdir(parents=True)
    with pytest.raises(InputError, match=r"worker-7.lock cannot be locked, .* choose an --output"):
        cluster.is_alive(tmp_path, "worker-7")


@contextmanager
def served(monkeypatch, folder):
    """A chief in a thread, what calls it, its oracle, and how it ended."""
    server, ended = Server("127.0.0.1:0"), []
    oracle = make(folder)

    def serve():
        try:
            ended.append(chief.serve(server, oracle, folder, ready.set))
        except Exception as error:
            ended.append(error)

    ready, thread = threading.Event(), threading.Thread(target=serve)
    thread.start()
    assert ready.wait(10)
    with (
        environment(monkeypatch, **place("worker-7", server.port)),
        cluster.alive(folder),
        chief.reached() as channel,
    ):
        yield SimpleNamespace(server=server, channel=channel, oracle=oracle, ended=ended)
        thread.join(10)
        assert not thread.is_alive()


def ask(channel, folder, name, **fields):
    request = getattr(protos.get_service(), f"{name}Request")(**fields)
    return getattr(chief.stub(channel, folder), name)(request, timeout=10)


def refusal(*asked, **fields):
    with pytest.raises(grpc.RpcError) as refused:
        ask(*asked, **fields)
    return refused.value.code().name, refused.value.details()


def test_a_chief_answers_those_who_can_read_its_folder_and_of_those_no_other_search(
    monkeypatch, tmp_path, caplog
):
    with served(monkeypatch, tmp_path) as chief_:
        ask_ = chief_.channel, tmp_path
        assert stat.S_IMODE((tmp_path / "workers" / "key").stat().st_mode) == 0o600
        elsewhere = chief_.channel, tmp_path / "other"
        unknown = refusal(*elsewhere, "CreateTrial", tuner_id="worker-7")
        assert unknown == ("UNAUTHENTICATED", "another search")
        for tuner_id, said in (("../../evil", "letters, digits"), ("worker-8", "the lock of")):
            code, details = refusal(*ask_, "CreateTrial", tuner_id=tuner_id)
            assert code == "FAILED_PRECONDITION"
            assert said in details
        assert not list(tmp_path.rglob("*evil*"))
        given = ask(*ask_, "CreateTrial", tuner_id="worker-7").trial
        code, details = refusal(*ask_, "UpdateTrial", trial_id="0005", metrics={"val_accuracy": 1})
        assert (code, details) == ("FAILED_PRECONDITION", "trial 0005 is given to no worker")
        assert list(chief_.oracle.trials) == [given.trial_id]
        assert not chief_.ended
        ask(*ask_, "UpdateTrial", trial_id=given.trial_id, metrics={"val_accuracy": 1})
        chief_.oracle.file = tmp_path / "workers" / "key" / "oracle.json"
        assert refusal(*ask_, "EndTrial", trial=given) == ("INTERNAL", "the search has ended")
    (error,) = chief_.ended
    assert re.match(r"The chief cannot go on \(FileExistsError: .*--resume tries", str(error))
    assert not caplog.records


def test_a_search_cannot_both_start_and_join_a_cluster(monkeypatch, tmp_path, capsys):
    with environment(monkeypatch, **place("worker-7", 1)):
        assert main(["toy", "--workers", "2", "--output", str(tmp_path)]) == 2
    said = "--workers starts a cluster of its own, but KERASTUNER_TUNER_ID"
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
