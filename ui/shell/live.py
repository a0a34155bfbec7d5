"""Everything on a page that moves by itself: one fragment that polls, whatever number of jobs is on show.

Nested polling fragments misbehave, so panels *register* what they wait for while the page is drawn (`follow`), and the
page calls `watch` once at its end. When a followed job ends, the whole page is drawn again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import streamlit as st

from ui.shell import services

FOLLOWED = "_followed"  # session key: what this script run waits for
QUICK_EVERY, TRAIN_EVERY = 0.4, 1.0  # seconds between two looks


class Followed(NamedTuple):
    """A job on show: where and how its state is drawn."""

    job_id: str
    owner: str
    slot: Any
    draw: Callable[[Any], None]
    every: float


def begin() -> None:
    """Forget what an earlier script run followed; call once at the top of the script."""
    st.session_state[FOLLOWED] = []


def follow(job: Any, owner: str, draw: Callable[[Any], None], *, every: float = QUICK_EVERY) -> None:
    """Draw the running ``job`` here with ``draw(job)`` and keep it fresh until it ends."""
    slot = st.container()
    slot.empty()  # a fragment may only write where the page has written before
    st.session_state.setdefault(FOLLOWED, []).append(Followed(job.id, owner, slot, draw, every))


def watch() -> None:
    """Start the page's one polling fragment if anything is followed; call once at the end of the script."""
    followed = tuple(st.session_state.get(FOLLOWED, ()))
    if followed:
        st.fragment(_tick, run_every=min(entry.every for entry in followed))(followed)


def _tick(followed: tuple[Followed, ...]) -> None:
    """Draw every followed job once; draw the whole page again as soon as one has ended."""
    for entry in followed:
        job = services.engine().get(entry.job_id, owner=entry.owner)
        if not job.live:
            st.rerun()
        with entry.slot:
            entry.draw(job)
