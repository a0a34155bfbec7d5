"""Which dialog is open. It stands in the session, so that a page drawn anew by a finished job does not close it."""

from __future__ import annotations

import streamlit as st

OPEN = "_dialog"  # session key: (name, id of what it is about)


def open_dialog(name: str, about: str = "") -> None:
    """Open a dialog, from a button's callback."""
    st.session_state[OPEN] = (name, about)


def is_open(name: str, about: str = "") -> bool:
    """Return whether that dialog is to be drawn in this run."""
    return st.session_state.get(OPEN) == (name, about)


def dismissed() -> None:
    """Forget the open dialog: the user closed it."""
    st.session_state.pop(OPEN, None)


def close() -> None:
    """Close the open dialog and draw the page anew, from inside the dialog."""
    dismissed()
    st.rerun()
