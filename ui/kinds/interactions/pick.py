"""Picking one test user: the one with hits, the one the model missed, the one of whom little is known, or by id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from ui.panels.cases import listed
from ui.shell import choice
from ui.shell.context import PageContext

KINDS = {"all": "All", "hits": "With hits", "misses": "No hits", "short": "Short history"}


def pick(context: PageContext, model: str, key: str) -> str | None:
    """Draw kind, search and the table of test users; return the user that was picked, at first the first one."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = choice.one_of("Users", KINDS, f"{key}_kind", default="hits")
        search = st.text_input("Search", key=f"{key}_search", placeholder="user id", persist_state="session", width=150)
    asked = {"model": model, "kind": kind, "search": search.strip()}
    picked = listed(context, "users", asked, key, draw, ("users", "test user", "test users"))
    return None if picked is None else str(picked["user"])


def draw(found: Mapping[str, Any]) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the list of users and how it looks."""
    columns = {"Last item": st.column_config.TextColumn(width="medium")}
    look = {"column_config": columns, "height": 300, "row_height": 30}
    return table(found["users"], found["k"]), {**look, "alt": "Test users with history length, hits and last item"}


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
