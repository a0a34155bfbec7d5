"""What metrics of a review queue know of rows besides scores: the day, the account, the amount and what reviews cost.

Such facts come as one table by row id. Columns of numbers and times become numbers, text becomes integer codes, and
both once for all models and metrics; `SCALARS` are single numbers.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from dl_core.errors import SchemaError
from dl_core.evaluate.draws import codes_of

SCALARS = ("budget", "review_cost", "loss_share")  # reviews a day; currency a review; share of a fraud's amount lost
MONEY = ("amount", "review_cost", "loss_share")  # what metrics of money need
DAYS = "days"  # a scalar made here: how many days the rows span, kept when a part of them is taken

About = Mapping[str, np.ndarray | float]


def coded(table: pd.DataFrame | None) -> pd.DataFrame | None:
    """Return a table of facts by row id with numbers only.

    A column ``"day"`` may be numbers or times (which are cut to days). Text and categories become codes; a missing text
    is an account of its own. Missing numbers stay NaN.

    Raises
    ------
    SchemaError
        If duplicate row id.
    """
    if table is None:
        return None
    if not table.index.is_unique:
        raise SchemaError("duplicate row id", where="facts about rows", expected="unique ids")
    return pd.DataFrame({name: _numbers(table[name]) for name in table}, index=table.index)


class Facts:
    """Facts by row id, for one model's rows after the other's.

    The same rows get the same arrays, so that what a metric works out from them once (`keep.keep`) serves all models.

    Parameters
    ----------
    table : pandas.DataFrame or None
        As a user of `evaluate.evaluate` hands it over.
    """

    def __init__(self, table: pd.DataFrame | None) -> None:
        self._table = coded(table)
        self._last: tuple[pd.Index, dict[str, np.ndarray | float]] | None = None

    def of(self, rows: pd.Index) -> dict[str, np.ndarray | float]:
        """Return the facts of ``rows``, in order (`about_rows`)."""
        if self._last is None or not self._last[0].equals(rows):
            self._last = rows, about_rows(self._table, rows)
        return self._last[1]


def _numbers(values: pd.Series) -> np.ndarray:
    if pd.api.types.is_datetime64_any_dtype(values):
        days = values.to_numpy(dtype="datetime64[D]")
        return np.where(np.isnat(days), np.nan, days.astype(np.int64).astype(float))
    if pd.api.types.is_numeric_dtype(values):
        return values.to_numpy(dtype=float, na_value=np.nan)
    return codes_of(values).astype(float)


def about_rows(table: pd.DataFrame | None, rows: pd.Index) -> dict[str, np.ndarray | float]:
    """Return the facts of ``rows``, in order, from a `coded` table: arrays (n,), and a float for each of `SCALARS`.

    A row that the table lacks has an amount of 0 and a day and an account of their own.
    """
    if table is None:
        return {}
    here = table if table.index.equals(rows) else table.reindex(rows)
    found: dict[str, np.ndarray | float] = {}
    for name in here:
        values = here[name].to_numpy(dtype=float)
        if name in SCALARS:
            known = values[~np.isnan(values)]
            found[name] = float(known[0]) if len(known) else float("nan")
        elif name == "amount":
            found[name] = np.nan_to_num(values, posinf=0.0, neginf=0.0)
        elif name in ("day", "account"):
            found[name] = _codes(values)
        else:
            found[name] = values
    if "day" in found:
        found[DAYS] = float(len(np.unique(found["day"])))
    return found


def _codes(values: np.ndarray) -> np.ndarray:
    """Return whole numbers; each missing one is a value of its own."""
    alone = np.isnan(values)
    if alone.any():
        top = np.nanmax(values) if not alone.all() else -1.0
        values = values.copy()
        values[alone] = top + 1 + np.arange(alone.sum())
    return values.astype(np.int64)


def take_rows(about: About | None, rows: np.ndarray) -> dict[str, np.ndarray | float]:
    """Return the facts of the rows at these positions; scalars stay."""
    return {name: value[rows] if isinstance(value, np.ndarray) else value for name, value in (about or {}).items()}


def has_columns(columns: tuple[str, ...], about: About | None) -> bool:
    """Return whether all ``columns`` are there, scalars as numbers."""
    known = about or {}
    return all(name in known and not (np.ndim(known[name]) == 0 and np.isnan(known[name])) for name in columns)
