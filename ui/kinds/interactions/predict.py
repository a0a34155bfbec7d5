"""The Predict tab for recommendations: one user, someone new, items like one, and lists of everyone as a file."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dl_core.domain import Domain
from dl_core.errors import counted
from dl_core.evaluate.choice import best_model, default_pair
from ui.kinds.interactions import item_lists, predict_all
from ui.shell import choice, states
from ui.shell.context import PageContext
from ui.shell.words import escaped

TABS = ("Known user", "New user", "Similar items", "All users (batch)")
MOST_MODELS = 6  # lists that can stand beside each other
MOST_ITEMS = 30  # items from which a new user can be built


def show(domain: Domain, context: PageContext) -> None:
    """Draw the tab."""
    if not context.rows_shown:
        states.not_kept(context.words.row[1])
        return
    tabs = st.tabs(list(TABS), key=f"{context.key}_predict_tabs", on_change="rerun")
    bodies = (_known, _new, _similar, lambda context: predict_all.show(domain, context))
    for tab, body in zip(tabs, bodies, strict=True):
        if tab.open:
            with tab:
                body(context)


def models(context: PageContext, key: str) -> list[str]:
    """Draw the choice of models whose lists are shown; at first the best deep one and the best baseline."""
    names = list(context.models)
    first = list(default_pair(context.models)) if len(names) > 1 else names
    return choice.models(context, f"{key}_models", names, first, max_selections=MOST_MODELS)


def _known(context: PageContext) -> None:
    """Draw the lists of a user by all that is known of them."""
    left, right = st.columns([1, 2], gap="large")
    with left:
        user = _type_user(context)
    with right:
        chosen = models(context, "predict")
    if user is None:
        return
    if not user or not chosen:
        st.caption("Choose a user and at least one model.")
        return
    found = _recommended(context, {"user": user, "models": chosen})
    if found is not None:
        item_lists.history(found, most=5)
        item_lists.side_by_side(context, found, key=f"live_{user}")
        st.caption(
            "Based on all interactions, the held-out ones included; items already in a user's history are not "
            "recommended again."
        )


def _type_user(context: PageContext) -> str | None:
    """Draw the field for an id, with some test users to choose from; anything may be typed. None while they load."""
    shown = best_model(context.models, "deep") or context.best
    known = context.probe("users", {"model": shown, "kind": "hits"}, label="Searching users")
    if known is None:
        return None
    choices = [one["user"] for one in known["users"]]
    picked = st.selectbox(
        "User",
        choices,
        0 if choices else None,
        key=f"{context.key}_predict_user",
        persist_state="session",
        accept_new_options=True,
        placeholder="type a user id",
        help="Choose one, or type any id. For an unknown user the models fall back to what applies without a history.",
    )
    return str(picked or "").strip()


def _recommended(context: PageContext, question: dict[str, Any], label: str = "Recommending") -> dict[str, Any] | None:
    """Ask for the lists of some models, and say what has to be known about them; None while they are made."""
    found = context.probe("recommend", question, label=label)
    for note in found["notes"] if found is not None else ():
        st.info(note, icon=":material/info:")
    return found


def _new(context: PageContext) -> None:
    """Build a user from items, and show what every chosen model would recommend to them."""
    key = f"{context.key}_new_items"
    basket: list[dict[str, Any]] = st.session_state.setdefault(key, [])
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.markdown("**Interaction history of the new user**, latest last")
        _basket(context, basket)
        add = search_item(context, "new", "Add an item")
        if add is not None:
            there = any(one["item"] == add["item"] for one in basket)
            st.button(
                "Add" if not there else "Already there",
                icon=":material/add:",
                key=f"{context.key}_new_add",
                disabled=there or len(basket) >= MOST_ITEMS,
                on_click=basket.append,
                args=({"item": add["item"], "title": add["title"]},),
            )
    with right:
        chosen = models(context, "new")
        _new_lists(context, basket, chosen)


def _new_lists(context: PageContext, basket: list[dict[str, Any]], chosen: list[str]) -> None:
    """Draw what the chosen models recommend to someone with these items."""
    if not chosen:
        st.caption("Choose at least one model.")
        return
    found = _recommended(context, {"items": [one["item"] for one in basket], "models": chosen})
    if found is None:
        return
    if not basket:
        st.caption("Recommendations for a new user without history. Add an item to see them change.")
    item_lists.side_by_side(context, found, key="new", compact=True)


def _basket(context: PageContext, basket: list[dict[str, Any]]) -> None:
    """Draw the items of the new user, each with a button that takes it away."""
    for at, one in enumerate(basket):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"{at + 1}. {escaped(one['title'])}", width="stretch")
            st.button(
                "Remove item",
                icon=":material/close:",
                key=f"{context.key}_drop_{at}_{one['item']}",
                on_click=basket.__delitem__,
                args=(at,),
                type="tertiary",
            )
    if not basket:
        st.caption("Empty history.")


def search_item(context: PageContext, key: str, label: str) -> dict[str, Any] | None:
    """Draw the search for an item and its results; return the one that was picked, the most taken at first."""
    search = st.text_input(
        label,
        key=f"{context.key}_{key}_search",
        placeholder="title, category or id",
        icon=":material/search:",
        persist_state="session",
    )
    found = context.probe("items", {"search": search.strip()}, label="Searching items")
    if found is None:
        return None
    if not found["items"]:
        st.caption("No matching items.")
        return None
    rows = {one["item"]: one for one in found["items"]}
    title = counted(found["total"], "match", "matches") + (", most popular first" if found["total"] > 1 else "")
    words = {item: f"{one['title']} · {counted(one['taken'], 'user')}" for item, one in rows.items()}
    return rows.get(choice.in_box(title, words, f"{context.key}_{key}_found_{search.strip()}"))


def _similar(context: PageContext) -> None:
    """Show what each model recommends to someone who took one item only."""
    left, right = st.columns([2, 3], gap="large")
    with left:
        item = search_item(context, "similar", "Item")
    with right:
        chosen = models(context, "similar")
    if item is None or not chosen:
        return
    st.caption(f"Recommendations for a user whose history is only **{escaped(item['title'])}**.")
    found = _recommended(context, {"items": [item["item"]], "models": chosen}, "Finding similar items")
    if found is not None:
        item_lists.side_by_side(context, found, key="similar")
