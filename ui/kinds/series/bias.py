"""What the Bias tab shows of series only: what a remedy learned, and which group fares worst."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dl_core.bias.report import is_chance
from ui.shell.words import signed

WIDTHS = (1, 1)  # of the charts and of the table beside them
AXIS = "dotted: all {units}, {value}"  # the title names the metric
RATIOS = "lower to higher"


def learned(shifts: Mapping[str, float]) -> str:
    """Return what a remedy learned on validation windows."""
    parts = ", ".join(f"{group} {signed(-shift)}" for group, shift in shifts.items() if shift)
    return f"Bias corrections in units of a series' typical change, estimated on validation windows: {parts or 'none'}."


def stands_out(report: Mapping[str, Any], metric: str, column: str) -> str:
    """Return which group of a column fares worst, for a chart's title, where that is more than chance."""
    for row in report["disparities"]:
        if (row["metric"], row["column"], row["kind"]) == (metric, column, "difference"):
            chance = is_chance(row["low"], row["high"])
            worst = str(row["worst"]).removeprefix(f"{column} ")
            return ": no significant difference" if chance else f": worst for {worst}"
    return ": too few series to compare"
