"""The noun `Long`: values of any layout one under the other, with series as numbers and further columns beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.reading.series.stamps import Stamps
from dl_core.reading.tables.append import appended


@dataclass(frozen=True)
class Long:
    """Values one under the other, in no particular order.

    Parameters
    ----------
    names : numpy.ndarray
        (k,) object, ids of the series by first appearance.
    code : numpy.ndarray
        (n,) int64 position in ``names``.
    time : numpy.ndarray
        (n,) datetime64[ns], or int64 step numbers.
    value : numpy.ndarray
        (n,) float64, NaN where missing.
    row : numpy.ndarray
        (n,) int64, row of the table as uploaded, from 0.
    test : numpy.ndarray
        (n,) bool, whether it stands in a file that is the test.
    more : pandas.DataFrame
        (n,) further columns as read: groups and covariates.
    groups : pandas.DataFrame
        By series id: the columns that name the series together, and what a row a series says of it.
    clock : numpy.ndarray or None
        Distinct times of a wide table, with those at which every value is missing.
    counted : bool
        Whether times only count values as they stand (no column of times was there).
    columns : tuple of str
        Names of the columns of series, time and value.
    stamps : Stamps or None
        How the column of times was read.
    """

    names: np.ndarray
    code: np.ndarray
    time: np.ndarray
    value: np.ndarray
    row: np.ndarray
    test: np.ndarray
    more: pd.DataFrame
    groups: pd.DataFrame
    clock: np.ndarray | None = None
    counted: bool = False
    columns: tuple[str, str, str] = ("series", "time", "value")
    stamps: Stamps | None = None
    notes: tuple[Finding, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.value)

    @property
    def numbered(self) -> bool:
        """Whether times are numbers of steps."""
        return self.time.dtype.kind != "M"

    def take(self, at: np.ndarray) -> Long:
        """Return the rows at these positions or where a mask holds; no series is forgotten."""
        more = self.more[at] if at.dtype == bool else self.more.iloc[at]
        return replace(
            self,
            code=self.code[at],
            time=self.time[at],
            value=self.value[at],
            row=self.row[at],
            test=self.test[at],
            more=more.reset_index(drop=True),
        )


def joined(parts: Sequence[Long]) -> Long:
    """Return the values of several tables together; counted times of a test table go on after those before."""
    if len(parts) == 1:
        return parts[0]
    every = np.concatenate([part.names for part in parts])
    codes, names = pd.factorize(every)
    places = np.split(codes, np.cumsum([len(part.names) for part in parts])[:-1])
    code = [place[part.code] for part, place in zip(parts, places, strict=True)]
    times = [part.time for part in parts]
    if all(part.counted for part in parts):
        times = _counted_on(times, code, len(names))
    clocks = [part.clock for part in parts if part.clock is not None]
    groups = pd.concat([part.groups for part in parts])
    return replace(
        parts[0],
        names=np.asarray(names, dtype=object),
        code=np.concatenate(code),
        time=np.concatenate(times),
        value=np.concatenate([part.value for part in parts]),
        row=np.concatenate([part.row for part in parts]),
        test=np.concatenate([part.test for part in parts]),
        more=appended([part.more for part in parts]) if parts[0].more.shape[1] else parts[0].more.iloc[:0],
        groups=groups[~groups.index.duplicated()],
        clock=np.unique(np.concatenate(clocks)) if len(clocks) == len(parts) else None,
        notes=tuple(note for part in parts for note in part.notes),
    )


def _counted_on(times: Sequence[np.ndarray], codes: Sequence[np.ndarray], n: int) -> list[np.ndarray]:
    """Return counted times of later tables moved behind the last of the tables before, series by series."""
    last = np.zeros(n, dtype=np.int64)
    found = []
    for time, code in zip(times, codes, strict=True):
        moved = time + last[code]
        found.append(moved)
        np.maximum.at(last, code, moved)
    return found
