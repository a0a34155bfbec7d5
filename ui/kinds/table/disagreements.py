"""Rows of a table on which two models disagree, with both models' words and the rows' main values."""

from __future__ import annotations

from typing import Any

import pandas as pd

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
    said = []
    for row in shown:
        sides = ("a", "b") if row["a"] == pair[0] else ("b", "a")
        first, second = (f"{row[f'pred_{side}']} {number(row[f'score_{side}'], 2)}" for side in sides)
        known = {"Row": str(row["row"]), "True": row["y_true"] or "unknown"}
        said.append({**known, "A predicts": first, "B predicts": second})
    columns = about["columns"][:COLUMNS]
    values = {case["row"]: case["values"] for case in about["cases"]}
    table = pd.concat([pd.DataFrame(said), tables.frame([values[row] for row in rows], columns)], axis=1)
    alt = "Rows on which the predictions of the two models differ, with their main values"
    tables.show(table, alt, row_height=32, column_config=tables.config(columns))
