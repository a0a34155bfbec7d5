"""Picking one case among the lines of a table: its main columns as values, the riskiest first."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dl_core.errors import counted
from ui.shell import tables
from ui.shell.context import PageContext

COLUMNS = 5  # of a row's main columns, shown in the list


def choose(context: PageContext, model: str, kind: str, search: str, key: str) -> str | None:
    """Draw the table of test cases and return the row that was picked, at first the first one."""
    paged = f"{key}_page_{model}_{kind}_{search}"
    page = int(st.session_state.get(paged) or 1)
    asked = {"model": model, "kind": kind, "search": search.strip(), "page": page - 1}
    found = context.probe("cases", asked, label="Searching cases")
    if found is None:
        return None
    if not found["cases"]:
        st.caption("No matching cases. Choose another filter or clear the search.")
        return None
    shown, columns = found["cases"], found["columns"][:COLUMNS]
    score = context.words.score.capitalize()
    event = st.dataframe(
        _table(context, shown, columns),
        hide_index=True,
        height=330,
        row_height=32,
        on_select="rerun",
        selection_mode="single-row",
        key=f"{paged}_{page}_table",
        column_config={
            **tables.config(columns),
            **dict.fromkeys((score, "Probability"), tables.share()),
        },
        alt=f"Test {context.words.row[1]} with probability, predicted and true class, and main values",
    )
    words = f"{counted(found['total'], *context.words.row)}. Select a row to view it."
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(words, width="content")
        if found["pages"] > 1:
            st.pagination(found["pages"], key=paged)
    picked = event.selection.rows
    return str(shown[picked[0] if picked and picked[0] < len(shown) else 0]["row"])


def _table(context: PageContext, shown: list[dict[str, Any]], columns: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the list: row id, predicted class and how sure, true class, main values.

    Of two classes it is the score of the last, of more the probability of the predicted class.
    """
    sure = (context.words.score.capitalize(), "risk") if len(context.classes) == 2 else ("Probability", "confidence")
    first = pd.DataFrame(
        {
            "Row": [case["row"] for case in shown],
            sure[0]: [case[sure[1]] for case in shown],
            "Predicted": [case["y_pred"] for case in shown],
            "True": [case["y_true"] or "unknown" for case in shown],
        }
    )
    return pd.concat([first, tables.frame([case["values"] for case in shown], columns)], axis=1)
