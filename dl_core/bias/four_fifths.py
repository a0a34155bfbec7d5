"""The four-fifths rule, read for decisions that are a burden: who is called positive, and who is left alone."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from dl_core.bias.groups import NOT_STATED
from dl_core.evaluate.quantities import percentile

FOUR_FIFTHS = 0.8
COLUMNS = (
    *("column", "group", "favoured", "called", "left_alone", "called_favoured", "left_alone_favoured"),
    *("ratio_left_alone", "low_left_alone", "high_left_alone", "keeps_left_alone"),
    *("ratio_called", "low_called", "high_called", "keeps_called"),
)


def four_fifths(
    table: pd.DataFrame, by_group: Mapping[tuple[str, str, str], np.ndarray], classes: tuple[str, ...]
) -> pd.DataFrame:
    """Return how each group compares with the one that is called positive least often.

    The rule of the US Uniform Guidelines (1978) asks that a group's rate of the good outcome be at least four fifths of
    the most favoured group's. Where being called positive (flagged as fraud) is the burden, the good outcome is to be
    left alone. As nearly everyone is left alone, that ratio is next to 1 even where one group is flagged ten times as
    often; so the rates of being called positive are compared too, as the least called group's over this group's.

    Parameters
    ----------
    table : pandas.DataFrame
        ``groups`` of a `BiasReport`, with ``selection_rate``; groups that are too small or not stated take no part.
    by_group : mapping
        Resampled values (r,) by (column, group, metric).
    classes : tuple of str

    Returns
    -------
    pandas.DataFrame
        A row for each group but the favoured one, `COLUMNS`; empty where there are more than two classes. ``called``
        and ``left_alone`` are shares; a ratio has a 95 % interval, and ``keeps_…`` says whether it is at least 0.8.
    """
    lines = []
    here = table[(table["metric"] == "selection_rate") & table["enough"] & (table["group"] != NOT_STATED)]
    here = here[here["value"].notna()]
    for column, rows in here.groupby("column", sort=False):
        if len(rows) < 2 or len(classes) != 2:
            continue
        favoured = rows.sort_values("value", kind="stable").iloc[0]
        best = by_group[column, favoured["group"], "selection_rate"]
        for _, row in rows[rows["group"] != favoured["group"]].iterrows():
            mine = by_group[column, row["group"], "selection_rate"]
            lines.append(_line(column, row, favoured, (mine, best)))
    return pd.DataFrame(lines, columns=list(COLUMNS))


def _line(column: str, row: pd.Series, favoured: pd.Series, draws: tuple[np.ndarray, np.ndarray]) -> tuple:
    """Return one group's line."""
    called, best = float(row["value"]), float(favoured["value"])
    left = _ratio(1 - called, 1 - best), *percentile(_ratios(1 - draws[0], 1 - draws[1]))
    flagged = _ratio(best, called), *percentile(_ratios(draws[1], draws[0]))
    keeps = tuple(bool(np.isnan(one[0]) or one[0] >= FOUR_FIFTHS) for one in (left, flagged))
    who = str(row["group"]), str(favoured["group"])
    rates = called, 1 - called, best, 1 - best
    return column, *who, *rates, *left, keeps[0], *flagged, keeps[1]


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0 else float("nan")


def _ratios(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)
