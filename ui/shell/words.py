"""Numbers, intervals, times and sizes as the pages and the report write them."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

MISSING = "–"
MARKED = re.compile(r"([\\`*_\[\]$~:#<>|])")  # letters that Markdown reads as more than themselves


def number(value: float | None, digits: int = 3) -> str:
    """Return ``value`` with ``digits`` significant digits: 0.947, 12.3, 1,230."""
    if value is None or not math.isfinite(value):
        return MISSING
    if value == 0:
        return "0"
    places = digits - 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, places)
    if rounded and math.floor(math.log10(abs(rounded))) > math.floor(math.log10(abs(value))):
        places -= 1  # 0.9996 became 1.0: one decimal fewer keeps three digits, 1.00
    return f"{rounded:,.{max(places, 0)}f}".replace("-", "−")


def interval(low: float | None, high: float | None) -> str:
    """Return a confidence interval as ``[0.91, 0.95]``, with as many decimals as tell its ends apart."""
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return MISSING
    width = abs(high - low)
    decimals = 2 if width == 0 or width >= 0.03 else 3 if width >= 0.003 else 4
    if max(abs(low), abs(high)) >= 100:
        decimals = 0
    return f"[{low:,.{decimals}f}, {high:,.{decimals}f}]".replace("-", "−")


def estimate(value: float | None, low: float | None, high: float | None, n: int | None = None) -> str:
    """Return ``0.931 [0.91, 0.95], n = 624``."""
    text = f"{number(value)} {interval(low, high)}"
    return text if n is None else f"{text}, n = {count(n)}"


def count(value: float | None) -> str:
    """Return a whole number with separators."""
    return MISSING if value is None else f"{int(value):,}"


def percent(share: float | None) -> str:
    """Return a share of 1 in per cent: 12 %, 0.4 %, 99.6 %."""
    if share is None or not math.isfinite(share):
        return MISSING
    value = 100 * share
    close_to_end = 0 < value < 1 or 99 < value < 100
    return f"{value:.1f} %" if close_to_end else f"{value:.0f} %"


def signed(value: float | None) -> str:
    """Return a difference with its sign: +0.031, −0.0042."""
    if value is None or not math.isfinite(value):
        return MISSING
    return f"{'−' if value < 0 else '+'}{number(abs(value))}"


def duration(seconds: float | None) -> str:
    """Return a measured time: 3.2 ms, 0.42 s, 18 s, 2 min 5 s, 1 h 3 min."""
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    if seconds < 0.1:
        return f"{number(seconds * 1000, 2)} ms"
    if seconds < 10:
        return f"{number(seconds, 2)} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    minutes = round(whole / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"


def about(seconds: float | None) -> str:
    """Return an estimated time, no finer than it deserves: about 5 s, about 20 s, about 2 min, about 1 h."""
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    if seconds < 3:
        return "a few seconds"
    if seconds < 10:
        return "about 5 s" if seconds < 7.5 else "about 10 s"
    if seconds < 55:
        return f"about {round(seconds / 10) * 10} s"
    if seconds < 3300:
        return f"about {max(1, round(seconds / 60))} min"
    return f"about {max(1, round(seconds / 3600))} h"


def size(number_of_bytes: float | None) -> str:
    """Return a size in decimal units: 512 B, 9.1 MB, 1.2 GB."""
    if number_of_bytes is None:
        return MISSING
    value = float(number_of_bytes)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 999.5 or unit == "TB":
            return f"{value:.0f} {unit}" if unit == "B" or value >= 10 else f"{value:.1f} {unit}"
        value /= 1000
    return MISSING


def when(moment: datetime | float | str | None, now: datetime | None = None) -> str:
    """Return how long ago something was: just now, 5 min ago, 3 h ago, yesterday, 4 days ago, 2 Mar 2026."""
    if moment is None or moment == "":
        return MISSING
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    if isinstance(moment, int | float):
        moment = datetime.fromtimestamp(moment, UTC)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{int(seconds // 60)} min ago"
    if seconds < 86400:
        return f"{int(seconds // 3600)} h ago"
    if seconds < 2 * 86400:
        return "yesterday"
    if seconds < 7 * 86400:
        return f"{int(seconds // 86400)} days ago"
    return f"{moment.day} {moment:%b %Y}"


def escaped(text: object) -> str:
    """Return a user's text, such as an id or a title, so that Markdown shows it as it is.

    Examples
    --------
    >>> escaped("a*b $5")
    'a\\\\*b \\\\$5'
    """
    return MARKED.sub(r"\\\1", str(text))
