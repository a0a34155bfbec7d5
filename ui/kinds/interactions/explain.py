"""The Explain tab for recommendations: a user, their history and list, and "because you took …" for one item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dl_core.domain import Domain
from dl_core.explain.defaults import default_item, default_ranking_methods
from ui.kinds.interactions import explain_why, item_lists, pick
from ui.panels import explain_choice
from ui.shell import states, tables
from ui.shell.context import PageContext
from ui.shell.words import escaped

LABEL = "Computing item attributions and faithfulness"


def show(domain: Domain, context: PageContext) -> None:
    """Draw the tab."""
    if not context.rows_shown:
        states.not_kept(context.words.row[1])
        return
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.subheader("Pick a user", anchor=False)
        model = explain_choice.model(context)
        user = pick.pick(context, model, f"{context.key}_explain")
    if user is None:
        return
    with right:
        lists = context.probe("user_rankings", {"user": user, "models": [model]}, label="Loading this user's list")
        if lists is None:
            return
        item_lists.history(lists, most=5)
        item = _pick_item(context, lists)
    if item is not None:
        _why(domain, context, model, user, item)


def _pick_item(context: PageContext, found: Mapping[str, Any]) -> str | None:
    """Draw the list and return the item that was picked: at first the first hit, else the first place."""
    (one,) = found["lists"]
    st.markdown(item_lists.heading(context, one, len(found["held"])))
    if not one["items"]:
        st.caption("No items left to recommend for this model.")
        return None
    items, key = one["items"], f"{context.key}_why_{one['model']}_{found['user']}"
    table, alt = item_lists.table_of(items), f"What {context.label(one['model'])} recommends to user {found['user']}"
    at = tables.picked(table, alt, key=key, first=default_item(items), **item_lists.look(table))
    st.caption("Select an item to explain it.")
    return items[at]["item"]


def _why(domain: Domain, context: PageContext, model: str, user: str, item: str) -> None:
    """Draw the choice of methods or models, and what each says."""
    title = st.empty()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        view, asked = explain_choice.choose(
            domain,
            context,
            model,
            first=default_ranking_methods(domain.explainers, context.models[model]["kind"]),
            fair="leave_one_out",
            help="Leave-one-out is model-agnostic, so it compares models fairly.",
        )
    if not asked["methods"]:
        st.caption("Choose a method.")
        return
    found = context.probe("explain_ranking", {**asked, "user": user, "item": item}, label=LABEL)
    if found is None:
        return
    title.subheader(f"Why {escaped(found['item']['title'])}?", anchor=False)
    explain_why.show(context, found, view)
