"""Single cases: what was said of them, and picking one. A row keeps its id throughout."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from dl_core.errors import RunError, counted
from dl_core.evaluate import decide
from ui import kinds
from ui.shell import choice, tables
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


def listed(
    context: PageContext,
    probe: str,
    question: Mapping[str, Any],
    key: str,
    draw: Callable[[Mapping[str, Any]], tuple[pd.DataFrame, dict[str, Any]]],
    nouns: tuple[str, str, str],
) -> dict[str, Any] | None:
    """Draw a list of which a page is asked for at a time, and return the entry that was picked, at first the first.

    Parameters
    ----------
    probe, question
        What is asked, but for the page; the answer has ``total``, ``pages`` and a list of entries.
    draw : callable
        Makes of the answer the table and how it looks.
    nouns : tuple of str
        Name of the list in the answer, and what one and many of its entries are called.
    """
    name, one, many = nouns
    paged = "_".join([f"{key}_page", *map(str, question.values())])
    page = int(st.session_state.get(paged) or 1)
    found = context.probe(probe, {**question, "page": page - 1}, label=f"Searching {name}")
    if found is None:
        return None
    if not found[name]:
        st.caption(f"No matching {name}. Choose another filter or clear the search.")
        return None
    table, look = draw(found)
    at = tables.picked(table, key=f"{paged}_{page}_table", **look)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(f"{counted(found['total'], one, many)}. Select a row to view it.", width="content")
        if found["pages"] > 1:
            st.pagination(found["pages"], key=paged)
    return found[name][at or 0]


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
