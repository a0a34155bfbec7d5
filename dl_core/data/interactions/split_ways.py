"""Ways to hold out rows: the last of each user, a share of each user or item at random, all after a date.

Each takes the rows that may be held out (`Held.positive`) and returns a part for every row: 0 training, 1 validation,
2 test, -1 none; and the protocol in words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dl_core.data import instants
from dl_core.data.parts import NONE, TEST, TRAIN, VALIDATION
from dl_core.errors import counted

_NO_TIME = np.iinfo(np.int64).min
DAY = 86_400_000_000_000  # ns
_SPARE = 0.1  # share of the test users who validate where nobody has rows enough for both


@dataclass(frozen=True)
class Rows:
    """What ways of splitting see of the rows, in the order of the table; all (n,)."""

    user: np.ndarray  # int codes
    item: np.ndarray  # int codes
    time: np.ndarray | None  # int64 ns since 1970, the least number where there is none
    positive: np.ndarray  # bool; only these are ever held out
    rng: np.random.Generator

    def take(self, at: np.ndarray) -> Rows:
        """Return the rows at these positions."""
        time = None if self.time is None else self.time[at]
        return Rows(self.user[at], self.item[at], time, self.positive[at], self.rng)

    @property
    def stamps(self) -> np.ndarray:
        """Times, the least number where there is none."""
        return np.full(len(self.user), _NO_TIME) if self.time is None else self.time


def of_each_user(
    rows: Rows, n: int, fill: Sequence[int] = (TEST, VALIDATION), *, by: str = "time", share: float = 0.0
) -> tuple[np.ndarray, str]:
    """Hold out rows of each user: the last ones by time, those of the last days, or some at random.

    Parameters
    ----------
    rows : Rows
    n : int
        Rows (or days) of each user for the first part of ``fill``, and as many before them for the next. A user needs
        one more than is held out.
    fill : sequence of int
    by : str
        ``"time"``: rows of the same instant, such as one basket's, have no order that means anything, so they are drawn
        at random; ``"day"``: all rows of a user's last days; ``"chance"``. By time and day, rows without a time are not
        held out.
    """
    by_time = by != "chance"
    at = np.flatnonzero(rows.positive & (rows.stamps > _NO_TIME) if by_time else rows.positive)
    stamps = rows.stamps[at] // DAY if by == "day" else rows.stamps[at] if by_time else np.zeros(len(at), np.int64)
    sort = np.lexsort((rows.rng.random(len(at)), stamps, rows.user[at]))
    order, stamps = at[sort], stamps[sort]
    if by == "day":
        behind, total = _days_behind(rows.user[order], stamps)
    else:
        total = np.bincount(rows.user[rows.positive], minlength=1)[rows.user[order]]
        behind = _place_from_end(rows.user[order])  # 0 for the last row of each user
    parts = np.full(len(rows.user), TRAIN)
    before = np.zeros(len(total), dtype=np.int64)
    for part in fill:
        size = np.where(total > before + n, n, 0)
        if part == VALIDATION and by != "day":
            size = np.where(size, np.clip(_rounded(share * total), n, total - before - 1), 0)
        parts[order[(behind >= before) & (behind < before + size)]] = part
        before += n if part != VALIDATION else size
    _spare_users(rows, parts, fill)
    if by_time:
        _drop_later(rows, parts)
    uses = ["test" if part == TEST else "validation" for part in fill]
    held = parts[order] > TRAIN
    tied = by == "time" and _has_ties(rows.user[order], stamps, held)
    which, earlier = _words(by, n)
    many = f" or {100 * share:.0f} % of the user's rows, whichever is more," if share and by != "day" else ""
    more = f", {earlier}{many} for {uses[1]}" if len(uses) > 1 else ""
    drawn = "; rows of one moment in random order" if tied else ""
    alone = many if uses[0] == "validation" else ""
    return parts, f"{which} of each user{' by time' if by == 'time' else ''}{alone} for {uses[0]}{more}{drawn}"


def _rounded(numbers: np.ndarray) -> np.ndarray:
    """Return the nearest whole numbers, halves up."""
    return np.floor(numbers + 0.5).astype(np.int64)


def _words(by: str, n: int) -> tuple[str, str]:
    """Return what is held out, and what before it, in words."""
    if by == "chance":
        return ("one random row", "another") if n == 1 else (f"{n} random rows", f"{n} others")
    if by == "day" and n == 1:
        return "all rows of the last day", "those of the day before"
    if by == "day":
        return f"all rows of the last {n} days", f"those of the {n} days before"
    return ("the last row", "the one before") if n == 1 else (f"the last {n} rows", f"the {n} before")


def _days_behind(user: np.ndarray, day: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how many later days each row's user has, and how many in all, for rows sorted by user and day."""
    if not len(user):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    first = np.r_[True, (user[1:] != user[:-1]) | (day[1:] != day[:-1])]  # of a user's day
    behind = _place_from_end(user[first])[np.cumsum(first) - 1]
    return behind, np.bincount(user[first])[user]


def _has_ties(user: np.ndarray, time: np.ndarray, held: np.ndarray) -> bool:
    """Return whether a held-out row shares its instant with another row of its user, for rows in order."""
    same = (user[1:] == user[:-1]) & (time[1:] == time[:-1])
    return bool((same & (held[1:] | held[:-1])).any())


def _place_from_end(codes: np.ndarray) -> np.ndarray:
    """Return how many entries of the same code follow, (n,), for codes that stand together."""
    if not len(codes):
        return np.zeros(0, dtype=np.int64)
    ends = np.flatnonzero(np.r_[codes[1:] != codes[:-1], True])
    lengths = np.diff(np.r_[-1, ends])
    return np.repeat(ends, lengths) - np.arange(len(codes))


def _spare_users(rows: Rows, parts: np.ndarray, fill: Sequence[int]) -> None:
    """Let some of the test users validate where no user has rows enough for both parts."""
    if len(fill) < 2 or (parts == fill[1]).any():
        return
    users = np.unique(rows.user[parts == fill[0]])
    if len(users) > 1:
        spared = rows.rng.choice(users, max(1, int(_SPARE * len(users))), replace=False)
        parts[(parts == fill[0]) & np.isin(rows.user, spared)] = fill[1]


def _drop_later(rows: Rows, parts: np.ndarray) -> None:
    """Take rows that do not count as liked out of training where they are later than what is held out of the user."""
    first = np.full(int(rows.user.max(initial=0)) + 1, np.iinfo(np.int64).max)
    held = parts > TRAIN
    np.minimum.at(first, rows.user[held], rows.stamps[held])
    parts[~rows.positive & (rows.stamps >= first[rows.user])] = NONE


def by_share(rows: Rows, shares: Mapping[int, float], unit: str = "user") -> tuple[np.ndarray, str]:
    """Hold out a share of each user's or item's rows at random, rounded to the nearest number of rows.

    Every user keeps one row in training at least: where none is left, the user's row drawn last goes back.

    Parameters
    ----------
    rows : Rows
    shares : mapping of int to float
        Share of all rows a part.
    unit : str
        ``"user"`` or ``"item"``: within whose rows the shares hold.
    """
    at = np.flatnonzero(rows.positive)
    codes = getattr(rows, unit)[at]
    order = np.lexsort((rows.rng.random(len(at)), codes))
    place, count = _place_from_end(codes[order]), np.bincount(codes, minlength=1)[codes[order]]
    found = np.full(len(at), TRAIN)
    before = np.zeros(len(at), dtype=np.int64)
    for part, share in shares.items():
        size = _rounded(count * share)
        size = np.minimum(size, np.maximum(count - 1 - before, 0)) if unit == "user" else size
        found[(place >= before) & (place < before + size)] = part
        before = before + size
    parts = np.full(len(rows.user), TRAIN)
    parts[at[order]] = found
    with_history(rows, parts)
    percent = "/".join(
        f"{100 * share:.0f}" for share in (1 - sum(shares.values()), *reversed(list(shares.values()))) if share
    )
    names = " and ".join(name for part, name in ((VALIDATION, "validation"), (TEST, "test")) if shares.get(part))
    return parts, f"{percent} % of each {unit}'s rows at random for training, {names}"


def with_history(rows: Rows, parts: np.ndarray) -> None:
    """Give each user without a positive training row one of the held-out ones back, of validation before test."""
    n = int(rows.user.max(initial=0)) + 1
    known = np.zeros(n, dtype=bool)
    known[rows.user[(parts == TRAIN) & rows.positive]] = True
    for part in (VALIDATION, TEST):
        at = np.flatnonzero((parts == part) & ~known[rows.user])
        users, first = np.unique(rows.user[at], return_index=True)
        parts[at[first]] = TRAIN
        known[users] = True


def by_date(rows: Rows, start: pd.Timestamp | None, test: float, validation: float) -> tuple[np.ndarray, str]:
    """Hold out all rows from a date on, or the latest share of them; the stretch before validates.

    Users first seen in a part have no history to recommend from, and their rows stand in no part. Rows without a time
    train.
    """
    stamps = np.sort(rows.stamps[rows.positive & (rows.stamps > _NO_TIME)])
    cut = _quantile(stamps, 1 - test) if start is None else start.as_unit("ns").value
    earlier = stamps[stamps < cut]
    cut_before = _quantile(earlier, 1 - validation)
    parts = np.where(rows.stamps >= cut, TEST, np.where(rows.stamps >= cut_before, VALIDATION, TRAIN))
    parts[rows.stamps == _NO_TIME] = TRAIN
    parts[(parts > TRAIN) & ~rows.positive] = NONE
    new = 0
    for part in (VALIDATION, TEST):
        known = np.zeros(int(rows.user.max(initial=0)) + 1, dtype=bool)
        known[rows.user[(parts >= TRAIN) & (parts < part) & rows.positive]] = True
        unknown = (parts == part) & ~known[rows.user]
        new += len(np.unique(rows.user[unknown])) if part == TEST else 0
        parts[unknown] = NONE
    words = f"rows from {_day(cut)} on are the test, those from {_day(cut_before)} on validate"
    return parts, words + (f"; left out: {counted(new, 'user')} first seen in the test" if new else "")


def _quantile(stamps: np.ndarray, share: float) -> int:
    """Return the first stamp that stands behind ``share`` of them; one that is never reached where there are none."""
    if not len(stamps):
        return np.iinfo(np.int64).max
    return int(stamps[min(len(stamps) - 1, int(round(share * len(stamps))))])


def _day(stamp: int) -> str:
    if stamp == np.iinfo(np.int64).max:
        return "no day"
    return instants.said(pd.Timestamp(stamp), instants.SECOND).removesuffix(" 00:00:00").removesuffix(", 00:00")
