"""Which model leads: by a metric, over places of a chart, and which one changes most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import pandas as pd


class Directed(Protocol):
    """What is needed of a metric: which values are better."""

    def gap(self, values: np.ndarray) -> np.ndarray:
        """Return values turned so that higher is better."""


def ranked(metric: Directed, rows: pd.DataFrame) -> pd.DataFrame:
    """Return a metric's lines (column ``value``), the best first; equal ones stay in their order."""
    turned = pd.Series(metric.gap(rows["value"].to_numpy(dtype=float)), index=rows.index)
    return rows.loc[turned.sort_values(ascending=False, kind="stable").index]


def leads_most(metric: Directed, values: Mapping[str, pd.Series]) -> tuple[str, int, int] | None:
    """Return who is best at most places of a chart: the name, at how many of how many places.

    Parameters
    ----------
    metric : Directed
    values : mapping
        By name, the metric by place.

    Returns
    -------
    tuple or None
        None for one line alone, or where a line lacks a place.
    """
    table = pd.DataFrame(dict(values))
    if len(table.columns) < 2 or table.isna().any(axis=None):
        return None
    best = table.columns[metric.gap(table.to_numpy(dtype=float)).argmax(axis=1)].value_counts()
    return str(best.index[0]), int(best.iloc[0]), len(table)


def best_of(metric: Directed, values: Mapping[str, float]) -> str:
    """Return whose value of a metric is the best; of equal ones the first."""
    return max(values, key=lambda name: metric.gap(np.asarray(values[name], dtype=float)))


def loses_most(metric: Directed, values: Mapping[str, Sequence[float]]) -> tuple[str, float]:
    """Return whose metric worsens most from the first value to the last, and by how much; below 0 none does."""
    ends = {name: metric.gap(np.asarray([each[0], each[-1]], dtype=float)) for name, each in values.items()}
    worst = max(ends, key=lambda name: ends[name][0] - ends[name][1])
    return worst, float(ends[worst][0] - ends[worst][1])


def changes_most(values: Mapping[str, Sequence[float]]) -> tuple[str, float] | None:
    """Return the name whose values change most from the first to the last, and by how much; None without two values."""
    change = {name: each[-1] - each[0] for name, each in values.items() if len(each) > 1}
    name = max(change, key=lambda one: abs(change[one]), default=None)
    return None if name is None else (name, change[name])


def coverage_errors(lines: Sequence[Mapping[str, float]]) -> list[dict[str, float | None]]:
    """Return by how much intervals hold more than they promise, with its own interval, all as shares.

    Parameters
    ----------
    lines : sequence of mapping
        ``level`` that is promised, and ``value``, ``low`` and ``high`` of what is held, of an evaluation's curves.
    """
    keys = ("value", "low", "high")
    return [
        {
            "level": line["level"],
            **{key: None if line.get(key) is None else line[key] - line["level"] for key in keys},
        }
        for line in lines
        if line["value"] is not None
    ]
