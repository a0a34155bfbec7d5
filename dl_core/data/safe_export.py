"""Tables that are opened in a spreadsheet: no cell may be run as a formula."""

from __future__ import annotations

import pandas as pd

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def neutralise(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose texts no spreadsheet takes for formulas.

    Texts, column names and texts of the index that start with ``= + - @``, a tab or a line break get an apostrophe in
    front, as OWASP advises against CSV injection. Numbers, times and everything else stay as they are; nothing is
    changed in place.

    Parameters
    ----------
    table : pandas.DataFrame
        For `DataFrame.to_csv` or `DataFrame.to_excel`.
    """
    safe = table.copy(deep=False)
    for at, kind in enumerate(table.dtypes):
        if pd.api.types.is_string_dtype(kind) or isinstance(kind, pd.CategoricalDtype) or kind.kind == "O":
            safe.isetitem(at, _neutral(table.iloc[:, at]))
    safe.columns = pd.Index([_cell(name) for name in table.columns], name=_cell(table.columns.name))
    if pd.api.types.is_string_dtype(table.index.dtype) or table.index.dtype.kind == "O":
        safe.index = table.index.map(_cell) if len(table) else table.index
    return safe


def _neutral(column: pd.Series) -> pd.Series:
    """Return a column with its distinct values made safe."""
    codes, values = pd.factorize(column)
    risky = [isinstance(value, str) and value.startswith(STARTS) for value in values]
    if not any(risky):
        return column
    known = dict(zip(values, map(_cell, values), strict=True))
    return column.astype(object).map(lambda value: known.get(value, value) if isinstance(value, str) else value)


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(STARTS) else value
