"""The Explain tab for recommendations: a user, their history and list, and "because you took …" for one item."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import streamlit as st

from dl_core.domain import Domain
from dl_core.errors import shorten
from dl_core.explain.defaults import default_item, default_ranking_methods
from dl_core.explain.interactions import plain
from ui.kinds.interactions import item_lists, pick
from ui.panels import explain, faithfulness
from ui.shell import charts, method_words, tables
from ui.shell.context import PageContext
from ui.shell.words import count, escaped, number, signed

LABEL = "Computing item attributions and faithfulness"


def show(domain: Domain, context: PageContext) -> None:
    """Draw the tab."""
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.subheader("Pick a user", anchor=False)
        model = explain.pick_model(context)
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
        view, asked = explain.choose(
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
    show_reasons(context, found, view)


LONGEST = 44  # characters of a title on a chart


def show_reasons(context: PageContext, found: Mapping[str, Any], view: str) -> None:
    """Draw each explanation beside the others, and say what could not be explained."""
    explained = found["explanations"]
    if explained:
        columns = st.columns(max(2, min(3, len(explained))), gap="medium")
        for at, one in enumerate(explained):
            with columns[at % len(columns)], st.container(border=True, gap="small"):
                _one(context, one, view)
    for lost in found["left_out"]:
        st.caption(method_words.left_out(context, lost))
    if found["explained"] < found["taken"]:
        st.caption(f"The latest {count(found['explained'])} of {count(found['taken'])} history items are explained.")
    _how_to_read(context, dict.fromkeys(one["method"] for one in explained))


def _one(context: PageContext, one: Mapping[str, Any], view: str) -> None:
    bars = one["bars"]
    heading = method_words.label(one["method"], context.kind) if view == "methods" else context.label(one["model"])
    if not bars:
        st.markdown(f"**{heading}**")
        st.caption("Empty history: nothing to attribute the score to.")
        return
    if not any(bar["weight"] for bar in bars):
        st.markdown(f"**{heading}**")
        st.caption("No history item changes this score: the recommendation is not personalised.")
        return
    reason = plain.reason(bars)
    why = (
        "no history item supports it" if reason is None else f"because of {escaped(shorten(reason['title'], LONGEST))}"
    )
    title = f"{heading}: {why}"
    said = "; ".join(f"{bar['title']} {signed(bar['weight'])}" for bar in bars[:5])
    charts.draw(_bars(one, title), f"{title}. {said}.", key=f"why_{one['model']}_{one['method']}")
    words = []
    if one["others"]:
        words.append(f"The other {count(one['others'])} history items together: {signed(one['other'])}.")
    if one.get("score") is not None:
        words.append(f"Score {number(one['score'])}.")
    if words:
        st.caption(" ".join(words))
    if one.get("faithfulness"):
        faithfulness.show(one["faithfulness"])
        agrees = one["faithfulness"].get("leave_one_out")
        if agrees is not None and one["method"] != "leave_one_out":
            st.caption(f"Rank correlation with leave-one-out: {number(agrees, 2)} (1: same order).")


def _bars(one: Mapping[str, Any], title: str) -> Any:
    """Return what each item adds, the strongest first; right speaks for the recommendation."""
    bars = one["bars"]
    names = [f"{shorten(bar['title'], LONGEST)}" for bar in bars]
    names = [name if names.index(name) == at else f"{name} ({at + 1})" for at, name in enumerate(names)]
    weights = [bar["weight"] for bar in bars]
    axis = "Attention weight" if one["method"] == "attention" else "Contribution to the score; right: supports it"
    return charts.signed_bars(names, weights, title, x=axis, room=32)


def _how_to_read(context: PageContext, methods: Iterable[str]) -> None:
    with st.expander("How to read this"):
        st.markdown(
            "Each bar is one history item: right supports the recommended item, left opposes it. **Deletion** "
            "removes the items with the largest contributions first and measures the area under the score curve: "
            "lower is better. **Insertion** adds them to an empty history: higher is better. A faithful "
            "attribution beats random orders of the same history."
        )
        st.markdown(method_words.help_on(methods, context.kind))
