"""The Explain tab: pick a case, see what a model made of it and why, and how far that picture can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import streamlit as st

from dl_core.domain import Domain
from dl_core.evaluate.choice import best_model
from ui import kinds
from ui.panels import cases
from ui.shell import choice, method_words, states
from ui.shell.context import PageContext

SECOND = "A model without gradients, such as boosted trees, is explained by a model-agnostic method."


def show(domain: Domain, context: PageContext) -> None:
    """Draw the tab."""
    body = kinds.body(context, "explain")
    if body is None:
        states.empty("image_not_supported", f"{context.words.row[1].capitalize()} cannot be explained.", key="no_body")
        return
    if not context.rows_shown:
        states.not_kept(context.words.row[1])
        return
    if (whole := kinds.part(context, "explain", "show")) is not None:
        whole(domain, context)
        return
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader("Pick a case", anchor=False)
        model = pick_model(context)
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
    view, known = pick_view(context, hidden=True), list(domain.explainers)
    if view == "methods":
        first = known[: context.kind.first_methods]
        methods = pick_methods(context, known, first, f"{context.key}_methods")
        asked: dict[str, Any] = {"models": [model], "methods": methods}
    else:
        models = beside(context, model, "deep", SECOND)
        words, help = method_words.label_of(context.kind), method_words.help_on(known, context.kind)
        method = choice.one_of("Method", known, f"{context.key}_method", words=words, help=help, wrap=True)
        asked = {"models": models, "methods": [method]}
    usual = body.usual_target(context)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        classes = list(dict.fromkeys([usual, *context.classes]))
        target = choice.in_box("Target class", classes, f"{context.key}_explain_target", width=220)
        more = body.controls(context)
    return {**asked, "target": None if target == usual else target}, view, more


VIEWS = {"methods": "Methods side by side", "models": "Models side by side"}


def pick_model(context: PageContext, **look: Any) -> str:
    """Draw the choice of the model that is explained, at first the best network."""
    return choice.model(context, "explain_model", first=choice.first_deep(context), **look)


def pick_view(context: PageContext, **look: Any) -> str:
    """Draw whether methods or models stand side by side and return the key of `VIEWS`."""
    return choice.one_of("Compare", VIEWS, f"{context.key}_explain_view", default="methods", **look)


def pick_methods(context: PageContext, known: Sequence[str], first: Sequence[str], key: str) -> list[str]:
    """Draw the ``known`` methods, at first ``first`` of them, and return the chosen ones."""
    words, help = method_words.label_of(context.kind), method_words.help_on(known, context.kind)
    return choice.pills("Methods", known, first, words, key, help=help)


def beside(context: PageContext, model: str, kind: str, help: str) -> list[str]:
    """Draw the choice of a second model, at first the best of a kind, and return both; one alone has no second."""
    others = {name: about for name, about in context.models.items() if name != model}
    if not others:
        return [model]
    start, names = best_model(others, kind), list(others)
    key, look = f"second_{model}", {"width": 260, "help": help}
    return [model, choice.model(context, key, label="Second model", first=start or names[0], names=names, **look)]


def choose(
    domain: Domain,
    context: PageContext,
    model: str,
    *,
    first: Sequence[str],
    fair: str,
    alone: bool = False,
    help: str = "",
) -> tuple[str, dict[str, Any]]:
    """Draw the controls; return the view (a key of `VIEWS`) and ``models`` and ``methods`` to ask for.

    Parameters
    ----------
    first : sequence of str
        Methods at first.
    fair : str
        The method that compares models fairly, the first one where two models are held side by side.
    alone : bool
        Whether two models are compared by that method only.
    help : str
        Help on the choice of the second model.
    """
    shown, known = pick_view(context), list(domain.explainers)
    if shown == "methods":
        key = f"{context.key}_methods_{context.models[model]['kind']}"
        return shown, {"models": [model], "methods": pick_methods(context, known, first, key)}
    method = fair
    if not alone:
        words, key = method_words.label_of(context.kind), f"{context.key}_method"
        method = choice.in_box("Method", known, key, words=words, default=fair, width=240)
    return shown, {"models": beside(context, model, "baseline", help), "methods": [method]}
