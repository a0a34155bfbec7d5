"""The step from one time to the next: its alias, positions of times on its grid, and the seasons that suit it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from dl_core.errors import OptionError, shorten

SECOND = 1_000_000_000  # ns
MINUTE, HOUR = 60 * SECOND, 3600 * SECOND
DAY = 24 * HOUR
_UNITS = {"ms": SECOND // 1000, "s": SECOND, "min": MINUTE, "h": HOUR, "D": DAY, "W": 7 * DAY}
_MONTHS = {"M": 1, "Q": 3, "Y": 12}
_OLD = {"H": "h", "T": "min", "S": "s", "L": "ms", "M": "ME", "Q": "QE", "Y": "YE", "A": "YE", "AS": "YS", "m": "min"}
_OLD |= {"d": "D", "w": "W", "b": "B", "hour": "h", "day": "D", "week": "W", "month": "MS", "quarter": "QS"}
_OLD |= {"hourly": "h", "daily": "D", "weekly": "W", "monthly": "MS", "quarterly": "QS", "yearly": "YS", "year": "YS"}
_OLD |= {"BMS": "MS", "BME": "ME", "BM": "ME", "BQS": "QS", "BQE": "QE", "BYS": "YS", "BYE": "YE", "minute": "min"}
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
MONTH_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_THURSDAY = 3  # weekday of 1970-01-01
_WORDS = {"ms": "millisecond", "s": "second", "min": "minute", "h": "hour", "D": "day", "W": "week"}
_WORDS |= {"B": "business day", "M": "month", "Q": "quarter", "Y": "year"}
_NAMES = {unit: f"{unit}ly" for unit in ("hour", "week", "month", "quarter", "year")} | {"day": "daily"}


def frequency_name(unit: str, count: float) -> str:
    """Return what a frequency is called: "monthly", "every 15 minutes".

    Examples
    --------
    >>> frequency_name("hour", 1), frequency_name("hour", 6), frequency_name("business day", 1)
    ('hourly', 'every 6 hours', 'every business day')
    """
    if count == 1:
        return _NAMES.get(unit, f"every {unit}")
    return f"every {count:,g} {unit}s"


@dataclass(frozen=True)
class Step:
    """A regular grid of times.

    Parameters
    ----------
    unit : str
        ``"ms"``, ``"s"``, ``"min"``, ``"h"``, ``"D"``, ``"W"``, ``"B"``, ``"MS"``, ``"ME"``, ``"QS"``, ``"QE"``,
        ``"YS"``, ``"YE"``; empty for step numbers.
    count : int
        Units a step.
    anchor : int
        Weekday (0 Monday) of weeks; month (1 to 12) in which a quarter's or year's stamp falls.
    phase : int
        ns by which stamps of fixed length stand after midnight or the full hour; whole months' phase is 0.
    opened : str
        Of steps that leave out the same places of each day, week or year: how many there are, and those that are kept,
        such as ``"24: 7 8 9"`` for three hours of each day; empty where all are.
    """

    unit: str = ""
    count: int = 1
    anchor: int = 0
    phase: int = 0
    opened: str = ""

    @property
    def alias(self) -> str:
        """pandas' alias, such as ``"15min"``, ``"W-SUN"`` or ``"QS-OCT"``."""
        count = str(self.count) if self.count > 1 else ""
        if self.unit == "W":
            return f"{count}W-{WEEKDAYS[self.anchor]}"
        if self.unit[:1] in ("Q", "Y") and self.unit:
            return f"{count}{self.unit}-{MONTH_NAMES[self.anchor - 1]}"
        return f"{count}{self.unit}"

    @property
    def months(self) -> int:
        """Months a step; 0 for steps of fixed length."""
        return 0 if self.unit in _UNITS or not self.unit else self.count * _MONTHS.get(self.unit[0], 0)

    @property
    def length(self) -> int:
        """Length in ns; that of a month of 30 days, a quarter of 91, a year of 365 where they vary."""
        if self.months:
            return {1: 30, 3: 91, 12: 365}.get(self.months, 30 * self.months) * DAY
        return self.count * _UNITS.get(self.unit, DAY)

    @property
    def words(self) -> str:
        """The frequency's name: "every 15 minutes", "hourly", "every business day"."""
        return frequency_name(_WORDS.get(self.unit) or _WORDS.get(self.unit[:1], "step"), self.count)

    @property
    def places(self) -> tuple[int, np.ndarray]:
        """Steps of the cycle that comes back, and those of them that are kept."""
        cycle, _, kept = self.opened.partition(":")
        return int(cycle), np.array(kept.split(), dtype=np.int64)

    def position(self, times: np.ndarray) -> np.ndarray:
        """Return the number of the step in which each time falls, (n,) int64; consecutive steps differ by 1.

        Parameters
        ----------
        times : numpy.ndarray
            (n,) datetime64[ns] without NaT, or int64 step numbers.
        """
        place = self._every_position(times)
        if not self.opened:
            return place
        cycle, kept = self.places
        return place // cycle * len(kept) + np.searchsorted(kept, place % cycle)

    def _every_position(self, times: np.ndarray) -> np.ndarray:
        """Return positions on the grid that leaves no place out."""
        if not self.unit:
            return times.astype(np.int64)
        if self.months:
            months = times.astype("datetime64[M]").astype(np.int64)
            shift = (self.anchor - 1) % self.months if self.unit[0] in ("Q", "Y") else self.anchor
            ends = self.unit.endswith("E") and self.months > 1
            return -((shift - months) // self.months) if ends else (months - shift) // self.months
        if self.unit == "B":
            return np.busday_count("1970-01-01", times.astype("datetime64[D]"), weekmask="1111100")
        stamps = times.astype("datetime64[ns]").astype(np.int64) - self._origin
        if self.unit == "W":  # a week is named by its last day
            return -(-(stamps // DAY * DAY) // self.length)
        return stamps // self.length

    def time(self, position: np.ndarray) -> np.ndarray:
        """Return the time of each step, (n,) datetime64[ns], or the step number itself."""
        position = np.asarray(position, dtype=np.int64)
        if not self.unit:
            return position
        if self.opened:
            cycle, kept = self.places
            position = position // len(kept) * cycle + kept[position % len(kept)]
        if self.months:
            shift = (self.anchor - 1) % self.months if self.unit[0] in ("Q", "Y") else self.anchor
            months = (position * self.months + shift).astype("datetime64[M]")
            if self.unit.endswith("E"):
                return ((months + 1).astype("datetime64[D]") - 1).astype("datetime64[ns]")
            return months.astype("datetime64[ns]")
        if self.unit == "B":
            days = np.busday_offset(np.datetime64("1970-01-01"), position, weekmask="1111100")
            return days.astype("datetime64[ns]") + np.timedelta64(self.phase, "ns")
        return (position * self.length + self._origin).astype("datetime64[ns]")

    @property
    def _origin(self) -> int:
        """ns since 1970 of step 0 of a grid of fixed length."""
        weekday = (self.anchor - _THURSDAY) % 7 * DAY if self.unit == "W" else 0
        return weekday + self.phase

    @property
    def seasons(self) -> tuple[int, ...]:
        """Steps of the seasons that suit it, shortest first: a day and a week of hours, a year of months."""
        if not self.unit:
            return ()
        if self.opened:
            return self._open_seasons()
        if self.months:
            return (12 // self.months,) if 12 % self.months == 0 and self.months < 12 else ()
        if self.unit == "B":
            return (5,) if self.count == 1 else ()
        if self.unit == "W":
            return (52,) if self.count == 1 else ()
        wanted = (HOUR, DAY) if self.length < 5 * MINUTE else (DAY, 7 * DAY)
        return tuple(whole // self.length for whole in wanted if whole % self.length == 0 and whole > self.length)

    def _open_seasons(self) -> tuple[int, ...]:
        """Return the steps of a day and a week (or of the cycle) that are kept."""
        cycle, kept = self.places
        a_day = DAY // self.length if not self.months and self.length < DAY else 0
        if not a_day:
            return (len(kept),) if len(kept) > 1 else ()
        if cycle == a_day:
            return (len(kept), 7 * len(kept)) if len(kept) > 1 else (7,)
        counts = np.bincount(kept // a_day)
        alike = len(set(counts[counts > 0].tolist())) == 1 and counts.max() > 1
        return (int(counts.max()), len(kept)) if alike else (len(kept),)

    @property
    def scale_season(self) -> int:
        """Lag of the naive forecast by which MASE scales, as in the M4 competition; 1 for days, weeks and years."""
        seasonal = self.months or (0 < self.length < DAY and self.unit)
        return self.seasons[0] if seasonal and self.seasons else 1


def parse_frequency(alias: str) -> Step:
    """Return the step of one of pandas' aliases, old and new, or of a word such as "monthly".

    Raises
    ------
    OptionError
        If there is no such frequency.
    """
    text = str(alias).strip()
    match = re.fullmatch(r"(\d*)\s*([A-Za-z]+)(?:-([A-Za-z]{3}))?", text)
    if match:
        count, unit, anchor = int(match[1] or 1), match[2], (match[3] or "").upper()
        unit = unit if unit in _UNITS or unit == "B" else _OLD.get(unit, _OLD.get(unit.lower(), unit))
        found = _step(unit, count, anchor)
        if found is not None:
            return found
    raise OptionError(
        f"{shorten(text, 20)!r} is no frequency",
        where="option frequency",
        expected="s, min, 15min, h, D, B (working days), W-SUN, MS, ME, QS, QE, YS, YE, or empty to have it inferred",
    )


def _step(unit: str, count: int, anchor: str) -> Step | None:
    """Return a step, or None where unit, count or anchor do not fit."""
    if count < 1 or (anchor and anchor not in (*WEEKDAYS, *MONTH_NAMES)):
        return None
    if unit == "W" and anchor in ("", *WEEKDAYS):
        return Step("W", count, WEEKDAYS.index(anchor or "SUN"))
    if unit in ("QS", "QE", "YS", "YE") and anchor in ("", *MONTH_NAMES):
        return Step(unit, count, MONTH_NAMES.index(anchor or ("JAN" if unit.endswith("S") else "DEC")) + 1)
    if unit in (*_UNITS, "B", "MS", "ME") and not anchor and unit != "W":
        return Step(unit, count)
    return None


def step_length(frequency: str) -> int:
    """Return the length of a frequency's step in ns, about that of a month or year where it varies."""
    return parse_frequency(frequency).length
