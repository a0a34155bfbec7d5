"""How far attributions can be trusted, in one line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import streamlit as st

from ui.shell.words import number

LEVELS: tuple[tuple[str, Literal["red", "orange", "green"], str], ...] = (
    ("Not faithful", "red", "close"),
    ("Partly faithful", "orange", "remove"),
    ("Faithful", "green", "check"),
)
ALIKE = "Rank correlation with occlusion: 1 is the same order, 0 none."


def show(measured: Mapping[str, Any]) -> None:
    """Draw how far attributions can be trusted: deletion and insertion, beside random orders."""
    tests: list[tuple[str, float, float, bool]] = []
    for words, name, lower in (("Deletion ↓", "deletion", True), ("Insertion ↑", "insertion", False)):
        own, random = measured.get(name), measured.get(f"random_{name}")
        if own is not None and random is not None:
            tests.append((words, own, random, lower))
    if not tests:
        return
    passed = sum(own < random if lower else own > random for _, own, random, lower in tests)
    level = 2 if passed == len(tests) else 1 if passed else 0
    with st.container(horizontal=True, vertical_alignment="center"):
        badge(level)
        for words, own, random, _ in tests:
            st.markdown(f"{words} **{number(own)}** :small[random {number(random)}]", width="content")
        if (alike := measured.get("leave_one_out")) is not None:
            st.markdown(f"Rank correlation with occlusion **{number(alike)}**", width="content", help=ALIKE)
    if measured.get("randomisation") is not None:
        st.caption(
            randomisation(measured["randomisation"], "the attributions hardly depend", "the attributions depend")
        )


def badge(level: int) -> None:
    """Draw the verdict: 0 where no test is passed, 1 where some are, 2 where all are."""
    words, colour, icon = LEVELS[level]
    st.badge(words, color=colour, icon=f":material/{icon}:")


def randomisation(alike: float, hardly: str, well: str) -> str:
    """Return what the comparison with random weights says."""
    verdict = f"{hardly if alike > 0.5 else well} on the learned weights"
    return f"Model randomisation test (rank correlation with random weights): {number(alike, 2)}, so {verdict}."
