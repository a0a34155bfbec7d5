"""The noun `BiasReport`: each metric by group with interval and n, disparities, and what mitigation costs and gains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from dl_core.evaluate.results import Told


@dataclass(frozen=True)
class BiasReport(Told):
    """Whom one model fails.

    Parameters
    ----------
    model : str
    overall : pandas.DataFrame
        Columns ``metric, value, low, high, n``.
    groups : pandas.DataFrame
        Columns ``column, group, metric, value, low, high, n, positives, enough``; ``column`` is the metadata column or
        ``"sex × age"`` for a pair; ``enough`` is False where the group is too small to say anything.
    disparities : pandas.DataFrame
        Columns ``column, metric, kind, value, low, high, worst, best``; ``kind`` is ``"difference"`` or ``"ratio"``.
    warnings : tuple of str
        Sentences: groups too small, disparities whose interval leaves out zero.
    four_fifths : pandas.DataFrame
        The four-fifths rule for two classes, a line a group (`four_fifths.four_fifths`).
    """

    model: str
    overall: pd.DataFrame
    groups: pd.DataFrame
    disparities: pd.DataFrame
    warnings: tuple[str, ...] = ()
    four_fifths: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True)
class Mitigation(Told):
    """What a remedy gains for groups and what it costs over all, on the same test rows.

    Parameters
    ----------
    method : str
        ``"thresholds"``, ``"reweighing"`` or ``"optimizer"``.
    column : str
        The grouping that was to be made fairer.
    before, after : BiasReport
    cost : pandas.DataFrame
        Columns ``metric, before, after, change, low, high, n, verdict``: metrics over all rows; ``change`` is turned so
        that positive is better, with its paired bootstrap interval.
    gain : pandas.DataFrame
        Columns ``column, metric, worst, best, before, after, change, low, high, verdict``: the difference between the
        two groups that were furthest apart before; a negative ``change`` brings them closer.
    sentence : str
        What it gained and what it cost, in words.
    thresholds : dict
        Operating point by group, where that was the remedy; else empty.
    """

    method: str
    column: str
    before: BiasReport
    after: BiasReport
    cost: pd.DataFrame
    gain: pd.DataFrame
    sentence: str
    thresholds: dict[str, float] = field(default_factory=dict)


def is_chance(low: float | None, high: float | None) -> bool:
    """Return whether an interval of differences holds 0 or is not defined, so that chance may explain it."""
    return low is None or high is None or not (low > 0 or high < 0)


def most_gained(gain: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the metric by which groups came closest, of the lines of `Mitigation.gain`; None without any."""
    known = [row for row in gain if row.get("change") is not None]
    return str(min(known, key=lambda row: row["change"])["metric"]) if known else None
