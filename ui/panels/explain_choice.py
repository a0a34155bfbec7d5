"""What is explained with what: methods of one model side by side, or one method of two models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dl_core.domain import Domain
from dl_core.evaluate.choice import best_model
from ui.shell import choice, method_words
from ui.shell.context import PageContext

VIEWS = {"methods": "Methods side by side", "models": "Models side by side"}


def model(context: PageContext, **look: Any) -> str:
    """Draw the choice of the model that is explained, at first the best network."""
    return choice.model(context, "explain_model", first=choice.first_deep(context), **look)


def view(context: PageContext, **look: Any) -> str:
    """Draw whether methods or models stand side by side and return the key of `VIEWS`."""
    return choice.one_of("Compare", VIEWS, f"{context.key}_explain_view", default="methods", **look)


def methods(context: PageContext, known: Sequence[str], first: Sequence[str], key: str) -> list[str]:
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
    shown, known = view(context), list(domain.explainers)
    if shown == "methods":
        key = f"{context.key}_methods_{context.models[model]['kind']}"
        return shown, {"models": [model], "methods": methods(context, known, first, key)}
    method = fair
    if not alone:
        words, key = method_words.label_of(context.kind), f"{context.key}_method"
        method = choice.in_box("Method", known, key, words=words, default=fair, width=240)
    return shown, {"models": beside(context, model, "baseline", help), "methods": [method]}
