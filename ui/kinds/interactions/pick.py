"""Picking one test user: the one with hits, the one the model missed, the one of whom little is known, or by id."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dl_core.errors import counted
from ui.shell import choice
from ui.shell.context import PageContext

KINDS = {"all": "All", "hits": "With hits", "misses": "No hits", "short": "Short history"}


def pick(context: PageContext, model: str, key: str) -> str | None:
    """Draw kind, search and the table of test users; return the user that was picked, at first the first one."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = choice.one_of("Users", KINDS, f"{key}_kind", default="hits")
        search = st.text_input("Search", key=f"{key}_search", placeholder="user id", persist_state="session", width=150)
    paged = f"{key}_page_{model}_{kind}_{search}"
    page = int(st.session_state.get(paged) or 1)
    asked = {"model": model, "kind": kind, "search": search.strip(), "page": page - 1}
    found = context.probe("users", asked, label="Searching users")
    if found is None:
        return None
    if not found["users"]:
        st.caption("No matching users. Choose another filter or clear the search.")
        return None
    shown = found["users"]
    event = st.dataframe(
        table(shown, found["k"]),
        hide_index=True,
        height=300,
        row_height=30,
        on_select="rerun",
        selection_mode="single-row",
        key=f"{paged}_{page}_table",
        column_config={"Last item": st.column_config.TextColumn(width="medium")},
        alt="Test users with history length, hits and last item",
    )
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(f"{counted(found['total'], 'test user')}. Select a row to view it.", width="content")
        if found["pages"] > 1:
            st.pagination(found["pages"], key=paged)
    picked = event.selection.rows
    return str(shown[picked[0] if picked and picked[0] < len(shown) else 0]["user"])


def table(shown: list[dict[str, Any]], k: int) -> pd.DataFrame:
    """Return the list: id, length of the history, hits among the first k, what was taken last."""
    return pd.DataFrame(
        {
            "User": [one["user"] for one in shown],
            "History length": [one["taken"] for one in shown],
            f"Hits@{k}": [f"{one['hits']} of {one['relevant']}" for one in shown],
            "Last item": [one["last"] or "" for one in shown],
        }
    )
