"""How far an attribution can be trusted: its scores beside those of attributions that anyone could draw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import streamlit as st

from dl_core.explain.explanation import Faithfulness
from ui.shell.words import number

Colour = Literal["red", "orange", "green"]
VERDICTS: tuple[tuple[str, Colour, str], ...] = (
    ("Not faithful", "red", "close"),
    ("Partly faithful", "orange", "remove"),
    ("Faithful", "green", "check"),
)
ALIKE = "Rank correlation with occlusion: 1 is the same order, 0 none."


def show(measured: Mapping[str, Any], what: str = "the attributions", alike: str = "occlusion") -> None:
    """Draw the verdict, deletion and insertion beside their rivals, and what else was measured.

    ``what`` are the attributions called, ``alike`` the method that they are compared with where they were.
    """
    if any(measured.get(name) is None for name in ("deletion", "insertion", "random_deletion", "random_insertion")):
        return
    found = Faithfulness(**measured)
    words, colour, icon = VERDICTS[found.passed]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(words, color=colour, icon=f":material/{icon}:")
        for label, own, random, centre in (
            ("Deletion ↓", found.deletion, found.random_deletion, found.centre_deletion),
            ("Insertion ↑", found.insertion, found.random_insertion, found.centre_insertion),
        ):
            rivals = f"random {number(random)}" + ("" if centre is None else f" · centre {number(centre)}")
            st.markdown(f"{label} **{number(own)}** :small[{rivals}]", width="content")
        if found.leave_one_out is not None:
            st.markdown(f"Rank correlation with {alike} **{number(found.leave_one_out)}**", width="content", help=ALIKE)
    if notes := [*_randomisation(found, what), *_pointing(found)]:
        st.caption(" ".join(notes))


def _randomisation(found: Faithfulness, what: str) -> list[str]:
    if found.randomisation is None:
        return []
    does = "depend" if what.endswith("s") else "depends"
    verdict = f"{what} {does if found.depends_on_model else f'hardly {does}'} on the learned weights"
    value = number(found.randomisation, 2)
    return [f"Model randomisation test (rank correlation with random weights): {value}, so {verdict}."]


def _pointing(found: Faithfulness) -> list[str]:
    if found.pointing is None:
        return []
    hit = "hit (the map's peak lies in the lesion)" if found.pointing else "miss (the map's peak lies outside it)"
    centre = "would hit as well" if found.centre_pointing else "would miss it"
    return [f"Pointing game: {hit}; the image's centre {centre}."]
