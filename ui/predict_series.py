"""The Predict tab for series: forecasts beyond the end that add up, unusual points, and what if plans change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from dl_core.domain import Domain
from dl_core.errors import DaylightError
from ui import charts, fans, pick_series, states, uploads, what_if_series
from ui.context import PageContext
from ui.words import count, number, size

RECONCILE = {"none": "as they are", "bottom up": "bottom up", "mint": "MinT"}
HELP = (
    "Sums over the groups of the series (states, sectors …) are forecast as well, and all forecasts are moved so that "
    "they add up: bottom up adds the single series; MinT (Wickramasuriya 2019) weighs every level by how it erred."
)


def show(domain: Domain, context: PageContext) -> None:
    """Draw the tab."""
    new, edit = st.tabs(
        ["Beyond the end", "What if: change the plan"], key=f"{context.key}_predict_tabs", on_change="rerun"
    )
    if new.open:
        with new:
            _ahead(domain, context)
    if edit.open:
        with edit:
            what_if_series.show(context)


def _ahead(domain: Domain, context: PageContext) -> None:
    left, right = st.columns([2, 1], gap="large")
    with left:
        files = st.file_uploader(
            "Other series, or newer values of yours (with the plan ahead, if any); else your own series go on",
            type=list(domain.upload_types),
            accept_multiple_files=True,
            key=f"{context.key}_new_files",
        )
    with right:
        question = _question(context)
    _buttons(domain, context, files)
    asked = dict(st.session_state.get(f"{context.key}_new_cases") or {})
    if st.session_state.get(f"{context.key}_write"):
        asked["file"] = True  # not the answer that came with the sample, which has no file
    result = context.ask("forecast_ahead", {**asked, **question}, label="Forecasting beyond the end")
    if result is not None:
        _answer(context, result)


def _question(context: PageContext) -> dict[str, Any]:
    names = list(context.models)
    model = st.selectbox(
        "Model",
        names,
        names.index(context.best) if context.best in names else 0,
        format_func=context.label,
        key=f"{context.key}_predict_model",
        persist_state="session",
    )
    usual = int((context.summary or {}).get("spec", {}).get("options", {}).get("horizon") or 12)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        horizon = st.number_input(
            "Steps ahead",
            1,
            20 * usual,
            usual,
            key=f"{context.key}_predict_horizon",
            width=130,
            help=f"The models were made for {usual}; further ahead they go on from their own forecast, and their "
            "intervals are too narrow there.",
        )
        reconcile = st.selectbox(
            "Sums", list(RECONCILE), format_func=RECONCILE.get, key=f"{context.key}_reconcile", width=150, help=HELP
        )
    question: dict[str, Any] = {"model": model}
    if horizon != usual:
        question["horizon"] = int(horizon)
    if reconcile != "none":
        question["reconcile"] = reconcile
    return question


def _buttons(domain: Domain, context: PageContext, files: list[Any]) -> None:
    key = f"{context.key}_new_cases"
    with st.container(horizontal=True):
        if st.button("Forecast these files", type="primary", disabled=not files, key="predict_files"):
            try:
                folder, _ = uploads.write_upload(files)
                st.session_state[key] = {"upload": folder, "keep": True}
            except DaylightError as error:
                states.show_error(error)
        if st.session_state.get(key):
            st.button("Back to my own series", on_click=lambda: st.session_state.pop(key, None), key="predict_own")


def _answer(context: PageContext, result: Mapping[str, Any]) -> None:
    for note in result["notes"]:
        st.warning(note, icon=":material/info:")
    with st.container(horizontal=True, vertical_alignment="center"):
        made = f"{count(result['series'])} series, {count(result['rows'])} forecasts"
        st.markdown(f"**{made}** by {context.label(result['model'])}")
        _file(context, result)
    shown = {one["series"]: one for one in result["charts"]}
    left, right = st.columns([3, 2], gap="large")
    with left:
        name = st.selectbox("Series", list(shown), key=f"{context.key}_ahead_series", width=360)
        one = shown[name]
        model = {
            "name": context.label(result["model"]),
            "colour": context.colour(result["model"]),
            "fan": one["forecast"],
        }
        title = f"{name}: the next {len(one['forecast']['time'])} steps"
        chart = fans.figure(one["history"], [model], title, unit=pick_series.unit(context))
        charts.draw(chart, f"{title}. {fans.said([model])}.", key="ahead")
        st.caption("Bands: 80 % and 95 % intervals, calibrated on windows before the test.")
    with right:
        _unusual(result["unusual"])
    st.dataframe(
        pd.DataFrame(result["table"]),
        hide_index=True,
        alt="Forecasts with intervals",
        height=280,
        column_config={name: st.column_config.NumberColumn(format="%.4g") for name in fans_columns(result["table"])},
    )


def _file(context: PageContext, result: Mapping[str, Any]) -> None:
    """Offer the file with all forecasts; where the answer came with the sample it is written when it is asked for."""
    path = context.path(result["csv"])
    if path.is_file():
        st.download_button(
            f"Forecasts (CSV, {size(path.stat().st_size)})",
            path.read_bytes(),
            "daylight-forecasts.csv",
            "text/csv",
            icon=":material/download:",
            key="download_forecasts",
            on_click="ignore",
        )
        return
    wanted = {f"{context.key}_write": True}
    st.button("Write them as CSV", on_click=lambda: st.session_state.update(wanted), key="write_forecasts")


def fans_columns(table: list[Mapping[str, Any]]) -> list[str]:
    """Return the columns that hold numbers."""
    return [name for name in (table[0] if table else {}) if name not in ("series", "time")]


def _unusual(found: list[Mapping[str, Any]]) -> None:
    """List recent points that the history did not lead to expect."""
    st.markdown("**Unusual recent points**")
    if not found:
        st.caption("None: the last steps of every series lie where its history would have put them.")
        return
    lines = [
        {
            "Series": row["series"],
            "Time": str(row["time"]).removesuffix(" 00:00:00"),
            "Value": row["value"],
            "Expected": row["expected"],
            "": "above" if row["value"] > row["expected"] else "below",
            "Score": number(row["score"]),
        }
        for row in found
    ]
    st.dataframe(
        pd.DataFrame(lines),
        hide_index=True,
        alt="Unusual recent points",
        height=320,
        column_config={name: st.column_config.NumberColumn(format="%.4g") for name in ("Value", "Expected")},
    )
    st.caption("Look at these before you trust a forecast that goes on from them.")
