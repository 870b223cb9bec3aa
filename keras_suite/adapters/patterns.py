"""Regular expressions of strangers, matched without being at their mercy."""

import json
import subprocess
import sys
from collections.abc import Collection

from keras_suite.errors import InputError, in_a_line

SECONDS = 3
SCRIPT = """
import json, re, sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
except (ImportError, ValueError):
    pass
patterns, texts = json.load(sys.stdin)
json.dump([[text for text in texts if re.fullmatch(each, text)] for each in patterns], sys.stdout)
"""


def fully_matched(patterns: Collection[str], texts: Collection[str]) -> dict[str, list[str]]:
    """Return by pattern the texts that ``re.fullmatch`` matches with it.

    A pattern such as ``(a+)+!`` can take longer than anybody waits, and Python cannot break off,
    so that all are matched in a process of their own, which is ended after some seconds.

    Raises:
        InputError: where a pattern is none, or takes too long or too much memory.
    """
    if not patterns:
        return {}
    named = in_a_line(" ".join(map(ascii, patterns)))
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", SCRIPT],
            input=json.dumps([list(patterns), list(texts)]),
            capture_output=True,
            encoding="utf-8",
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise InputError(f"{named} takes too long to match: list names instead.") from None
    if done.returncode:
        why = in_a_line((done.stderr.splitlines() or ["it ended the process"])[-1])
        raise InputError(f"{named} cannot be matched ({why}): list names instead.")
    return dict(zip(patterns, json.loads(done.stdout), strict=True))
