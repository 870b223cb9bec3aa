import signal
import sys
import time
import weakref

import pytest

from keras_suite.command_line import exit_code


class Dropping:
    """Drops the Ctrl-C that comes while it is deleted."""

    def __del__(self):
        signal.raise_signal(signal.SIGINT)


def drop_in_a_weak_reference():
    thing = Dropping.__class__("Thing", (), {})()
    return weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGINT))


@pytest.mark.parametrize("drop", [Dropping, drop_in_a_weak_reference])
def test_a_ctrl_c_that_python_drops_ends_the_job_all_the_same(drop, capsys):
    def job():
        reference = drop()
        del reference
        time.sleep(20)
        raise AssertionError("nothing came")

    started = time.monotonic()
    assert exit_code(job) == 130
    assert time.monotonic() - started < 10
    assert capsys.readouterr().err == "Interrupted; the same command with --resume goes on.\n"


def test_one_that_comes_too_late_does_not_reach_what_follows():
    assert exit_code(Dropping) == 0
    time.sleep(0.2)


def test_other_errors_in_a_del_are_still_shown(monkeypatch):
    class Broken:
        def __del__(self):
            raise ZeroDivisionError

    shown = []
    monkeypatch.setattr(sys, "unraisablehook", lambda dropped: shown.append(dropped.exc_type))
    assert exit_code(Broken) == 0
    assert shown == [ZeroDivisionError]
