"""Choices that survive a page switch: one of a few side by side or in a box, some or one of the run's models."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from dl_core.evaluate.choice import best_model
from ui.shell.context import PageContext

Options = Mapping[Any, str] | Sequence[Any]  # values, or what maps them to words
Words = Callable[[Any], str]


def _words(options: Options) -> Words:
    return options.__getitem__ if isinstance(options, Mapping) else str


def one_of(
    label: str,
    options: Options,
    key: str,
    *,
    words: Words | None = None,
    default: Any = None,
    hidden: bool = False,
    **look: Any,
) -> Any:
    """Draw a choice of exactly one of ``options`` side by side, and return its value.

    ``options`` maps values to words, unless ``words`` says them; ``default`` is the first unless it is said; ``hidden``
    leaves the label to screen readers.
    """
    names = list(options)
    return st.segmented_control(
        label,
        names,
        default=names[0] if default is None else default,
        format_func=words or _words(options),
        required=True,
        key=key,
        persist_state="session",
        label_visibility="collapsed" if hidden else "visible",
        **look,
    )


def in_box(
    label: str, options: Options, key: str, *, words: Words | None = None, default: Any = None, **look: Any
) -> Any:
    """Draw a choice of one of ``options`` in a box that opens, and return its value; see `one_of`."""
    names, said = list(options), words or _words(options)
    first = names.index(default) if default in names else 0
    return st.selectbox(label, names, first, format_func=said, key=key, persist_state="session", **look)


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
    known = context.models if names is None else names
    first, key = first or context.best, f"{context.key}_{key}"
    return in_box(label, list(known), key, words=context.label, default=first, **look)


def models(context: PageContext, key: str, names: Sequence[str], first: Sequence[str], **look: Any) -> list[str]:
    """Draw the choice of several of the models ``names``, at first ``first``, and return them."""
    key, words = f"{context.key}_{key}", context.label
    return st.multiselect(
        "Models", names, default=list(first), format_func=words, key=key, persist_state="session", **look
    )


def pills(label: str, names: Sequence[str], first: Sequence[str], words: Words, key: str, **look: Any) -> list[str]:
    """Draw a choice of several of ``names`` side by side, at first ``first``, and return them."""
    look = {"selection_mode": "multi", "persist_state": "session", "wrap": True, **look}
    return st.pills(label, list(names), default=list(first), format_func=words, key=key, **look)


def first_deep(context: PageContext) -> str | None:
    """Return the model that is looked into at first: the best network, else none in particular."""
    return best_model(context.models, "deep") or next(iter(context.models), None)
