"""What a person should know before a run's own output begins."""

from rich.console import Console

_said: set[str] = set()


def say(sentence: str) -> None:
    """Print a sentence, once a process."""
    if sentence not in _said:
        _said.add(sentence)
        Console().print(sentence, markup=False, emoji=False, highlight=False, soft_wrap=True)
