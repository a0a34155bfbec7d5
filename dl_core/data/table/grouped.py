"""Sums over windows of time within each account or counterparty: sort once, add up once, look up by binary search."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd

Keys: TypeAlias = Sequence[Hashable] | np.ndarray | pd.Series
DAY = 86_400_000_000_000  # nanoseconds


class Clock:
    """Rows in order of time; rows of the same instant stay in the order of the file.

    Everything else of this file works in that order: "row 7" is the eighth in time. Rows without a time come last and
    are known by ``timed``.
    """

    def __init__(self, time: np.ndarray) -> None:
        time = np.asarray(time, dtype="datetime64[ns]")
        self.order = np.argsort(time, kind="stable")  # NaT is sorted last
        self.time = time[self.order]
        self.timed = int(np.count_nonzero(~np.isnat(self.time)))  # rows that have a time
        self.stamp = self.time[: self.timed].astype(np.int64)  # (timed,) ns
        self._upto: dict[float, np.ndarray] = {}

    def upto(self, days: float) -> np.ndarray:
        """Return, for each timed row, how many rows are at least so many days older, (timed,) int32."""
        if days not in self._upto:
            limit = self.stamp - np.int64(round(days * DAY))
            self._upto[days] = np.searchsorted(self.stamp, limit, side="right").astype(np.int32)
        return self._upto[days]

    def sorted(self, values: np.ndarray) -> np.ndarray:
        """Return values (n,) of the file's order in that of time, timed rows only."""
        return np.asarray(values)[self.order[: self.timed]]


class Groups:
    """Rows of one key (an account) beside each other, in order of time.

    Parameters
    ----------
    clock : Clock
    codes : numpy.ndarray
        (timed,) int64 group of each row in order of time, -1 where the key is missing: such rows get NaN everywhere.
    """

    def __init__(self, clock: Clock, codes: np.ndarray) -> None:
        self.clock, self.codes = clock, codes
        order = np.argsort(codes, kind="stable")
        self.rows = order[np.count_nonzero(codes < 0) :]  # (m,) rows in group order
        self.code = codes[self.rows]
        self.base = self.code * np.int64(len(codes) + 1)
        self.all = Members(self, np.ones(len(codes), dtype=bool))

    def rank(self, days: float, itself: bool = False) -> np.ndarray:
        """Return how many rows (of all groups) a row may look back on: so much older, never itself unless wanted."""
        if not days:
            return self.rows + int(itself)
        return np.minimum(self.clock.upto(days)[self.rows], self.rows + int(itself))

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Return values (m,) in group order as (n,) float32 in the order of the file, NaN for the others."""
        full = np.full(len(self.clock.order), np.nan, dtype=np.float32)
        full[self.clock.order[self.rows]] = values
        return full


class Members:
    """Some rows of `Groups` (all, or those with a label) that windows look back on.

    Parameters
    ----------
    groups : Groups
    mask : numpy.ndarray
        (timed,) bool in order of time.
    """

    def __init__(self, groups: Groups, mask: np.ndarray) -> None:
        self.groups = groups
        self.inside = mask[groups.rows]  # (m,) in group order
        self.rows = groups.rows[self.inside]
        self.code = groups.code[self.inside]
        self.keys = groups.base[self.inside] + self.rows
        self.start = np.searchsorted(self.keys, groups.base)  # (m,) place of the first member of each row's group

    def place(self, days: float, itself: bool = False) -> np.ndarray:
        """Return, for each row of the groups, the place after its last member at least so many days older, (m,)."""
        return np.searchsorted(self.keys, self.groups.base + self.groups.rank(days, itself))

    def cumulate(self, values: np.ndarray) -> np.ndarray:
        """Return sums of values (timed,) from the start of each group, (len(rows),) float64, rounding kept small."""
        picked = pd.Series(values[self.rows].astype(np.float64))
        return picked.groupby(self.code, sort=False).cumsum().to_numpy()

    def total(self, sums: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """Return the sum from place ``low`` to before ``high`` of what `cumulate` added up, (m,)."""
        if not len(sums):
            return np.zeros(len(high))
        until = np.where(high > self.start, sums[high - 1], 0.0)
        return until - np.where(low > self.start, sums[np.maximum(low, 1) - 1], 0.0)

    def age(self, place: np.ndarray, valid: np.ndarray) -> np.ndarray:
        """Return days from the member at ``place`` to each row, (m,), NaN where it is not ``valid``."""
        if not len(self.rows):
            return np.full(len(place), np.nan)
        stamp = self.groups.clock.stamp
        then = stamp[self.rows[np.clip(place, 0, len(self.rows) - 1)]]
        return np.where(valid, (stamp[self.groups.rows] - then) / DAY, np.nan)


def key_codes(clock: Clock, keys: Keys) -> np.ndarray:
    """Return keys (n,) as int64 codes in order of time, (timed,); -1 where one is missing."""
    codes, _ = pd.factorize(pd.Series(keys).reset_index(drop=True), use_na_sentinel=True)
    return clock.sorted(codes.astype(np.int64))
