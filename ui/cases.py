"""Single cases: their picture, what was said of them, and a table to pick one from. A row keeps its id throughout."""

from __future__ import annotations

import base64
import io

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from ui import preview, reading
from ui.context import PageContext
from ui.words import count

KINDS = {"all": "All", "wrong": "Wrong", "uncertain": "Uncertain", "right": "Right"}
ON_PAGE = 24  # rows of the table of cases
ICON = 56  # pixels of a picture in the table


def picture_of(context: PageContext, row: str) -> np.ndarray | None:
    """Return the image of a row, (h, w[, 3]) uint8, or None where the data are not at hand."""
    table = context.table()
    key = preview.image_key(context.dataset or {})
    if table is None or key is None or row not in table.index:
        return None
    return reading.image(context.dataset_folder, key, int(table.index.get_loc(row)))


def picture(context: PageContext, row: str, alt: str) -> None:
    """Draw a row's image, small images enlarged without smoothing."""
    image = picture_of(context, row)
    if image is None:
        st.caption(row)
        return
    st.image(enlarged(Image.fromarray(image), 200), width="stretch", alt=alt)


def enlarged(image: Image.Image, least: int) -> Image.Image:
    """Return the image with its shorter side at least ``least`` pixels, by whole steps, so that pixels stay pixels."""
    times = max(1, -(-least // min(image.size)))
    return image.resize((image.width * times, image.height * times), Image.Resampling.NEAREST)


def uri(image: Image.Image) -> str:
    """Return a PNG data URI."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def said_of(context: PageContext, model: str, kind: str = "all", search: str = "") -> pd.DataFrame:
    """Return the test rows of a model by row id: ``y_true, y_pred, confidence, right`` and the metadata.

    ``kind`` is a key of `KINDS`; ``search`` is looked for in the row id and the metadata. Wrong cases stand with the
    surest first, uncertain ones with the least sure first.
    """
    rows = context.predictions()
    rows = rows[(rows["model"] == model) & (rows["split"] == "test")].set_index("row")
    scores = rows[[column for column in rows if column.startswith("score_")]]
    rows = rows[["y_true", "y_pred"]].assign(confidence=scores.max(axis=1), right=rows["y_true"] == rows["y_pred"])
    limit = context.models[model].get("uncertain_below") or 0.6
    if kind == "right":
        rows = rows[rows["right"]]
    elif kind == "wrong":
        rows = rows[~rows["right"]]
    elif kind == "uncertain":
        rows = rows[rows["confidence"] < limit]
    table = context.table()
    if table is not None:
        label = preview.label_column(context.dataset)
        rows = rows.join(table.drop(columns=[label] if label in table else []), how="left")
    if search:
        text = rows.astype(str).agg(" ".join, axis=1) + " " + rows.index.astype(str)
        rows = rows[text.str.contains(search, case=False, regex=False)]
    return rows.sort_values("confidence", ascending=kind == "uncertain", kind="stable")


def pick(context: PageContext, model: str, key: str) -> str | None:
    """Draw the table of test cases and return the row that was picked, at first the first one."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.segmented_control(
            "Cases",
            list(KINDS),
            default="all",
            format_func=KINDS.get,
            required=True,
            key=f"{key}_kind",
            persist_state="session",
        )
        search = st.text_input(
            "Search", key=f"{key}_search", placeholder="file name or metadata", persist_state="session", width=220
        )
    rows = said_of(context, model, kind, search)
    if rows.empty:
        st.caption("No test row fits. Choose another kind of case or clear the search.")
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
            "Sure": shown["confidence"].to_numpy(),
        }
    )
    event = st.dataframe(
        table,
        hide_index=True,
        height=330,
        row_height=48,
        on_select="rerun",
        selection_mode="single-row",
        key=f"{key}_table_{kind}_{search}_{page}",
        column_config={
            "Image": st.column_config.ImageColumn(width="small"),
            "Sure": st.column_config.ProgressColumn(format="%.2f", min_value=0, max_value=1, width="small"),
        },
        alt="Test cases with picture, true and predicted class",
    )
    st.caption(f"{count(len(rows))} cases. Tick a row to look at it.")
    picked = event.selection.rows
    return str(shown.index[picked[0] if picked and picked[0] < len(shown) else 0])
