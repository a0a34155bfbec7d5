"""Forecasts by slices: quartiles of the size of series and of the length of their history, and each series alone."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dl_core.evaluate.registry import metric_named
from dl_core.evaluate.series.metrics import ForecastMetric
from dl_core.evaluate.series.windows import JudgedWindows

FEWEST = 8  # series; quartiles of fewer would be single ones
MOST_SERIES = 200
WORST, BEST = 80, 40  # of MOST_SERIES; the rest are typical ones
BY_SERIES = ("mase", "bias", "coverage_90")


def quartile_labels(values: pd.Series, unit: str = "") -> pd.Series:
    """Return each series' quartile in words, such as ``"120 to 340"``, by series id; empty for fewer than `FEWEST`.

    Equal values are never parted, so that there may be fewer groups and they need not be of one size.
    """
    known = values.dropna()
    if len(known) < FEWEST or known.nunique() < 2:
        return pd.Series(dtype=object)
    edges = np.unique(np.quantile(known, [0.25, 0.5, 0.75], method="inverted_cdf"))
    part = np.searchsorted(edges, known.to_numpy(), side="left")
    words = {}
    for number in np.unique(part):
        low, high = known[part == number].min(), known[part == number].max()
        words[number] = _range_words(low, high, unit)
    return pd.Series([words[number] for number in part], index=known.index, dtype=object)


def in_order(labels: pd.Series, values: pd.Series) -> list[str]:
    """Return the labels from the smallest values to the largest."""
    return values.reindex(labels.index).groupby(labels).min().sort_values(kind="stable").index.tolist()


def _range_words(low: float, high: float, unit: str) -> str:
    found = f"{short(low)} to {short(high)}" if short(low) != short(high) else short(low)
    return f"{found} {unit}".strip()


def short(value: float) -> str:
    """Return a number in at most three digits, thousands in words of the trade: 12.3k, 4.5M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if letter == 'k' else size):.3g}{letter}"
    return f"{value:.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def series_lines(judged: JudgedWindows) -> list[dict]:
    """Return one line a series, the largest MASE first: {series, mase, bias, coverage_90, windows, …}.

    ``level`` and ``length`` are those of `SeriesFacts`. Of more than `MOST_SERIES` the worst, the best and those about
    the median are kept; ``kind`` says which each is.
    """
    if not len(judged.cases):
        return []
    table = pd.DataFrame(
        {name: metric_named(name, ForecastMetric).by_case(judged.cases, judged.facts) for name in BY_SERIES}
        | {"series": judged.cases.series, "windows": 1}
    )
    found = table.groupby("series", sort=False).agg({**dict.fromkeys(BY_SERIES, "mean"), "windows": "sum"})
    found["level"] = judged.facts.level.reindex(found.index)
    found["length"] = judged.facts.length.reindex(found.index)
    found = found.sort_values("mase", ascending=False, kind="stable", na_position="last")
    found["kind"] = _kinds(len(found))
    found = found[found["kind"] != ""]
    lines = found.reset_index(names="series").astype(object)
    return lines.where(lines.notna(), None).to_dict("records")


def _kinds(n: int) -> np.ndarray:
    """Return what each of n series in order of their errors is: worst, typical or best, or empty where left out."""
    kinds = np.full(n, "typical", dtype=object)
    if n <= MOST_SERIES:
        kinds[: max(1, n // 4)], kinds[n - n // 4 :] = "worst", "best"
        return kinds
    typical = MOST_SERIES - WORST - BEST
    middle = (n - typical) // 2
    kinds[:] = ""
    kinds[middle : middle + typical] = "typical"
    kinds[:WORST], kinds[n - BEST :] = "worst", "best"
    return kinds
