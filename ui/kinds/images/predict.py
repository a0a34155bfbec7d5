"""What the Predict tab shows of new images: class, calibrated probability, doubt, novelty and a map."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st
from PIL import Image

from dl_core.evaluate.first_cases import first_cases
from ui.kinds.images import pictures
from ui.shell import downloads, tables
from ui.shell.context import PageContext
from ui.shell.words import count, number

ON_PAGE = 12  # cases shown with picture at once
PROBE = "scored_images"
METHOD = "Map"
EXAMPLES = ("Try five DICOM files", "Real scans of other modalities: a good model flags them as out of distribution.")
SHOWN_FIRST = "Six test cases of the sample, as an example."
TRY_ROWS = "Try six test cases"
EMPTY = "Upload new cases above, or try the example cases."


def rows(context: PageContext) -> list[str]:
    """Return test rows that stand in for new cases."""
    return first_cases(context.predictions(), context.classes)


def answer(context: PageContext, result: dict[str, Any]) -> None:
    """Draw the predictions."""
    table = pd.DataFrame(result["table"])
    doubtful, strange = int(table["uncertain"].sum()), int(table["unlike_training"].sum())
    with st.container(horizontal=True):
        for name, number_of, why in (
            ("Cases", result["rows"], None),
            ("Uncertain", doubtful, "The probability of the most probable class is too low to rely on."),
            ("Out of distribution", strange, "Novelty score above the 99th percentile of the training images."),
        ):
            st.metric(name, count(number_of), border=True, help=why)
    for note in result["notes"]:
        st.caption(note)
    if strange:
        st.warning(
            f"{count(strange)} of {count(result['rows'])} cases are out of distribution (unlike the training "
            "images): do not rely on their predictions.",
            icon=":material/help:",
        )
    whole = len(table) == result["rows"]  # then the table on the page holds every case, else the file does
    data = table.to_csv(index=False).encode() if whole else context.path(result["csv"])
    downloads.offer("Download predictions (CSV)", data, "predictions.csv", key="csv")
    _gallery(context, result)
    with st.expander("All cases as a table"):
        scores = [column for column in table if column.startswith("score_")]
        shown = {name: tables.share(name.removeprefix("score_")) for name in scores}
        tables.show(table, "Predictions of all new cases", column_config=shown)


def _gallery(context: PageContext, result: dict[str, Any]) -> None:
    found = result["cases"]
    pages = -(-len(found) // ON_PAGE)
    page = st.pagination(pages, key="new_cases_page") if pages > 1 else 1
    with st.grid(4, min_column_width=190):
        for case in found[(page - 1) * ON_PAGE : page * ON_PAGE]:
            with st.container(border=True, gap="small"):
                _card(context, case)


def _card(context: PageContext, case: dict[str, Any]) -> None:
    image = pictures.image_of(case["image"])
    plain = pictures.enlarged(Image.fromarray(image), pictures.LEAST)
    if case.get("map"):
        left, right = st.columns(2, gap="small")
        left.image(plain, width="stretch", alt=f"Image {case['row']}")
        over = pictures.drawn(image, case["map"]["heat"], 0.5)
        right.image(over, width="stretch", alt=f"Saliency map over {case['row']}")
    else:
        st.image(plain, width="stretch", alt=f"Image {case['row']}")
    st.markdown(f"**{case['y_pred']}** {number(case['score_' + case['y_pred']])}")
    if case["unlike_training"]:
        st.badge("Out of distribution", color="red", icon=":material/help:")
    elif case["uncertain"]:
        st.badge("Uncertain", color="orange", icon=":material/question_mark:")
    st.caption(case["row"])
