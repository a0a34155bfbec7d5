"""Questions that take long: answered at once where the answer is kept, else when a button is pressed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from ui.shell.context import PageContext

READ_ONLY = "Train a run of your own to compute it."


def answer(
    context: PageContext, probe: str, arguments: Mapping[str, Any], button: str, *, key: str, label: str, **look: Any
) -> dict[str, Any] | None:
    """Return the answer, or draw the button, or the work's state, and return None.

    Parameters
    ----------
    context : PageContext
    probe, arguments
        The question, see `PageContext.probe`. Other arguments are another question, to be asked anew.
    button, key
        Words and key of the button.
    label : str
        What is happening while it is worked on.
    **look
        More of the button: ``icon``, ``disabled``, ``help``.
    """
    if not context.kept(probe, arguments):
        if context.read_only:
            st.caption(READ_ONLY)
            return None
        if not pressed(context, button, dict(arguments), key=key, once=True, **look):
            return None
    return context.probe(probe, arguments, label=label, lane="train")


def pressed(context: PageContext, button: str, question: Any, *, key: str, once: bool = False, **look: Any) -> bool:
    """Draw a button; return whether it was pressed for just this question about this run, when ``once`` hides it."""
    asked, wanted = f"{context.key}_{key}_asked", [str(context.run), question]
    done = st.session_state.get(asked) == wanted
    if not (done and once):
        st.button(button, key=key, on_click=lambda: st.session_state.update({asked: wanted}), **look)
    return done
