"""Picking one case among the lines of a table: its main columns as values, the riskiest first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ui.panels.cases import listed
from ui.shell import tables
from ui.shell.context import PageContext

COLUMNS = 5  # of a row's main columns, shown in the list


def choose(context: PageContext, model: str, kind: str, search: str, key: str) -> str | None:
    """Draw the table of test cases and return the row that was picked, at first the first one."""
    one, many = context.words.row
    scores = dict.fromkeys((context.words.score.capitalize(), "Probability"), tables.share())
    alt = f"Test {many} with probability, predicted and true class, and main values"

    def draw(found: Mapping[str, Any]) -> tuple[pd.DataFrame, dict[str, Any]]:
        columns = found["columns"][:COLUMNS]
        look = {"column_config": {**tables.config(columns), **scores}, "height": 330, "row_height": 32, "alt": alt}
        return _table(context, found["cases"], columns), look

    asked = {"model": model, "kind": kind, "search": search.strip()}
    picked = listed(context, "cases", asked, key, draw, ("cases", one, many))
    return None if picked is None else str(picked["row"])


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
