"""Series that end at different times, brought to a common end."""

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
    steps, rows = 1, {}
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
