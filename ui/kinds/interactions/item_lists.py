"""Lists of items as people read them: what someone took, and what each model recommends, with the hits marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dl_core.data import instants
from dl_core.errors import counted
from ui.shell import tables
from ui.shell.context import PageContext
from ui.shell.words import count, escaped, number

ROW = 30  # pixels of a row
HIT = "✓ hit"  # stands beside an item that the user really took
SIDE_BY_SIDE = 3  # lists beside each other at the width of a laptop
MOST_ABOUT = 4  # facts about a user that are shown


def table_of(items: Sequence[Mapping[str, Any]], *, hits: bool = True) -> pd.DataFrame:
    """Return a recommended list as a table: place, item, and what is known of it."""
    found = {"": [item["rank"] for item in items], "Item": [item["title"] for item in items]}
    if hits and any(item["hit"] for item in items):
        found["Hit"] = [HIT if item["hit"] else "" for item in items]
    return pd.DataFrame({**found, **_more(items)})


def history_table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return what someone took as a table, the latest first."""
    found: dict[str, list[Any]] = {"Item": [row["title"] for row in rows]}
    if any(row.get("time") for row in rows):
        times = [row.get("time") for row in rows]
        dated = not any(time and instants.is_relative(time) for time in times)
        found["Date" if dated else "Time"] = (
            [pd.Timestamp(time) if time else pd.NaT for time in times] if dated else times
        )
    if any(row.get("value") not in (None, 1.0) for row in rows):
        found["Value"] = [row.get("value") for row in rows]
    return pd.DataFrame({**found, **_more(rows)})


def _more(items: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Return category and price where any item has one."""
    found = {}
    for key, title in (("category", "Category"), ("price", "Price")):
        if any(item.get(key) is not None for item in items):
            found[title] = [item.get(key) for item in items]
    return found


def config(table: pd.DataFrame) -> dict[str, Any]:
    """Return how the columns of a list are shown."""
    known = {
        "": st.column_config.NumberColumn("", width=36, format="%d"),
        "Item": st.column_config.TextColumn(),
        "Hit": st.column_config.TextColumn(width=78, help="Relevant: a held-out interaction of this user."),
        "Date": st.column_config.DatetimeColumn(format="D MMM YYYY", width=104),
        "Time": st.column_config.TextColumn(width=104),
        "Value": st.column_config.NumberColumn(width=64, format="%.3g"),
        "Price": st.column_config.NumberColumn(width=72, format="%.2f"),
        "Category": st.column_config.TextColumn(),
    }
    return {name: known[name] for name in table.columns if name in known}


def look(table: pd.DataFrame, most: int = 10) -> dict[str, Any]:
    """Return how a list of items is drawn; longer ones scroll."""
    height = 40 + ROW * min(max(len(table), 1), most)
    return {"row_height": ROW, "height": height, "column_config": config(table)}


def draw(table: pd.DataFrame, alt: str, *, most: int = 10, key: str | None = None) -> None:
    """Draw a list of items."""
    tables.show(table, alt, key=key, **look(table, most))


def history(found: Mapping[str, Any], *, most: int = 6) -> None:
    """Draw what a user took, and what is known of them."""
    rows = found["history"]
    words = f"**{escaped(found['user']) or 'New user'}** · history of {counted(found['taken'], 'item')}"
    if len(rows) < found["taken"]:
        words += f", the latest {count(len(rows))} shown"
    about = [escaped(f"{name} {value}") for name, value in found.get("about", {}).items() if value is not None][
        :MOST_ABOUT
    ]
    st.markdown(words + (f" · {', '.join(about)}" if about else ""))
    if rows:
        draw(history_table(rows), "Interaction history of this user, latest first", most=most)
    else:
        st.caption("Empty interaction history.")
    held = found.get("held") or ()
    if held:
        named = "; ".join(escaped(item["title"]) for item in held[:5])
        more = f" and {count(len(held) - 5)} more" if len(held) > 5 else ""
        st.caption(f"Held-out (relevant) items: {named}{more}.")


def heading(context: PageContext, one: Mapping[str, Any], held: int) -> str:
    """Return a list's title: the model, its hits and nDCG."""
    words = f"**{context.label(one['model'])}**"
    if not held:
        return words
    found = "no hits" if not one["hits"] else f"{count(one['hits'])} of {count(held)} hits"
    return f"{words} · {found}, nDCG {number(one['ndcg'], 2)}"


def side_by_side(context: PageContext, found: Mapping[str, Any], *, key: str = "lists", compact: bool = False) -> None:
    """Draw each model's list for one user beside the others; ``compact`` leaves out category and price."""
    lists = found["lists"]
    for start in range(0, len(lists), SIDE_BY_SIDE):
        part = lists[start : start + SIDE_BY_SIDE]
        columns = st.columns(max(2, len(part)), gap="medium")
        for column, one in zip(columns, part, strict=False):
            with column:
                _list(context, one, found, f"{key}_{one['model']}", compact=compact or len(lists) > 2)


def _list(context: PageContext, one: Mapping[str, Any], found: Mapping[str, Any], key: str, *, compact: bool) -> None:
    st.markdown(heading(context, one, len(found.get("held") or ())))
    if not one["items"]:
        st.caption("No items left to recommend for this model.")
        return
    said = "; ".join(item["title"] + (" (hit)" if item["hit"] else "") for item in one["items"][:5])
    table = table_of(one["items"])
    if compact:
        table = table[[name for name in ("", "Item", "Hit") if name in table]]
    draw(table, f"{context.label(one['model'])} recommends: {said}", key=key)
