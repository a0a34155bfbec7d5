"""Numbers as a report says them: three significant digits, intervals in brackets, times and sizes with units."""

from __future__ import annotations

import math


def number(value: float | None) -> str:
    """Return ``value`` with three significant digits, or a dash."""
    if value is None or not math.isfinite(value):
        return "–"
    if abs(value) >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3f}" if abs(value) < 1 else f"{value:.3g}"


def interval(low: float | None, high: float | None) -> str:
    """Return ``[low, high]``, or nothing where there is no interval."""
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return ""
    return f"[{number(low)}, {number(high)}]"


def seconds(value: float) -> str:
    """Return a duration for people."""
    if value < 1:
        return f"{1000 * value:.0f} ms"
    return f"{value:.0f} s" if value < 120 else f"{value / 60:.0f} min"


def size(count: int) -> str:
    """Return a number of bytes for people."""
    if count < 1000:
        return f"{count} B"
    power = min((len(str(int(count))) - 1) // 3, 3)
    return f"{count / 1000**power:.1f} {('KB', 'MB', 'GB')[power - 1]}"
