"""The Explain tab for recommendations: a user, their history and list, and "because you took …" for one item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dl_core.domain import Domain
from dl_core.evaluate.choice import best_model
from dl_core.explain.first import first_history_methods, first_item
from ui.kinds.interactions import explain_why, item_lists, pick
from ui.shell import states
from ui.shell.context import PageContext
from ui.shell.words import escaped

VIEWS = {"methods": "Methods side by side", "models": "Models side by side"}
LABEL = "Computing item attributions and faithfulness"


def show(domain: Domain, context: PageContext) -> None:
    """Draw the tab."""
    if not context.rows_shown:
        states.not_kept(context.words.row[1])
        return
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.subheader("Pick a user", anchor=False)
        model = _pick_model(context)
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


def _pick_model(context: PageContext) -> str:
    names = list(context.models)
    first = best_model(context.models, "deep") or names[0]
    return st.selectbox(
        "Model",
        names,
        names.index(first),
        format_func=context.label,
        key=f"{context.key}_explain_model",
        persist_state="session",
    )


def _pick_item(context: PageContext, found: Mapping[str, Any]) -> str | None:
    """Draw the list and return the item that was picked: at first the first hit, else the first place."""
    (one,) = found["lists"]
    st.markdown(item_lists.heading(context, one, len(found["held"])))
    if not one["items"]:
        st.caption("No items left to recommend for this model.")
        return None
    event = item_lists.draw(
        item_lists.table_of(one["items"]),
        f"What {context.label(one['model'])} recommends to user {found['user']}",
        on_select="rerun",
        selection_mode="single-row",
        key=f"{context.key}_why_{one['model']}_{found['user']}",
    )
    st.caption("Select an item to explain it.")
    picked = event.selection.rows
    items = one["items"]
    return items[picked[0] if picked and picked[0] < len(items) else first_item(items)]["item"]


def _why(domain: Domain, context: PageContext, model: str, user: str, item: str) -> None:
    """Draw the choice of methods or models, and what each says."""
    title = st.empty()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        view = st.segmented_control(
            "Compare",
            list(VIEWS),
            default="methods",
            format_func=VIEWS.get,
            required=True,
            key=f"{context.key}_explain_view",
            persist_state="session",
        )
        asked = _asked(domain, context, model, view)
    if not asked["methods"]:
        st.caption("Choose a method.")
        return
    found = context.probe("explain_ranking", {**asked, "user": user, "item": item}, label=LABEL)
    if found is None:
        return
    title.subheader(f"Why {escaped(found['item']['title'])}?", anchor=False)
    explain_why.show(context, found, view)


def _asked(domain: Domain, context: PageContext, model: str, view: str) -> dict[str, Any]:
    """Draw methods of one model, or one method and a second model; return what to ask for."""
    label = explain_why.label
    if view == "methods":
        methods = st.pills(
            "Methods",
            list(domain.explainers),
            selection_mode="multi",
            default=first_history_methods(domain.explainers, context.models[model]["kind"]),
            format_func=label,
            key=f"{context.key}_methods_{context.models[model]['kind']}",
            persist_state="session",
            wrap=True,
        )
        return {"models": [model], "methods": methods}
    others = [name for name in context.models if name != model]
    method = st.selectbox(
        "Method",
        list(domain.explainers),
        list(domain.explainers).index("leave_one_out") if "leave_one_out" in domain.explainers else 0,
        format_func=label,
        key=f"{context.key}_method",
        persist_state="session",
        width=240,
    )
    if not others:
        return {"models": [model], "methods": [method]}
    deep = best_model({name: context.models[name] for name in others}, "baseline") or others[0]
    second = st.selectbox(
        "Second model",
        others,
        others.index(deep),
        format_func=context.label,
        key=f"{context.key}_second_{model}",
        width=260,
        help="Leave-one-out is model-agnostic, so it compares models fairly.",
    )
    return {"models": [model, second], "methods": [method]}
