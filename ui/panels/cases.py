"""Single cases: what was said of them, and picking one. A row keeps its id throughout."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dl_core.errors import RunError
from dl_core.evaluate import decide
from ui import kinds
from ui.shell import choice
from ui.shell.context import PageContext
from ui.shell.words import number

KINDS = {"all": "All", "wrong": "Incorrect", "uncertain": "Uncertain", "right": "Correct"}


def outcomes(context: PageContext, model: str) -> pd.DataFrame:
    """Return a model's test rows by row id, with what was decided of each (`dl_core.evaluate.decide.outcomes`)."""
    rows = context.predictions()
    if rows is None:
        raise RunError("the run has no predictions", todo="train again")
    return decide.outcomes(rows[(rows["model"] == model) & (rows["split"] == "test")].set_index("row"))


def sentence(context: PageContext, model: str, row: str) -> str:
    """Return what a case truly is and what the model made of it, as one sentence."""
    said = outcomes(context, model).loc[row]
    called = f"is predicted **{said['y_pred']}** ({number(said['confidence'])})"
    if pd.isna(said["y_true"]):
        return f"**{row}** {called} by {context.label(model)}."
    right = "correct" if said["right"] else "incorrect"
    return f"**{row}** has true class **{said['y_true']}** and {called} by {context.label(model)}: {right}."


def said_of(context: PageContext, model: str, kind: str = "all", search: str = "") -> pd.DataFrame:
    """Return the test rows of a model by row id: ``y_true, y_pred, confidence, right`` and the metadata.

    ``kind`` is a key of `KINDS`; ``search`` is looked for in the row id and the metadata.
    """
    rows = decide.by_confidence(outcomes(context, model), kind, context.models[model].get("uncertain_below"))
    rows = rows[["y_true", "y_pred", "confidence", "right"]]
    table = context.table()
    if table is not None:
        rows = rows.join(table.drop(columns=list(context.roles.get("label", ())), errors="ignore"), how="left")
    if not search:
        return rows
    text = rows.astype(str).agg(" ".join, axis=1) + " " + rows.index.astype(str)
    return rows[text.str.contains(search, case=False, regex=False)]


def pick(context: PageContext, model: str, key: str) -> str | None:
    """Draw kind, search and the table of test cases; return the row that was picked, at first the first one."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = choice.one_of("Cases", KINDS, f"{key}_kind", default="all")
        search = st.text_input(
            "Search", key=f"{key}_search", placeholder="row id or any value", persist_state="session", width=220
        )
    choose = kinds.part(context, "cases", "choose")
    if choose is None:
        st.caption(f"Single {context.words.case[1]} cannot be shown here.")
        return None
    return choose(context, model, kind, search, key)
