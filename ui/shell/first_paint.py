"""How a page that was just opened reaches the browser: its words and tab bar first, then what is slow to draw.

A chart keeps the browser busy for 30 to 50 ms, and it draws at once, before it answers anything else, what a script
sends at once. So the first drawing of a page pauses before its slow parts and between them: the frame stands early,
charts fill in one after another, and a click meanwhile is answered at once (what was not sent yet is then never drawn).
Later drawings of the same page, after a widget's change, do not pause.

It has to be a pause: the browser acknowledges nothing that a script sends, so there is no event to wait for. A fragment
a chart with ``run_every`` would poll for as long as the page is open, and parallel fragments send at once as well.
Only the thread of this one script waits, and it holds no lock.
"""

from __future__ import annotations

import time

import streamlit as st

PAGE, ARRIVING = "_page", "_arriving"  # session keys: the page drawn last, and whether it is being drawn first
FRAME, CHART = 0.15, 0.05  # seconds in which a browser on a busy machine draws a page of words; one chart


def begin(page: str) -> None:
    """Say which page this script run draws; the router does, once."""
    st.session_state[ARRIVING] = st.session_state.get(PAGE) != page
    st.session_state[PAGE] = page


def arriving() -> bool:
    """Return whether this script run is the first that draws its page."""
    return bool(st.session_state.get(ARRIVING))


def pause(seconds: float = CHART) -> None:
    """Let the browser draw what was sent so far, if the page has just been opened."""
    if arriving():
        time.sleep(seconds)


def done() -> None:
    """Say that the page stands, so that a fragment drawn later does not pause."""
    st.session_state[ARRIVING] = False
