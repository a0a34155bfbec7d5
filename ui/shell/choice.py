"""Choices that survive a page switch: one of a few side by side, one of the run's models."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from dl_core.evaluate.choice import best_model
from ui.shell.context import PageContext


def one_of(
    label: str,
    options: Mapping[Any, str] | Sequence[Any],
    key: str,
    *,
    words: Callable[[Any], str] | None = None,
    default: Any = None,
    hidden: bool = False,
    **look: Any,
) -> Any:
    """Draw a choice of exactly one of ``options`` side by side, and return its value.

    ``options`` maps values to words, unless ``words`` says them; ``default`` is the first unless it is said; ``hidden``
    leaves the label to screen readers.
    """
    names = list(options)
    said = words or (options.__getitem__ if isinstance(options, Mapping) else str)
    return st.segmented_control(
        label,
        names,
        default=names[0] if default is None else default,
        format_func=said,
        required=True,
        key=key,
        persist_state="session",
        label_visibility="collapsed" if hidden else "visible",
        **look,
    )


def model(
    context: PageContext,
    key: str,
    *,
    label: str = "Model",
    first: str | None = None,
    names: Sequence[str] | None = None,
    **look: Any,
) -> str:
    """Draw the choice of one of the run's models (or of ``names``), at first ``first`` or the best, and return it."""
    known = list(context.models if names is None else names)
    first = first or context.best
    return st.selectbox(
        label,
        known,
        known.index(first) if first in known else 0,
        format_func=context.label,
        key=f"{context.key}_{key}",
        persist_state="session",
        **look,
    )


def first_deep(context: PageContext) -> str | None:
    """Return the model that is looked into at first: the best network, else none in particular."""
    return best_model(context.models, "deep") or next(iter(context.models), None)
