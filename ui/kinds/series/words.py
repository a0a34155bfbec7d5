"""Times, steps and seasons of series in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from dl_core.errors import counted
from ui.shell.words import count


def moment(value: str | int | None, frequency: str) -> str:
    """Return a time as finely as its frequency needs: Jan 2001, 3 Mar 2025, 3 Mar 2025, 14:00, step 12.

    Examples
    --------
    >>> moment("2001-01-01 00:00:00", "MS")
    'Jan 2001'
    """
    if value is None:
        return "–"
    if not isinstance(value, str):
        return f"step {count(value)}"
    at, unit = pd.Timestamp(value), frequency.lstrip("0123456789")
    if unit[:1] == "Y":
        return f"{at:%Y}"
    if unit[:1] in ("M", "Q"):
        return f"{at:%b %Y}"
    day = f"{at.day} {at:%b %Y}"
    return day if unit[:1] in ("D", "B", "W") else f"{day}, {at:%H:%M}"


def steps(n: float) -> str:
    """Return a number of steps: 1 step, 1,200 steps."""
    return counted(n, "step")


def seasons(found: Mapping[str, Any]) -> str:
    """Return the seasons in steps: "12", "24 and 168", "none"."""
    return " and ".join(count(one) for one in found["seasons"]) or "none"


def share(value: float | None) -> str:
    """Return a share with its sign: +18 %, −3 %, 0 %."""
    if value is None:
        return "–"
    whole = round(100 * value)
    return f"{'+' if whole > 0 else '−' if whole < 0 else ''}{abs(whole)} %"
