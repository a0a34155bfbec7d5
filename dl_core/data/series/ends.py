"""The ends of series: brought to a common one, and what is planned after them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dl_core.data.series.panel import Panel


def to_common_end(panel: Panel) -> Panel:
    """Return the panel with missing values after each series that ends before the last one does.

    So all forecasts speak of the same times, as sums need; `filled` bridges the gap with the season before. Series
    that lie off the others' grid of times stay as they are.
    """
    if not len(panel):
        return panel
    ends = panel.times[panel.starts[1:] - 1]
    last, short = ends.max(), np.flatnonzero(ends < ends.max())
    if not len(short):
        return panel
    steps = 1
    rows: dict[int, np.ndarray] = {}
    ahead = panel.until(short, panel.lengths[short])
    while len(rows) < len(short) and steps <= panel.lengths.max():
        times = ahead.times_ahead(steps)
        for at in np.flatnonzero(times[:, -1] == last):
            rows.setdefault(int(at), times[at])
        steps += 1
    found = sorted(rows)
    if not found:
        return panel
    counts = np.array([len(rows[at]) for at in found])

    def empty(columns: np.ndarray | None) -> np.ndarray | None:
        return None if columns is None else np.zeros((counts.sum(), columns.shape[1]), dtype=np.float32)

    later = replace(
        panel,
        series=panel.series[short[found]],
        starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        values=np.full(counts.sum(), np.nan),
        times=np.concatenate([rows[at] for at in found]),
        past=empty(panel.past),
        future=empty(panel.future),
        ahead=None,
        weight=None,
    )
    return replace(panel.append(later), ahead=panel.ahead)


def planned(panel: Panel, horizon: int) -> Panel:
    """Return the panel with known-ahead covariates for every step ahead.

    Where none are told, those of a season before stand in (of the longest season), and 0 where there are none.
    """
    if panel.future is None or not len(panel):
        return panel
    told = np.full((len(panel), horizon, panel.future.shape[1]), np.nan, dtype=np.float32)
    if panel.ahead is not None:
        known = panel.ahead[:, :horizon]
        told[:, : known.shape[1]] = known
    season, steps = (panel.seasons[-1] if panel.seasons else 1), np.arange(horizon)
    back = panel.lengths[:, None] + (steps - season * (steps // season + 1))[None, :]
    rows = panel.starts[:-1, None] + np.maximum(back, 0)
    before = np.where((back >= 0)[:, :, None], panel.future[np.minimum(rows, len(panel.values) - 1)], 0.0)
    return replace(panel, ahead=np.where(np.isnan(told), before, told).astype(np.float32))
