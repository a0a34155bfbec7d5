"""The Explain tab: pick a case, see what a model made of it and why, and how far that picture can be trusted."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import streamlit as st

from dl_core.domain import Domain
from ui import kinds
from ui.panels import cases, explain_choice
from ui.shell import choice, method_words, states
from ui.shell.context import PageContext

SECOND = "A model without gradients, such as boosted trees, is explained by a model-agnostic method."


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
        model = explain_choice.model(context)
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


def _choices(
    domain: Domain, context: PageContext, model: str, body: ModuleType
) -> tuple[dict[str, Any], str, float | None]:
    """Draw the controls and return what to ask for, the kind of view, and what the body's own controls say."""
    st.subheader("Target and methods", anchor=False)
    view, known = explain_choice.view(context, hidden=True), list(domain.explainers)
    if view == "methods":
        first = known[: context.kind.first_methods]
        methods = explain_choice.methods(context, known, first, f"{context.key}_methods")
        asked: dict[str, Any] = {"models": [model], "methods": methods}
    else:
        models = explain_choice.beside(context, model, "deep", SECOND)
        words, help = method_words.label_of(context.kind), method_words.help_on(known, context.kind)
        method = choice.one_of("Method", known, f"{context.key}_method", words=words, help=help, wrap=True)
        asked = {"models": models, "methods": [method]}
    usual = body.usual_target(context)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        classes = list(dict.fromkeys([usual, *context.classes]))
        target = choice.in_box("Target class", classes, f"{context.key}_explain_target", width=220)
        more = body.controls(context)
    return {**asked, "target": None if target == usual else target}, view, more
