"""What the Predict tab shows of a new table: its rows as a queue, with score or predicted class, reasons and doubts."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dl_core.data.safe_export import neutralise
from dl_core.evaluate.first_cases import first_rows
from dl_core.kinds import Words
from ui.shell import downloads, tables
from ui.shell.context import PageContext
from ui.shell.words import count, percent

PROBE = "queue"
METHOD = "Reasons"
EXAMPLES = ("Try the example file", "A file that comes with the sample, without labels.")
SHOWN_FIRST = "The last test rows of the sample, as an example."
TRY_ROWS = "Try the last test rows"
EMPTY = "Upload a new table above, or try the example rows."
COLUMNS = 6  # of a row's main columns, shown in the queue


def rows(context: PageContext) -> list[str]:
    """Return test rows that stand in for a new file."""
    return first_rows(context.predictions())


def answer(context: PageContext, result: dict[str, Any]) -> None:
    """Draw the queue."""
    many, selected, score = context.words.row[1], context.words.selected, context.words.score
    with st.container(horizontal=True):
        st.metric(many.capitalize(), count(result["rows"]), border=True)
        for words, found, why in _called(context, result):
            share = percent(found / max(1, result["rows"]))
            st.metric(words, f"{count(found)} ({share})", border=True, help=why)
        strange = "Novelty score above the 99th percentile of the training rows."
        st.metric("Out of distribution", count(result["unlike"]), border=True, help=strange)
    for note in result["notes"]:
        st.caption(note)
    queue = result["queue"]
    shown = queue if result["target"] is None else _flagged_or_all(context, queue)
    if not shown:
        st.caption(f"No {selected} {many}. Switch the filter off to see those with the highest {score}.")
        return
    columns = result["columns"][:COLUMNS]
    table = queue_table(shown, columns, context.words)
    known = {**tables.config(columns), **dict.fromkeys((score.capitalize(), "Probability"), tables.share())}
    known |= {"Reasons": st.column_config.TextColumn(width="large"), "Row": st.column_config.TextColumn(width="small")}
    look = {"height": min(560, 40 + 32 * len(table)), "row_height": 32, "column_config": known}
    tables.show(table, f"Queue of {many} with reasons", **look)
    whole = len(queue) == result["rows"]
    words = f"All {count(len(queue))}" if whole else f"The first {count(len(queue))} of {count(result['rows'])}"
    by = "probability" if result["target"] is None else score
    st.caption(f"{words} {many}, sorted by {by}; reasons are given for the first ones.")
    _downloads(context, result, table)


def _called(context: PageContext, result: dict[str, Any]) -> list[tuple[str, int, str]]:
    """Return what is counted: the selected rows of two classes, or the rows of each class."""
    if result["target"] is not None:
        why = f"Predicted {result['target']}: the score is at or above the decision threshold."
        return [(context.words.selected.capitalize(), result["flagged"], why)]
    return [(label, found, "Rows of this predicted class.") for label, found in result["predicted"].items()]


def _flagged_or_all(context: PageContext, queue: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Draw the filter and return the rows that pass it."""
    flagged = any(case["flagged"] for case in queue)
    only = st.toggle(
        f"{context.words.selected.capitalize()} only",
        flagged,
        key=f"{context.key}_flagged_only",
        persist_state="session",
    )
    return [case for case in queue if case["flagged"] or not only]


def queue_table(shown: list[dict[str, Any]], columns: list[dict[str, Any]], words: Words) -> pd.DataFrame:
    """Return the queue as it is shown and downloaded."""
    first = pd.DataFrame({"Row": [case["row"] for case in shown]})
    if all("score" in case for case in shown):
        first[words.score.capitalize()] = [case["score"] for case in shown]
        first[words.selected.capitalize()] = [words.selected if case["flagged"] else "" for case in shown]
    else:
        first["Predicted"] = [case["y_pred"] for case in shown]
        first["Probability"] = [case["probability"] for case in shown]
    first["Reasons"] = ["; ".join(case["reasons"]) for case in shown]
    notes = [", ".join(_notes(case)) for case in shown]
    values = tables.frame([case["values"] for case in shown], columns)
    return pd.concat([first, values, pd.DataFrame({"Notes": notes})], axis=1)


def _notes(case: dict[str, Any]) -> list[str]:
    words = {"uncertain": "uncertain", "unlike_training": "out of distribution"}
    return [word for key, word in words.items() if case[key]]


def _downloads(context: PageContext, result: dict[str, Any], table: pd.DataFrame) -> None:
    with st.container(horizontal=True):
        downloads.offer("Download this queue (CSV)", safe_csv(table), "queue.csv", key="queue_csv")
        if not context.prepared:
            downloads.offer("Download all scores (CSV)", context.path(result["csv"]), "predictions.csv", key="csv")


def safe_csv(table: pd.DataFrame) -> bytes:
    """Return a table as CSV in which no cell can be taken for a formula."""
    return neutralise(table).to_csv(index=False).encode()
