"""Figures and settings as the report writes them."""

import math

MINUS = "\N{MINUS SIGN}"


def is_number(value: object) -> bool:
    """Whether a value from a file is a number that can be computed with; NaN is one."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return isinstance(value, float) or abs(value) < 10**300


def parsed(text: object) -> float | None:
    """Read a number from a cell of a table; None where it is none."""
    try:
        return float(text)
    except (TypeError, ValueError):
        return None


def figure(value: float, of_counts: bool = False) -> str:
    """Write a measured figure: counts in full, their means with one decimal, shares with four."""
    if isinstance(value, float) and not math.isfinite(value):
        return "not a number" if math.isnan(value) else "infinite"
    size = abs(value)
    if size >= 1e12 or 0 < size < 1e-4:
        text = f"{value:.3g}"
    elif isinstance(value, int):
        text = f"{value:,}"
    else:
        text = f"{value:.4f}" if size < 10 and not of_counts else f"{value:,.1f}"
    return text.replace("-", MINUS)


def spread(std: float, mean: float, of_counts: bool = False) -> str:
    """Write a standard deviation with the decimals of its mean."""
    if not abs(std) < 1e12:
        return figure(std)
    return f"{std:.4f}" if abs(mean) < 10 and not of_counts else f"{std:,.1f}"


def as_reported(value: float) -> str:
    """Write a reported figure with the decimals its source gives, such as 0.86."""
    if abs(value) >= 1e12 or not math.isfinite(value):
        return figure(value)
    return f"{value:,}".replace("-", MINUS)


def difference(value: float, of_counts: bool = False) -> str:
    """Write a difference with its sign; otherwise as :func:`figure` does."""
    text = figure(value, of_counts)
    return text if value <= 0 or not math.isfinite(value) else f"+{text}"


def decimals(value: float) -> int:
    """Count the decimals of a figure as its source gives it."""
    text = repr(value)
    if "e" in text or "." not in text:
        return 0
    return len(text.partition(".")[2].rstrip("0"))


def duration(seconds: float) -> str:
    """Write a time for a person: 38 s, 10 min 8 s, 2 h 5 min."""
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


def printable(text: object) -> str:
    """Write what a file or its name says so that it cannot steer the terminal."""
    return "".join(each if each.isprintable() else "?" for each in str(text))


def plain(value: object) -> str:
    """Write a setting from a config or a table, whatever its type."""
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return ", ".join(map(plain, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {plain(each)}" for name, each in value.items()) or "none"
    return str(value)
