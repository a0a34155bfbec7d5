"""How far attributions of a history can be trusted, in one line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from ui.shell.words import number

ALIKE = "Rank correlation with occlusion: 1 is the same order, 0 none."


def show(measured: Mapping[str, Any]) -> None:
    """Draw how far attributions can be trusted: deletion and insertion, beside random orders."""
    tests = [
        (words, measured.get(name), measured.get(f"random_{name}"), lower)
        for words, name, lower in (("Deletion ↓", "deletion", True), ("Insertion ↑", "insertion", False))
    ]
    tests = [
        (words, own, random, lower) for words, own, random, lower in tests if own is not None and random is not None
    ]
    if not tests:
        return
    passed = sum(own < random if lower else own > random for _, own, random, lower in tests)
    level = 2 if passed == len(tests) else 1 if passed else 0
    with st.container(horizontal=True, vertical_alignment="center"):
        words = ("Not faithful", "Partly faithful", "Faithful")[level]
        icon = ("close", "remove", "check")[level]
        st.badge(words, color=("red", "orange", "green")[level], icon=f":material/{icon}:")
        for words, own, random, _ in tests:
            st.markdown(f"{words} **{number(own)}** :small[random {number(random)}]", width="content")
        if (alike := measured.get("leave_one_out")) is not None:
            st.markdown(f"Rank correlation with occlusion **{number(alike)}**", width="content", help=ALIKE)
