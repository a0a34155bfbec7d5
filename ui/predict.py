"""The Predict tab: drop new cases and get class, calibrated probability, doubt, novelty and a map; or edit one case."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dl_core.domain import Domain
from dl_core.errors import DaylightError
from dl_core.tasks.prepared import first_cases
from ui import cases, maps, states, uploads, what_if
from ui.context import PageContext
from ui.words import count, number

ON_PAGE = 12  # cases shown with picture at once


def show(domain: Domain, context: PageContext) -> None:
    """Draw the tab."""
    new, edit = st.tabs(["New cases", "What if: edit one case"], key=f"{context.key}_predict_tabs", on_change="rerun")
    if new.open:
        with new:
            _new_cases(domain, context)
    if edit.open:
        with edit:
            what_if.show(context)


def _new_cases(domain: Domain, context: PageContext) -> None:
    left, right = st.columns([2, 1], gap="large")
    with left:
        files = st.file_uploader(
            domain.upload_help,
            type=list(domain.upload_types),
            accept_multiple_files=True,
            key=f"{context.key}_new_files",
        )
    with right:
        names = list(context.models)
        model = st.selectbox(
            "Model",
            names,
            names.index(context.best) if context.best in names else 0,
            format_func=context.label,
            key=f"{context.key}_predict_model",
            persist_state="session",
        )
        method = st.selectbox(
            "Map",
            [None, *domain.explainers],
            index=1 if context.models[model]["kind"] == "deep" else 0,
            format_func=lambda name: maps.method_label(name) if name else "none",
            key=f"{context.key}_predict_map_{model}",
        )
    _buttons(domain, context, files)
    asked = st.session_state.get(f"{context.key}_new_cases")
    if not asked and context.prepared:
        asked = {"rows": first_cases(context.predictions(), context.classes)}
        st.caption("Six test cases of the sample, as an example.")
    if not asked:
        states.empty(
            "clinical_notes", "Drop new cases above, or try the ready model with cases that are here.", key="no_new"
        )
        return
    result = context.ask("predict", {**asked, "model": model, "explain": method, "keep": True}, label="Predicting")
    if result is not None:
        _result(context, result)


def _buttons(domain: Domain, context: PageContext, files: list[Any]) -> None:
    key = f"{context.key}_new_cases"
    with st.container(horizontal=True):
        if st.button("Predict these files", type="primary", disabled=not files, key="predict_files"):
            try:
                folder, _ = uploads.write_upload(files)
                st.session_state[key] = {"upload": folder}
            except DaylightError as error:
                states.show_error(error)
        if context.table() is not None and not context.read_only:
            st.button("Try six test cases", on_click=_take_rows, args=(context, key), key="predict_rows")
        if domain.sample and domain.sample.examples:
            st.button(
                "Try five DICOM files",
                on_click=lambda: st.session_state.update({key: {"examples": True}}),
                key="predict_examples",
                help="Real scans of quite other kinds: a good model says that they are unlike its training.",
            )


def _take_rows(context: PageContext, key: str) -> None:
    st.session_state[key] = {"rows": first_cases(context.predictions(), context.classes)}


def _result(context: PageContext, result: dict[str, Any]) -> None:
    table = pd.DataFrame(result["table"])
    doubtful, strange = int(table["uncertain"].sum()), int(table["unlike_training"].sum())
    with st.container(horizontal=True):
        st.metric("Cases", count(result["rows"]), border=True)
        st.metric("Uncertain", count(doubtful), border=True, help="The top probability is too low to lean on.")
        st.metric(
            "Unlike training", count(strange), border=True, help="Further from the training images than 99 % are."
        )
    for note in result["notes"]:
        st.caption(note)
    if strange:
        st.warning(
            f"{count(strange)} of {count(result['rows'])} cases are unlike anything in training: do not rely on what "
            "the model says of them.",
            icon=":material/help:",
        )
    whole = len(table) == result["rows"]  # then the table on the page holds every case, else the file does
    data = table.to_csv(index=False).encode() if whole else context.path(result["csv"]).read_bytes()
    st.download_button(
        "Download the table (CSV)", data, "predictions.csv", "text/csv", icon=":material/download:", key="csv"
    )
    _gallery(context, result)
    with st.expander("All cases as a table"):
        scores = [column for column in table if column.startswith("score_")]
        shown = {
            name: st.column_config.ProgressColumn(name[6:], format="%.3f", min_value=0, max_value=1) for name in scores
        }
        st.dataframe(table, hide_index=True, column_config=shown, alt="Predictions of all new cases")


def _gallery(context: PageContext, result: dict[str, Any]) -> None:
    found = result["cases"]
    pages = -(-len(found) // ON_PAGE)
    page = st.pagination(pages, key="new_cases_page") if pages > 1 else 1
    with st.grid(4, min_column_width=190):
        for case in found[(page - 1) * ON_PAGE : page * ON_PAGE]:
            with st.container(border=True, gap="small"):
                _card(context, case)


def _card(context: PageContext, case: dict[str, Any]) -> None:
    image = maps.image_of(case["image"])
    if case.get("map"):
        st.image(maps.drawn(image, case["map"]["heat"], 0.5), width="stretch", alt=f"Map over {case['row']}")
    else:
        from PIL import Image

        st.image(cases.enlarged(Image.fromarray(image), maps.LEAST), width="stretch", alt=f"Image {case['row']}")
    st.markdown(f"**{case['y_pred']}** {number(case['score_' + case['y_pred']])}")
    if case["unlike_training"]:
        st.badge("Unlike training", color="red", icon=":material/help:")
    elif case["uncertain"]:
        st.badge("Uncertain", color="orange", icon=":material/question_mark:")
    st.caption(case["row"])
