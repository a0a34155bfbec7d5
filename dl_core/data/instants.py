"""Instants as people read them: a date, or days and hours where a file counts from a start that it does not name."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

EARLIEST, LATEST = pd.Timestamp("1700-01-01"), pd.Timestamp("2200-01-01")  # dates that anybody means
START = pd.Timestamp("2210-01-01")  # a Monday beyond all dates: instants counted from an unknown start lie around it
DAY, MINUTE, SECOND = "%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"
_SAID = re.compile(r"day (-?\d+)(?:, (\d{1,2}):(\d{2})(?::(\d{2}))?)?")


def is_relative(time: Any) -> bool:
    """Return whether an instant (timestamp, ISO text, or what `said` returns) counts from an unknown start."""
    return read(time) > LATEST


def said(time: datetime | np.datetime64 | str, form: str = MINUTE) -> str:
    """Return an instant as text: by its date's ``form``, or as "day 3, 04:12" after an unknown start.

    Hours stand there where ``form`` has them, seconds where there are any.

    >>> said(START + pd.Timedelta(hours=76.2)), said("2024-01-31T13:45:00"), said(START, DAY)
    ('day 3, 04:12', '2024-01-31 13:45', 'day 0')
    """
    moment = read(time)
    if moment <= LATEST:
        return f"{moment:{form}}"
    days, rest = divmod(moment - START, pd.Timedelta(days=1))
    if "%H" not in form:
        return f"day {days}"
    clock = f"{pd.Timestamp(0) + rest:%H:%M:%S}"
    return f"day {days}, {clock.removesuffix(':00')}"


def read(text: Any) -> pd.Timestamp:
    """Return the instant that a text means: ISO, or what `said` returns.

    Raises
    ------
    ValueError
        If it is neither.
    """
    told = _SAID.fullmatch(text.strip()) if isinstance(text, str) else None
    if told is None:
        return pd.Timestamp(text)
    days, hours, minutes, seconds = (int(part or 0) for part in told.groups())
    return START + pd.Timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
