"""Picking one case among images: a table with their pictures."""

from __future__ import annotations

import pandas as pd
import streamlit as st
from PIL import Image

from dl_core.errors import counted
from ui.kinds.images.pictures import picture_of, uri
from ui.panels.cases import said_of
from ui.shell import tables
from ui.shell.context import PageContext

ON_PAGE = 24  # rows of the table of cases
ICON = 56  # pixels of a picture in the table


def choose(context: PageContext, model: str, kind: str, search: str, key: str) -> str | None:
    """Draw the table of test cases and return the row that was picked, at first the first one."""
    rows = said_of(context, model, kind, search)
    if rows.empty:
        st.caption("No matching cases. Choose another filter or clear the search.")
        return None
    pages = -(-len(rows) // ON_PAGE)
    page = st.pagination(pages, key=f"{key}_page") if pages > 1 else 1
    shown = rows.iloc[(page - 1) * ON_PAGE : page * ON_PAGE]
    icons = [picture_of(context, row) for row in shown.index]
    table = pd.DataFrame(
        {
            "Image": [None if icon is None else uri(Image.fromarray(icon).resize((ICON, ICON))) for icon in icons],
            "Case": shown.index,
            "True": shown["y_true"].to_numpy(),
            "Predicted": shown["y_pred"].to_numpy(),
            "Confidence": shown["confidence"].to_numpy(),
        }
    )
    sure = st.column_config.ProgressColumn(format="%.2f", min_value=0, max_value=1, width="small")
    columns = {"Image": st.column_config.ImageColumn(width="small"), "Confidence": sure}
    alt, key = "Test cases with picture, true and predicted class", f"{key}_table_{kind}_{search}_{page}"
    at = tables.picked(table, alt, key=key, height=330, row_height=48, column_config=columns)
    st.caption(f"{counted(len(rows), 'case')}. Select a row to view it.")
    return str(shown.index[at or 0])
