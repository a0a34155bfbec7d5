"""What the calendar tells of a step: hour of the day, day of the week and of the month, season of the year."""

from __future__ import annotations

import numpy as np

from dl_core.data.series.frequency import DAY, step_length

WEEK, MONTH, YEAR = 7 * DAY, 28 * DAY, 365 * DAY  # ns; the shortest month and year
_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday, Monday being 0


def calendar_features(times: np.ndarray, frequency: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return what the calendar says of each step, scaled to -1 to 1; no holidays, which differ by country.

    Only what differs from step to step is told, so that which features there are follows from the frequency alone:
    the hour of the day for steps shorter than a day; the day of the week and whether it is a weekend for steps
    shorter than a week; the day of the month for daily steps; the day of the year (the month for monthly and longer
    steps) for steps shorter than a year. Each is a sine and a cosine, so that Sunday stands beside Monday.

    Parameters
    ----------
    times : numpy.ndarray
        Of any shape, datetime64; step numbers where the data have no time stamps.
    frequency : str
        pandas' alias; empty without time stamps.

    Returns
    -------
    features : numpy.ndarray
        (\\*shape, c) float32; c is 0 without time stamps and for yearly steps.
    names : tuple of str
    """
    times = np.asarray(times)
    if not frequency or times.dtype.kind != "M":
        return np.zeros((*times.shape, 0), dtype=np.float32), ()
    step, stamps = step_length(frequency), times.astype("datetime64[ns]")
    days = stamps.astype("datetime64[D]")
    parts: dict[str, np.ndarray] = {}
    if step < DAY:
        parts |= _wave("hour", (stamps - days).astype(np.int64) / DAY)
    if step < WEEK:
        weekday = (days.astype(np.int64) + _EPOCH_WEEKDAY) % 7
        parts |= _wave("weekday", weekday / 7)
        if not frequency.endswith("B"):
            parts["weekend"] = np.where(weekday >= 5, 1.0, -1.0)
    months = stamps.astype("datetime64[M]")
    if DAY <= step < WEEK:
        parts |= _wave("day of month", (days - months.astype("datetime64[D]")).astype(np.int64) / 31)
    if step < MONTH:
        of_year = (days - stamps.astype("datetime64[Y]").astype("datetime64[D]")).astype(np.int64)
        parts |= _wave("day of year", of_year / 365.25)
    elif step < YEAR:
        parts |= _wave("month", months.astype(np.int64) % 12 / 12)
    if not parts:
        return np.zeros((*times.shape, 0), dtype=np.float32), ()
    return np.stack(list(parts.values()), axis=-1).astype(np.float32), tuple(parts)


def _wave(name: str, phase: np.ndarray) -> dict[str, np.ndarray]:
    """Return sine and cosine of a phase that is 1 after one turn."""
    return {f"{name} (sin)": np.sin(2 * np.pi * phase), f"{name} (cos)": np.cos(2 * np.pi * phase)}
