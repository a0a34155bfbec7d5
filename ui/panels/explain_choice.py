"""What a history is explained with: methods of one model side by side, or one method of two models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from dl_core.domain import Domain
from dl_core.evaluate.choice import best_model
from ui.shell import choice
from ui.shell.context import PageContext

VIEWS = {"methods": "Methods side by side", "models": "Models side by side"}


def model(context: PageContext, **look: Any) -> str:
    """Draw the choice of the model that is explained, at first the best network."""
    return choice.model(context, "explain_model", first=choice.first_deep(context), **look)


def choose(
    domain: Domain,
    context: PageContext,
    model: str,
    *,
    first: Sequence[str],
    fair: str,
    label: Callable[[str], str],
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
    label : callable
        Returns a method's name for people.
    alone : bool
        Whether two models are compared by that method only.
    help : str
        Help on the choice of the second model.
    """
    view = choice.one_of("Compare", VIEWS, f"{context.key}_explain_view", default="methods")
    if view == "methods":
        methods = st.pills(
            "Methods",
            list(domain.explainers),
            selection_mode="multi",
            default=list(first),
            format_func=label,
            key=f"{context.key}_methods_{context.models[model]['kind']}",
            persist_state="session",
            wrap=True,
        )
        return view, {"models": [model], "methods": methods}
    method = fair
    if not alone:
        known = list(domain.explainers)
        at = known.index(fair) if fair in known else 0
        key = f"{context.key}_method"
        method = st.selectbox("Method", known, at, format_func=label, key=key, persist_state="session", width=240)
    others = [name for name in context.models if name != model]
    if not others:
        return view, {"models": [model], "methods": [method]}
    start = best_model({name: context.models[name] for name in others}, "baseline")
    second = choice.model(
        context, f"second_{model}", label="Second model", first=start, names=others, width=260, help=help
    )
    return view, {"models": [model, second], "methods": [method]}
