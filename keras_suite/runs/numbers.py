"""Figures and settings as a person reads them, in the terminal and in the report."""

import json
import math

MINUS = "\N{MINUS SIGN}"


def is_number(value: object) -> bool:
    """Whether a value from a file is a number that can be computed with; NaN is one."""
    is_whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**300
    return isinstance(value, float) or is_whole


def figure(value: float, decimals: int | None = None) -> str:
    """Write a whole number in full, others with decimals by their size, extremes in 3 digits."""
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "infinite"
    size = abs(value)
    if size >= 1e12 or 0 < size < 1e-4:
        text = f"{value:.3g}"
    elif isinstance(value, int):
        text = f"{value:,}"
    else:
        text = f"{value:,.{usual_decimals(value) if decimals is None else decimals}f}"
    return text.replace("-", MINUS)


def strict_json(content: object) -> str:
    """Write indented JSON that every reader takes: null for what is NaN or infinite."""
    return json.dumps(_without_nan(content), indent=1, allow_nan=False) + "\n"


def _without_nan(content: object) -> object:
    if isinstance(content, dict):
        return {name: _without_nan(value) for name, value in content.items()}
    if isinstance(content, list):
        return [_without_nan(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content


def usual_decimals(value: float) -> int:
    """Return how many decimals :func:`figure` gives a number of this size that is not whole."""
    return 4 if abs(value) < 10 else 1


def difference(value: float, decimals: int) -> str:
    """Write a difference with its sign and as many decimals, fewer where it is large."""
    sign = "+" if value > 0 and math.isfinite(value) else ""
    return sign + figure(value, min(decimals, usual_decimals(value)))


def as_reported(value: float) -> str:
    """Write a reported figure with the decimals its source gives, such as 0.86."""
    return f"{value:,}".replace("-", MINUS) if abs(value) < 1e12 else figure(value)


def reported_decimals(value: float) -> int:
    """Count the decimals of a figure as its source gives it."""
    text = repr(value)
    return 0 if "e" in text else len(text.partition(".")[2].rstrip("0"))


def duration(seconds: float) -> str:
    """Write a time: 38 s, 10 min 8 s, 2 h 5 min."""
    if not 0 <= seconds < 1e9:
        return "not known"
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60:,} h {minutes % 60} min"


def counted(number: int, noun: str) -> str:
    """Write how many there are of something: 1 run, 3 runs."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def plain(value: object, deep: int = 8) -> str:
    """Write a setting from a config or a table, whatever its type, so many levels deep."""
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if not deep:
        return "…"
    if isinstance(value, list):
        return ", ".join(plain(each, deep - 1) for each in value) or "none"
    if isinstance(value, dict):
        parts = (f"{name}: {plain(each, deep - 1)}" for name, each in value.items())
        return ", ".join(parts) or "none"
    return str(value)
