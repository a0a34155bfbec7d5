"""What if, for tables: change values of one row and see every model's score move."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import streamlit as st

from ui.panels import predict
from ui.shell import tables
from ui.shell.context import PageContext

PROBE = "what_if_row"
MOST_FIELDS = 12  # values that can be changed at once
FIXED = ("label", "id", "unit", "history", "entity", "")  # roles whose values are not offered


def changes(context: PageContext, row: str) -> dict[str, Any] | None:
    """Draw a field for each value and return those that differ from the row's own, or None while they are fetched."""
    about = context.ask("describe", {"view": "overview"}, label="Reading the columns")
    now = context.probe(PROBE, {"row": row}, label="Predicting with every model") if about else None
    if about is None or now is None:
        return None
    fields = [one for one in about["columns"] if one["role"] not in FIXED][:MOST_FIELDS]
    found = {}
    with st.grid(3, min_column_width=170):
        for column in fields:
            own = now["values"].get(column["name"])
            key = f"{context.key}_change_{row}_{column['name']}"
            value = _field(column, own, key)
            if value != own:
                found[column["name"]] = value
    return found


def _field(column: Mapping[str, Any], own: Any, key: str) -> Any:
    """Draw one field with the row's own value in it and return what stands there."""
    label = tables.heading(column)
    if column["kind"] == "number":
        usual = f"Typical: {tables.value_text(column['typical'], column)}"
        whole = column.get("whole") and column["role"] != "amount" and (own is None or float(own).is_integer())
        step = 1.0 if whole else None
        form = "%.0f" if whole else "%.2f" if column["role"] == "amount" else "%.4g"
        value = st.number_input(label, value=_float(own), step=step, format=form, key=key, help=usual)
        return own if value == _float(own) else value
    if column["kind"] == "time":
        when = st.datetime_input(label, datetime.fromisoformat(own) if own else None, key=key)
        return own if not when or (own and when == _minute(own)) else when.isoformat()
    choices = list(dict.fromkeys([*([str(own)] if own is not None else []), *column["choices"]]))
    chosen = st.selectbox(label, choices, 0 if own is not None else None, key=key, accept_new_options=True)
    return own if chosen is None or chosen == str(own) else chosen


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def _minute(text: str) -> datetime:
    """Return a time as a field shows it, to the minute."""
    return datetime.fromisoformat(text).replace(second=0, microsecond=0)


def answer(context: PageContext, result: dict[str, Any], changed: bool) -> None:
    """Draw what was changed and the scores before and after."""
    predict.moved(context, result)
    moved = [
        f"{name} from {tables.value_text(one['before'])} to {tables.value_text(one['after'])}"
        for name, one in result["changed"].items()
    ]
    st.caption(f"Changed: {'; '.join(moved)}." if moved else "Original. Change a value to see every score change.")
