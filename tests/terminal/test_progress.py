import io

import pytest
from rich.console import Console

from keras_suite.terminal.progress import JobProgress


def job(terminal: bool):
    console = Console(file=io.StringIO(), force_terminal=terminal, width=80)
    return JobProgress(console), console.file


def test_in_a_log_file_every_tenth_is_a_line_with_the_time_left():
    progress, file = job(terminal=False)
    with progress.stage("fit", 1.0) as advance:
        for _ in range(100):
            advance(0.01)
    lines = file.getvalue().splitlines()
    assert ["left" in line for line in lines] == [True] * 10


def test_on_a_terminal_a_stage_ends_at_its_share_whatever_it_reported_and_prints_no_line():
    progress, file = job(terminal=True)
    with progress.stage("load", 0.25) as advance:
        advance(0.1)
    assert progress.done == pytest.approx(0.25)
    with progress.stage("fit", 0.75):
        pass
    assert [progress.done, progress.bar.tasks[0].completed] == pytest.approx([1, 1])
    assert file.getvalue() == ""


def test_a_stage_is_named_as_it_is():
    progress, file = job(terminal=True)
    with progress.stage("fit net [fast]", 1.0):
        progress.console.print(progress.bar)
    assert "fit net [fast]" in file.getvalue()
