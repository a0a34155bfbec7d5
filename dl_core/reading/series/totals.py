"""Sums and means that sheets write beside their values: columns and rows that are no values of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from dl_core.reading.series.numbers import is_numbers, read_numbers
from dl_core.reading.tables.month_names import folded_word

_WORDS = """
    total totals sum subtotal grand all overall summe gesamt insgesamt totaal totale somme suma soma razem celkem ukupno
    toplam yhteensa summa osszesen всего итого 合計 总计 average mean avg annual mittel mittelwert durchschnitt moyenne
    promedio media srednia ytd ytm
"""
TOTALS = frozenset(_WORDS.split())
_NEAR = 1e-3
_MOSTLY = 0.9


def is_total_name(text: object) -> bool:
    """Return whether a name says that something is a sum or a mean of others."""
    return any(folded_word(word) in TOTALS for word in re.split(r"[\W\d_]+", str(text)) if word)


def set_aside(frame: pd.DataFrame, columns: Sequence[str], steps: np.ndarray) -> dict[str, str]:
    """Return the columns beside a table's steps that repeat them, with what they are.

    Parameters
    ----------
    frame : pandas.DataFrame
    columns : sequence of str
        Those that are no steps.
    steps : numpy.ndarray
        (n, c) values of the steps, NaN where missing.
    """
    found = {}
    with np.errstate(all="ignore"):
        filled = np.isfinite(steps).any(axis=1)
        least = np.where(filled, np.nanmin(steps, axis=1, initial=np.inf), np.nan)
        most = np.where(filled, np.nanmax(steps, axis=1, initial=-np.inf), np.nan)
        sums = np.nansum(steps, axis=1)
        means = sums / np.maximum(1, np.isfinite(steps).sum(axis=1))
    for name in columns:
        if frame[name].isna().all():
            found[name] = "empty"
        elif is_numbers(frame[name]):
            values = read_numbers(frame, [name], strict=False)[:, 0]
            for other, word in ((sums, "sum"), (means, "mean"), (least, "least"), (most, "greatest")):
                if are_alike(values, other):
                    found[name] = f"the {word} of the steps"
            if name not in found and is_total_name(name):
                found[name] = "named like a total, and no step"
    return found


def are_alike(one: np.ndarray, other: np.ndarray) -> bool:
    """Return whether numbers are the same but for rounding, in nearly all places where both are known."""
    known = np.isfinite(one) & np.isfinite(other)
    if not known.any() or not np.abs(other[known]).sum():
        return False
    near = np.abs(one[known] - other[known]) <= np.maximum(_NEAR * np.abs(other[known]), 0.51)
    return bool(near.mean() >= _MOSTLY) and bool(np.abs(other[known]).max() > 1)


def total_rows(names: pd.Series, values: np.ndarray) -> np.ndarray:
    """Return which rows are sums of all others, (n,) bool: named like one, or not at all, and equal to them.

    Parameters
    ----------
    names : pandas.Series
        (n,) what names each row; missing where nothing does.
    values : numpy.ndarray
        (n, c), NaN where missing.
    """
    likely = names.isna().to_numpy() | names.astype("str").map(is_total_name).to_numpy(dtype=bool)
    found = np.zeros(len(names), dtype=bool)
    for at in np.flatnonzero(likely) if likely.sum() <= 3 and (~likely).sum() > 1 else ():
        found[at] = are_alike(values[at], np.nansum(values[~likely], axis=0))
    return found


def total_columns(names: Sequence[str], values: np.ndarray) -> list[str]:
    """Return the columns named like a total that are the sum of all others."""
    rows = total_rows(pd.Series(list(names)), values.T)
    return [name for name, there in zip(names, rows, strict=True) if there]
