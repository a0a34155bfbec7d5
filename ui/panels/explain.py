"""The Explain tab: pick a case, see what a model made of it and why, and how far that picture can be trusted."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import streamlit as st

from dl_core.domain import Domain
from dl_core.evaluate.choice import best_model
from ui import kinds
from ui.panels import cases
from ui.shell import method_words, states
from ui.shell.context import PageContext

VIEWS = {"methods": "Methods side by side", "models": "Models side by side"}


def show(domain: Domain, context: PageContext) -> None:
    """Draw the tab."""
    body = kinds.body(context, "explain")
    if body is None:
        states.empty("image_not_supported", f"{context.words.row[1].capitalize()} cannot be explained.", key="no_body")
        return
    if (whole := kinds.part(context, "explain", "show")) is not None:
        whole(domain, context)
        return
    if not context.rows_shown:
        states.not_kept(context.words.row[1])
        return
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader("Pick a case", anchor=False)
        model = _pick_model(context)
        row = cases.pick(context, model, f"{context.key}_explain")
    if row is None:
        return
    with right:
        asked, view, more = _choices(domain, context, model, body)
    if not asked["methods"]:
        st.caption("Choose a method.")
        return
    result = context.probe("explain_rows", {**asked, "rows": [row]}, label=body.LABEL)
    if result is not None:
        body.case(context, result["cases"][0], view, more)
    body.more(context, model, row)


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


def _choices(
    domain: Domain, context: PageContext, model: str, body: ModuleType
) -> tuple[dict[str, Any], str, float | None]:
    """Draw the controls and return what to ask for, the kind of view, and what the body's own controls say."""
    st.subheader("Target and methods", anchor=False)
    view = st.segmented_control(
        "Compare",
        list(VIEWS),
        default="methods",
        format_func=VIEWS.get,
        required=True,
        key=f"{context.key}_explain_view",
        persist_state="session",
        label_visibility="collapsed",
    )
    if view == "methods":
        asked: dict[str, Any] = {"models": [model], "methods": _pick_methods(domain, context)}
    else:
        asked = {"models": _two_models(context, model), "methods": [_pick_method(domain, context)]}
    usual = body.usual_target(context)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        target = st.selectbox(
            "Target class",
            list(dict.fromkeys([usual, *context.classes])),
            key=f"{context.key}_explain_target",
            persist_state="session",
            width=220,
        )
        more = body.controls(context)
    return {**asked, "target": None if target == usual else target}, view, more


def _pick_methods(domain: Domain, context: PageContext) -> list[str]:
    return st.pills(
        "Methods",
        list(domain.explainers),
        selection_mode="multi",
        default=list(domain.explainers[: context.kind.first_methods]),
        format_func=method_words.label_of(context.kind),
        key=f"{context.key}_methods",
        persist_state="session",
        wrap=True,
        help=_help(domain, context),
    )


def _pick_method(domain: Domain, context: PageContext) -> str:
    return st.segmented_control(
        "Method",
        list(domain.explainers),
        default=domain.explainers[0],
        format_func=method_words.label_of(context.kind),
        required=True,
        key=f"{context.key}_method",
        persist_state="session",
        wrap=True,
        help=_help(domain, context),
    )


def _help(domain: Domain, context: PageContext) -> str:
    return method_words.help_on(domain.explainers, context.kind)


def _two_models(context: PageContext, model: str) -> list[str]:
    others = [name for name in context.models if name != model]
    if not others:
        return [model]
    deep = [name for name in others if context.models[name]["kind"] == "deep"]
    second = st.selectbox(
        "Second model",
        others,
        others.index(deep[0]) if deep else 0,
        format_func=context.label,
        key=f"{context.key}_second_{model}",
        help="A model without gradients, such as boosted trees, is explained by a model-agnostic method.",
    )
    return [model, second]
