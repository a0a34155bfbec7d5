"""Images on which two models disagree, as pictures."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui.kinds.images import pictures
from ui.shell.context import PageContext
from ui.shell.words import number

MOST = 8  # pictures

TITLE = "Cases where the predictions differ"
NONE = "None: both models predict the same class on every test row."
FOUND = "test rows, sorted by the difference in score."


def show(context: PageContext, found: list[dict[str, Any]], pair: tuple[str, str]) -> None:
    """Draw the cases that are furthest apart."""
    with st.grid(4, min_column_width=150):
        for row in found[:MOST]:
            with st.container(border=True, gap="small"):
                first, second = ("a", "b") if row["a"] == pair[0] else ("b", "a")
                pictures.picture(context, row["row"], f"{row['row']}, true class {row['y_true']}")
                st.markdown(f"True **{row['y_true']}**")
                st.caption(
                    f"A: {row[f'pred_{first}']} {number(row[f'score_{first}'], 2)}  \n"
                    f"B: {row[f'pred_{second}']} {number(row[f'score_{second}'], 2)}"
                )
