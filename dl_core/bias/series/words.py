"""What a bias check of forecasts found, in sentences that a planner can act on."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from dl_core.bias.groups import NOT_STATED
from dl_core.bias.words import warnings_of
from dl_core.evaluate.metric import Metric
from dl_core.evaluate.pairs import number
from dl_core.evaluate.quantities import LEVEL, percentile

DIFFERENCE = ("mase", "crps", "smape", "rmsse", "wql")  # metrics of error; the first one there is told
COVERAGE = ("coverage_90", "coverage_95", "coverage_80")  # the same for intervals
FAR = 0.03  # coverage nearer than this to the nominal level is no news
MOST = 3  # groups named of one finding


def forecast_warnings(
    table: pd.DataFrame,
    disparities: pd.DataFrame,
    drawn: Mapping[tuple[str, str, str], np.ndarray],
    metrics: Mapping[str, Metric],
) -> tuple[str, ...]:
    """Return sentences: groups forecast systematically wrong, intervals that do not hold, differences, small groups.

    Intervals by group are widened (Bonferroni) for the number of groups of a grouping.

    Parameters
    ----------
    table, disparities : pandas.DataFrame
        ``groups`` and ``disparities`` of a `BiasReport`.
    drawn : mapping
        Resampled values (r,) by (column, group, metric).
    metrics : mapping
        By name.
    """
    error = next((name for name in DIFFERENCE if name in metrics), "")
    held = next((name for name in COVERAGE if name in metrics), "")
    lines = []
    for column, here in table[table["enough"] & (table["group"] != NOT_STATED)].groupby("column", sort=False):
        lines += _one_sided(str(column), here[here["metric"] == "bias"], drawn)
        lines += _uncovered(str(column), here[here["metric"] == held], drawn, metrics.get(held))
    told = table[table["metric"] == error] if error else table
    apart = disparities[disparities["metric"] == error]
    labels = {name: metric.label for name, metric in metrics.items()}
    return (*lines, *warnings_of(told, apart, (), labels, "series"))


def _widened(here: pd.DataFrame, drawn: Mapping, target: float, least: float = 0.0) -> pd.DataFrame:
    """Return the groups whose widened interval leaves out ``target``, the furthest from it first."""
    level = 1 - (1 - LEVEL) / max(len(here), 1)
    ends = [percentile(drawn[row.column, row.group, row.metric], level) for row in here.itertuples()]
    low, high = (np.array([end[side] for end in ends]) for side in (0, 1))
    found = here.assign(low=low, high=high, far=(here["value"] - target).abs())
    found = found[((found["low"] > target) | (found["high"] < target)) & (found["far"] > least)]
    return found.sort_values("far", ascending=False, kind="stable").head(MOST)


def _one_sided(column: str, here: pd.DataFrame, drawn: Mapping) -> list[str]:
    """Return groups that are forecast too high or too low on the whole."""
    return [
        (
            f"{column}: forecasts for {row.group} are too {'high' if row.value > 0 else 'low'} on average, by "
            f"{abs(row.value):.2f} of the typical change (mean signed error {number(row.value, sign=True)} "
            f"[{number(row.low)}, {number(row.high)}], {row.n} series)."
        )
        for row in _widened(here, drawn, 0.0).itertuples()
    ]


def _uncovered(column: str, here: pd.DataFrame, drawn: Mapping, metric: Metric | None) -> list[str]:
    """Return groups whose intervals hold far more or fewer true values than they say."""
    if metric is None or metric.target is None:
        return []
    target, lines = metric.target, []
    for row in _widened(here, drawn, target, FAR).itertuples():
        what = "only" if row.value < target else "as many as"
        meant = "they are too narrow" if row.value < target else "they are too wide"
        lines.append(
            f"{column}: {100 * target:.0f} % prediction intervals cover {what} {100 * row.value:.0f} % for "
            f"{row.group} [{100 * row.low:.0f}, {100 * row.high:.0f}]; {meant}."
        )
    return lines
