"""The noun `Panel`: many series side by side, each on a regular grid of its own, and what is known ahead of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.series.frequency import parse_frequency
from dl_core.data.series.gaps import fill, usual_change
from dl_core.schema import Role

PANEL = "panel"  # side table of one line with what reading found out about time, in the columns that stand below
SERIES = "series"  # side table by series id: groups that do not change over time; also a column of `AHEAD`
AHEAD = "ahead"  # side table of steps after the last value: columns SERIES, TIME and the known-ahead covariates
TIME = "time"
FREQUENCY, SEASONS, SCALE_SEASON = "frequency", "seasons", "scale_season"
OPENED, ZONE = "opened", "zone"  # of some data only


@dataclass(frozen=True)
class Panel:
    """Series one after the other, oldest step first, without steps left out; a missing value is NaN.

    Parameters
    ----------
    series : numpy.ndarray
        (n,) object ids; an id may stand more than once, as when one series is cut at several origins.
    starts : numpy.ndarray
        (n + 1,) int64; series ``i`` is ``values[starts[i]:starts[i + 1]]``.
    values : numpy.ndarray
        (total,) float64.
    times : numpy.ndarray
        (total,) datetime64[ns], or int64 step numbers where the data had no time stamps.
    frequency : str
        pandas' offset alias (``"h"``, ``"D"``, ``"W-SUN"``, ``"MS"`` …); empty without time stamps.
    seasons : tuple of int
        Steps of each season, shortest first, such as ``(24, 168)``; empty for none.
    opened : str
        The places of each day, week or year that steps fall on, where they leave others out; see `Step`.
    scale_season : int
        Lag in steps of the naive forecast that MASE divides by; 1 where there is no season.
    past, future : numpy.ndarray
        (total, p) and (total, f) float32 covariates: known as time goes by, and known ahead. Missing values are 0.
    past_names, future_names : tuple of str
    ahead : numpy.ndarray or None
        (n, steps, f) float32: known-ahead covariates of the steps after each series' end; NaN where not given.
    static : pandas.DataFrame or None
        By series id: groups.
    weight : numpy.ndarray or None
        (n,) weight of each series in training; None for equal ones.
    """

    series: np.ndarray
    starts: np.ndarray
    values: np.ndarray
    times: np.ndarray
    frequency: str = ""
    seasons: tuple[int, ...] = ()
    scale_season: int = 1
    past: np.ndarray | None = None
    future: np.ndarray | None = None
    past_names: tuple[str, ...] = ()
    future_names: tuple[str, ...] = ()
    ahead: np.ndarray | None = None
    static: pd.DataFrame | None = None
    weight: np.ndarray | None = None
    opened: str = ""

    def __len__(self) -> int:
        return len(self.series)

    @property
    def lengths(self) -> np.ndarray:
        """Steps of each series, (n,) int64."""
        return np.diff(self.starts)

    @property
    def season(self) -> int:
        """The shortest season in steps; 1 where there is none."""
        return self.seasons[0] if self.seasons else 1

    def of_series(self, at: int) -> np.ndarray:
        """Return the values of the series at position ``at``, (length,) float64."""
        return self.values[self.starts[at] : self.starts[at + 1]]

    @classmethod
    def of(cls, data: Dataset) -> Panel:
        """Return the series of a data set's rows, which stand by series and time as reading leaves them.

        What is known after a series' end stands in the side table `AHEAD`. Covariates without a value become 0.
        """
        names = data.require(Role.SERIES).astype(str).to_numpy(dtype=object)
        values = data.require(Role.VALUE).to_numpy(dtype=float)
        times = data.require(Role.TIME).to_numpy()
        times = times.astype("datetime64[ns]") if times.dtype.kind == "M" else times
        change = np.flatnonzero(names[1:] != names[:-1]) + 1 if len(names) else np.array([], dtype=np.int64)
        bounds = np.concatenate([[0], change, [len(names)]]).astype(np.int64) if len(names) else np.zeros(1, np.int64)
        columns = {role: tuple(data.roles.get(role, ())) for role in (Role.PAST, Role.FUTURE)}
        arrays = {role: _zeros_for_none(_floats(data.table, names_)) for role, names_ in columns.items()}
        panel = cls(
            series=names[bounds[:-1]],
            starts=bounds,
            values=values,
            times=times,
            past=arrays[Role.PAST],
            future=arrays[Role.FUTURE],
            past_names=columns[Role.PAST],
            future_names=columns[Role.FUTURE],
            static=data.side.get(SERIES),
            **panel_facts(data),
        )
        return panel._with_ahead(data.side.get(AHEAD))

    def _with_ahead(self, table: pd.DataFrame | None) -> Panel:
        """Return the panel with what ``table`` (`AHEAD`) tells of the steps right after each series' end."""
        known = None if table is None else _floats(table, self.future_names)
        if table is None or known is None or not len(table) or not len(self):
            return self
        names, last = table[SERIES].to_numpy(dtype=object), table[TIME].to_numpy()
        first = np.flatnonzero(np.concatenate([[True], names[1:] != names[:-1]]))
        stops = np.concatenate([first[1:], [len(names)]])
        place = pd.Index(names[first]).get_indexer(pd.Index(self.series))
        next_times = self.times_ahead(1)[:, 0]
        ahead = np.full((len(self), int((stops - first).max()), known.shape[1]), np.nan, dtype=np.float32)
        for at, other in enumerate(place):
            if other >= 0 and last[first[other]] == next_times[at]:  # else the panel ends earlier than the data do
                ahead[at, : stops[other] - first[other]] = known[first[other] : stops[other]]
        return replace(self, ahead=ahead)

    def take(self, at: Sequence[int] | np.ndarray) -> Panel:
        """Return the series at positions ``at``, (m,), in that order; positions may repeat."""
        at = np.asarray(at, dtype=np.int64)
        return self.until(at, self.lengths[at], keep_ahead=True)

    def until(
        self,
        at: np.ndarray,
        ends: np.ndarray,
        horizon: int = 0,
        most: int | None = None,
        keep_ahead: bool = False,
    ) -> Panel:
        """Return what was known of series when ``ends`` of their steps had passed.

        Parameters
        ----------
        at : numpy.ndarray
            (m,) positions of series; they may repeat.
        ends : numpy.ndarray
            (m,) number of steps known of each.
        horizon : int
            Steps whose known-ahead covariates are told (`ahead`), NaN after the end of what is known.
        most : int or None
            Keep at most so many last steps of each.
        keep_ahead : bool
            Keep `ahead` as it is, where ``ends`` are the series' own.
        """
        at, ends = np.asarray(at, dtype=np.int64), np.asarray(ends, dtype=np.int64)
        kept = ends if most is None else np.minimum(ends, most)
        starts = np.concatenate([[0], np.cumsum(kept)]).astype(np.int64)
        first = self.starts[at] + ends - kept
        rows = np.arange(starts[-1]) - np.repeat(starts[:-1], kept) + np.repeat(first, kept)
        ahead = None
        if keep_ahead and self.ahead is not None:
            ahead = self.ahead[at]
        elif horizon and self.future is not None:
            ahead = self._known_ahead(self.future, at, ends, horizon)
        return replace(
            self,
            series=self.series[at],
            starts=starts,
            values=self.values[rows],
            times=self.times[rows],
            past=None if self.past is None else self.past[rows],
            future=None if self.future is None else self.future[rows],
            ahead=ahead,
            weight=None if self.weight is None else self.weight[at],
        )

    def rows(self, rows: np.ndarray, lengths: np.ndarray) -> Panel:
        """Return the same series with only the steps at positions ``rows``, ``lengths`` (n,) of each."""
        return replace(
            self,
            starts=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            values=self.values[rows],
            times=self.times[rows],
            past=None if self.past is None else self.past[rows],
            future=None if self.future is None else self.future[rows],
        )

    def _known_ahead(self, future: np.ndarray, at: np.ndarray, ends: np.ndarray, horizon: int) -> np.ndarray:
        """Return (m, horizon, f) covariates after ``ends``: from the series' own later steps, then from `ahead`."""
        found = np.full((len(at), horizon, future.shape[1]), np.nan, dtype=np.float32)
        for place, (one, end) in enumerate(zip(at, ends, strict=True)):
            inside = future[self.starts[one] + end : self.starts[one + 1]][:horizon]
            found[place, : len(inside)] = inside
            if len(inside) < horizon and self.ahead is not None:
                more = self.ahead[one][: horizon - len(inside)]
                found[place, len(inside) : len(inside) + len(more)] = more
        return found

    def truth(self, at: np.ndarray, ends: np.ndarray, horizon: int) -> np.ndarray:
        """Return the (m, horizon) values that followed ``ends``, NaN where missing or after the end."""
        place = self.starts[at][:, None] + np.asarray(ends)[:, None] + np.arange(horizon)[None, :]
        inside = place < self.starts[np.asarray(at) + 1][:, None]
        return np.where(inside, self.values[np.minimum(place, len(self.values) - 1)], np.nan)

    def append(self, later: Panel) -> Panel:
        """Return the same series with the steps of ``later`` after them; series that ``later`` lacks stay."""
        place = pd.Index(later.series).get_indexer(pd.Index(self.series))
        parts, ahead = [], None
        for at, other in enumerate(place):
            parts.append(np.arange(self.starts[at], self.starts[at + 1]))
            if other >= 0:
                parts.append(len(self.values) + np.arange(later.starts[other], later.starts[other + 1]))
        rows = np.concatenate(parts) if parts else np.array([], dtype=np.int64)
        more = np.where(place >= 0, later.lengths[np.maximum(place, 0)], 0) if len(later) else np.zeros(len(self), int)
        if later.ahead is not None and (place >= 0).all():
            ahead = later.ahead[place]

        def both(a: np.ndarray | None, b: np.ndarray | None) -> np.ndarray | None:
            return None if a is None or b is None else np.concatenate([a, b])[rows]

        return replace(
            self,
            starts=np.concatenate([[0], np.cumsum(self.lengths + more)]).astype(np.int64),
            values=np.concatenate([self.values, later.values])[rows],
            times=np.concatenate([self.times, later.times])[rows],
            past=both(self.past, later.past),
            future=both(self.future, later.future),
            ahead=ahead,
        )

    def filled(self) -> Panel:
        """Return the panel without missing values, as a model may read it.

        Inside a series gaps are bridged by a straight line; at the end the value of a season before stands in (the last
        known one where there is none), so that nothing later than the panel's end is used. A series without any
        value is all zeros.
        """
        if not np.isnan(self.values).any():
            return self
        values = self.values.copy()
        for at in range(len(self)):
            one = values[self.starts[at] : self.starts[at + 1]]
            if np.isnan(one).any():
                fill(one, self.season)
        return replace(self, values=values)

    def scales(self, lag: int | None = None) -> np.ndarray:
        """Return the mean absolute change over ``lag`` steps (`scale_season` by default) of each series, (n,).

        This is what MASE divides by. Where it is 0 or the series is too short, a lag of 1, then the mean absolute
        value, then 1 stand in, so that a constant series makes no error infinite.
        """
        lag = lag or self.scale_season
        return np.array([usual_change(self.of_series(at), lag) for at in range(len(self))])

    def times_ahead(self, horizon: int) -> np.ndarray:
        """Return the (n, horizon) times of the steps after each series' end, in the type of `times`."""
        last = self.times[self.starts[1:] - 1]
        if not self.frequency:
            return last[:, None] + np.arange(1, horizon + 1)[None, :]
        if self.opened:
            return self._open_ahead(last, horizon)
        offset = pd.tseries.frequencies.to_offset(self.frequency)
        known: dict[np.datetime64, np.ndarray] = {}
        for stamp in last:
            if stamp not in known:
                known[stamp] = pd.date_range(pd.Timestamp(stamp), periods=horizon + 1, freq=offset).to_numpy()
                if known[stamp][0] == stamp:
                    known[stamp] = known[stamp][1:]
                known[stamp] = known[stamp][:horizon].astype("datetime64[ns]")
        return np.stack([known[stamp] for stamp in last]) if len(last) else np.zeros((0, horizon), "datetime64[ns]")

    def _open_ahead(self, last: np.ndarray, horizon: int) -> np.ndarray:
        """Return times ahead that leave out the places that the data leave out."""
        step = replace(parse_frequency(self.frequency), opened=self.opened)
        position = step.position(last)
        beside = last - step.time(position)
        return step.time(position[:, None] + np.arange(1, horizon + 1)) + beside[:, None]


def zone_of(data: Dataset) -> str:
    """Return the zone whose local times the data's are; empty where they came without one."""
    noted = data.side.get(PANEL)
    return "" if noted is None or ZONE not in noted or not len(noted) else str(noted[ZONE].iloc[0] or "")


def panel_facts(data: Dataset) -> dict:
    """Return frequency, seasons, scale season and kept places that reading noted beside the rows."""
    noted = data.side.get(PANEL)
    if noted is None or not len(noted):
        return {}
    line = noted.iloc[0]
    seasons = tuple(int(part) for part in str(line[SEASONS]).split())
    return {
        "frequency": str(line[FREQUENCY] or ""),
        "seasons": seasons,
        "scale_season": int(line[SCALE_SEASON]),
        OPENED: str(line.get(OPENED, "") or ""),
    }


def panel_table(
    frequency: str, seasons: Sequence[int], scale_season: int, opened: str = "", zone: str = ""
) -> pd.DataFrame:
    """Return the side table that `panel_facts` and `zone_of` read."""
    line = {FREQUENCY: frequency, SEASONS: " ".join(map(str, seasons)), SCALE_SEASON: int(scale_season)}
    line |= {name: text for name, text in ((OPENED, opened), (ZONE, zone)) if text}
    return pd.DataFrame([line], index=pd.Index([PANEL], name="id"))


def _floats(table: pd.DataFrame, columns: Sequence[str]) -> np.ndarray | None:
    return table[list(columns)].to_numpy(dtype=np.float32, na_value=np.nan) if columns else None


def _zeros_for_none(values: np.ndarray | None) -> np.ndarray | None:
    return None if values is None else np.nan_to_num(values)
