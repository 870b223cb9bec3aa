import errno
import os
import subprocess
import sys
import textwrap

import pytest

from keras_suite.terminal.interrupts import exit_code
from tests.experiments.processes import python

INTERRUPTED = "Interrupted; the same command with --resume goes on.\n"
START = """
    import os, signal, sys, time, weakref
    from keras_suite.terminal.interrupts import ctrl_c_ends_at_once

    def press(*_):
        signal.raise_signal(signal.SIGINT)

    class Dropping:
        __del__ = press  # Python drops what is raised here
"""


def after_start(code: str) -> tuple[int, str, str]:
    done = python("-c", textwrap.dedent(START) + textwrap.dedent(code))
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "code",
    [
        "press()",
        "Dropping()",
        "thing = Dropping.__class__('Thing', (), {})(); r = weakref.ref(thing, press); del thing",
    ],
)
def test_ctrl_c_ends_the_process_wherever_it_comes(code):
    assert after_start(f"""
    with ctrl_c_ends_at_once(lambda: print("and this first")):
        print("so far")
        try:
            {code}
            time.sleep(20)
        finally:
            print("never")
    """) == (130, "so far\nand this first\n", INTERRUPTED)


def test_the_sentence_is_seen_where_standard_error_is_turned_away_and_what_comes_first_fails():
    assert after_start("""
    with ctrl_c_ends_at_once(lambda: 1 / 0):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        press()
    """) == (130, "", INTERRUPTED)


def test_a_command_ends_quietly_where_nobody_reads_its_output_on():
    code = "sys.exit(exit_code(lambda: print('a line\\n' * 100_000)))"
    head = f"import sys; from keras_suite.terminal.interrupts import exit_code; {code}"
    done = subprocess.run(
        ["bash", "-c", '"$0" -c "$1" | head -1; exit ${PIPESTATUS[0]}', sys.executable, head],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (141, "a line\n", "")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_letters_that_a_terminal_lacks_end_nothing(encoding):
    code = "from keras_suite.terminal.interrupts import *; exit_code(lambda: print('é–👑\\udcff'))"
    env = os.environ | {"PYTHONIOENCODING": encoding}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.endswith(b"\\U0001f451\\udcff\n")


def test_an_inner_block_comes_before_an_outer_one_and_only_while_it_lasts():
    assert after_start("""
    before = signal.getsignal(signal.SIGINT)
    with ctrl_c_ends_at_once():
        print(signal.getsignal(signal.SIGINT) is before)
    print(signal.getsignal(signal.SIGINT) is before)
    with ctrl_c_ends_at_once(lambda: print("outer")):
        with ctrl_c_ends_at_once(lambda: print("inner")):
            pass
        press()
    """) == (130, "False\nTrue\nouter\n", INTERRUPTED)


def test_where_ctrl_c_is_ignored_it_stays_so():
    assert after_start("""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with ctrl_c_ends_at_once():
        press()
    print("went on")
    """) == (0, "went on\n", "")


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/runs/a.npz"),
        OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)),
        PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/home/somebody"),
        RuntimeError("FAILED_PRECONDITION: /runs/variables; No space left on device"),  # C++
    ],
)
def test_a_drive_that_is_full_or_read_only_is_a_sentence(error, capsys):
    def job():
        raise error

    assert exit_code(job) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert "--output and KERAS_SUITE_CACHE" in said
    assert str(getattr(error, "filename", None) or "") in said


def test_other_errors_are_not_taken_for_a_drives():
    def job():
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", "ours")

    with pytest.raises(FileNotFoundError):
        exit_code(job)
