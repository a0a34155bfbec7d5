"""Rows of a table on which two models disagree, with both models' words and the rows' main values."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from ui.shell import tables
from ui.shell.context import PageContext
from ui.shell.words import number

MOST_DISAGREEMENTS = 12  # rows that are shown
COLUMNS = 5  # of a row's main columns
TITLE = "Cases where the predictions differ"
NONE = "None: both models predict the same class on every test row."
FOUND = "test rows, sorted by the difference in score."


def show(context: PageContext, found: list[dict[str, Any]], pair: tuple[str, str]) -> None:
    """Draw the rows that are furthest apart."""
    shown = found[:MOST_DISAGREEMENTS]
    rows = [str(row["row"]) for row in shown]
    about = context.probe("cases", {"model": pair[0], "rows": rows}, label="Reading these rows")
    if about is None:
        return
    first, second = zip(*(("a", "b") if row["a"] == pair[0] else ("b", "a") for row in shown), strict=True)
    said = {
        "Row": rows,
        "True": [row["y_true"] or "unknown" for row in shown],
        "A predicts": [
            f"{row[f'pred_{s}']} {number(row[f'score_{s}'], 2)}" for row, s in zip(shown, first, strict=True)
        ],
        "B predicts": [
            f"{row[f'pred_{s}']} {number(row[f'score_{s}'], 2)}" for row, s in zip(shown, second, strict=True)
        ],
    }
    columns = about["columns"][:COLUMNS]
    values = {case["row"]: case["values"] for case in about["cases"]}
    table = pd.concat([pd.DataFrame(said), tables.frame([values[row] for row in rows], columns)], axis=1)
    st.dataframe(
        table,
        hide_index=True,
        row_height=32,
        column_config=tables.config(columns),
        alt="Rows on which the predictions of the two models differ, with their main values",
    )
