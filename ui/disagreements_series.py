"""Windows on which two models differ most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from ui.context import PageContext
from ui.words import number

TITLE = "Where they differ"
NONE = "No window stands out: these two say much the same everywhere."
FOUND = "windows on which the two forecasts are furthest apart, in units of what the series usually moves by."
MOST = 12


def show(context: PageContext, found: Sequence[Mapping[str, Any]], pair: tuple[str, str]) -> None:
    """List the windows, the most different first."""
    lines = []
    for row in found[:MOST]:
        errors = {row["a"]: row.get("error_a"), row["b"]: row.get("error_b")}
        lines.append(
            {
                "Series": row["row"],
                "Window": int(row["window"]) + 1,
                "Apart by": number(row["difference"]),
                f"MASE of {context.label(pair[0])}": number(errors.get(pair[0])),
                f"MASE of {context.label(pair[1])}": number(errors.get(pair[1])),
            }
        )
    st.dataframe(pd.DataFrame(lines), hide_index=True, alt="Windows on which the two models differ most")
    st.caption("Search a series above to see both forecasts over its history.")
