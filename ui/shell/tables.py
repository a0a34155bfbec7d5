"""Rows of a table as people read them: columns with their unit, money with two decimals, short times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dl_core.data import instants

TIME = "D MMM YYYY, HH:mm"


def show(table: Any, alt: str, **look: Any) -> None:
    """Draw a table without its row numbers; ``table`` is all that pandas makes one of."""
    st.dataframe(pd.DataFrame(table), hide_index=True, alt=alt, **look)


def picked(table: pd.DataFrame, alt: str, *, key: str, first: int | None = 0, **look: Any) -> int | None:
    """Draw a table of which one line can be selected, and return its place; ``first`` where none is."""
    look = {"on_select": "rerun", "selection_mode": "single-row", "key": key, "alt": alt, **look}
    rows = st.dataframe(table, hide_index=True, **look).selection.rows
    return rows[0] if rows and rows[0] < len(table) else first


def heading(column: Mapping[str, Any]) -> str:
    """Return a column's name with its unit, unless the name states one."""
    name = str(column["name"])
    return f"{name} ({column['unit']})" if column.get("unit") and "(" not in name else name


def frame(rows: Sequence[Mapping[str, Any]], columns: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return rows (column to plain value) as a table in the order of ``columns``, times as times."""
    table = pd.DataFrame([[row.get(column["name"]) for column in columns] for row in rows])
    table = table.set_axis([column["name"] for column in columns], axis=1) if len(table) else pd.DataFrame()
    for column in columns:
        if column["kind"] == "time" and column["name"] in table:
            table[column["name"]] = pd.to_datetime(table[column["name"]])
    return table


def config(columns: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return how each column is shown."""
    return {column["name"]: _shown(column) for column in columns}


def share(title: str | None = None) -> Any:
    """Return how a column of probabilities is shown: as bars."""
    return st.column_config.ProgressColumn(title, format="%.3f", min_value=0, max_value=1, width="small")


def _shown(column: Mapping[str, Any]) -> Any:
    name = heading(column)
    if column["kind"] == "time":
        return st.column_config.DatetimeColumn(name, format=TIME)
    if column["kind"] == "number":
        money = column["role"] == "amount"
        whole = column.get("whole") and not money
        return st.column_config.NumberColumn(name, format="%.2f" if money else "%d" if whole else "localized")
    return st.column_config.TextColumn(name)


def value_text(value: Any, column: Mapping[str, Any] | None = None) -> str:
    """Return one plain value as text: 812.50, 3 Mar 2025, 14:22, Porto."""
    if value is None:
        return "–"
    column = column or {}
    if column.get("kind") == "time":
        return instants.said(value, "%-d %b %Y, %H:%M")
    if isinstance(value, int | float) and not isinstance(value, bool):
        if column.get("role") == "amount":
            text = f"{value:,.2f}"
        else:
            text = f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 1000 else f"{value:.3g}"
        return f"{text} {column['unit']}" if column.get("unit") and "(" not in column.get("name", "") else text
    return str(value)
