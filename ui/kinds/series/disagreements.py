"""Windows on which two models differ most, and both forecasts of the one that is chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from ui.kinds.series import curves
from ui.shell import tables
from ui.shell.context import PageContext

TITLE = "Windows where the forecasts differ"
NONE = "None: the two models give similar forecasts in every window."
FOUND = (
    "windows with the largest difference between the two forecasts, in units of the series' typical change; the "
    "first twelve are listed."
)
MOST = 12


def show(context: PageContext, found: Sequence[Mapping[str, Any]], pair: tuple[str, str]) -> None:
    """List the windows, the most different first, and draw the one whose line is chosen."""
    shown = list(found[:MOST])
    lines = []
    for row in shown:
        errors = {row["a"]: row.get("error_a"), row["b"]: row.get("error_b")}
        lines.append(
            {
                "Series": row["row"],
                "Window": int(row["window"]) + 1,
                "Difference": row["difference"],
                **{f"MASE of {context.label(name)}": errors.get(name) for name in pair},
            }
        )
    table, key = pd.DataFrame(lines), f"{context.key}_differ_{'_'.join(pair)}"
    columns = dict.fromkeys(table.columns[2:], st.column_config.NumberColumn(format="%.3g"))
    alt, look = "Windows on which the two models differ most", {"height": "content", "column_config": columns}
    chosen = tables.picked(table, alt, key=key, first=None, **look)
    if chosen is None:
        st.caption("Select a row to plot both forecasts.")
        return
    row = shown[chosen]
    question = {"series": str(row["row"]), "window": int(row["window"])}
    answer = context.probe("window_forecasts", question, label="Loading the forecasts")
    if answer is not None:
        curves.draw_fan(context, answer, list(pair), key="differ")
