import signal
import subprocess
import sys
import textwrap

import pytest

from keras_suite.terminal.interrupts import ctrl_c_ends_at_once
from tests.experiments.processes import ROOT

INTERRUPTED = "Interrupted; the same command with --resume goes on.\n"
START = """
    import os, signal, sys, time, weakref
    from keras_suite.terminal.interrupts import ctrl_c_ends_at_once

    def press(*_):
        signal.raise_signal(signal.SIGINT)

    class Dropping:
        __del__ = press  # Python drops what is raised here
"""


def python(code: str) -> subprocess.CompletedProcess:
    code = textwrap.dedent(START) + textwrap.dedent(code)
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize(
    "code",
    [
        "press()",
        "Dropping()",
        "thing = Dropping.__class__('Thing', (), {})(); r = weakref.ref(thing, press); del thing",
    ],
)
def test_ctrl_c_ends_the_process_wherever_it_comes(code):
    done = python(f"""
    with ctrl_c_ends_at_once(lambda: print("and this first")):
        print("so far")
        try:
            {code}
            time.sleep(20)
        finally:
            print("never")
    """)
    assert (done.returncode, done.stderr) == (130, INTERRUPTED)
    assert done.stdout == "so far\nand this first\n"


def test_the_sentence_is_seen_where_standard_error_is_turned_away_and_what_comes_first_fails():
    done = python("""
    with ctrl_c_ends_at_once(lambda: 1 / 0):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        press()
    """)
    assert (done.returncode, done.stderr) == (130, INTERRUPTED)


def test_an_inner_block_comes_before_an_outer_one_and_only_while_it_lasts():
    done = python("""
    with ctrl_c_ends_at_once(lambda: print("outer")):
        with ctrl_c_ends_at_once(lambda: print("inner")):
            pass
        press()
    """)
    assert (done.returncode, done.stdout) == (130, "outer\n")
    before = signal.getsignal(signal.SIGINT)
    with ctrl_c_ends_at_once():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_where_ctrl_c_is_ignored_it_stays_so():
    done = python("""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with ctrl_c_ends_at_once():
        press()
    print("went on")
    """)
    assert (done.returncode, done.stdout, done.stderr) == (0, "went on\n", "")
