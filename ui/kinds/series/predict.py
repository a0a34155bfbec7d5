"""The Predict tab for series: forecasts beyond the end that add up, unusual points, and what if plans change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from dl_core.domain import Domain
from dl_core.errors import counted
from ui.kinds.series import forecast_charts, pick, what_if, words
from ui.panels import leading_model
from ui.shell import charts, choice, downloads, tables, uploads
from ui.shell.context import PageContext
from ui.shell.words import count, escaped, number, size

COLUMNS = {
    "series": "Series",
    "time": "Time",
    "mean": "Forecast",
    "lower_80": "80 % lower",
    "upper_80": "80 % upper",
    "lower_95": "95 % lower",
    "upper_95": "95 % upper",
}
RECONCILE = {"none": "none", "bottom up": "bottom up", "mint": "MinT"}
UPLOAD = "Other series, or newer observations with future covariates; without a file your own series are forecast"
HELP = (
    "Hierarchical reconciliation: forecasts of the totals (states, sectors …) are made as well, and all forecasts "
    "are made coherent. Bottom-up sums the bottom-level series; MinT (minimum trace, Wickramasuriya 2019) "
    "combines all levels, weighted by their error variance."
)


def show(domain: Domain, context: PageContext) -> None:
    """Draw the tab."""
    new, edit = st.tabs(
        ["Future forecast", "What if: change future covariates"], key=f"{context.key}_predict_tabs", on_change="rerun"
    )
    if new.open:
        with new:
            _ahead(domain, context)
    if edit.open:
        with edit:
            what_if.show(context)


def _ahead(domain: Domain, context: PageContext) -> None:
    left, right = st.columns([2, 3], gap="large")
    with left:
        files = st.file_uploader(UPLOAD, accept_multiple_files=True, key=f"{context.key}_new_files")
        _buttons(domain, context, files)
    with right:
        question = _question(context)
    asked = dict(st.session_state.get(f"{context.key}_new_cases") or {})
    if st.session_state.get(f"{context.key}_write"):
        asked["file"] = True  # not the answer that came with the sample, which has no file
    result = context.probe("forecast_ahead", question, cases=asked, label="Computing forecasts")
    if result is not None:
        _answer(context, result, question, asked)


def horizon_of(context: PageContext) -> int:
    """Return for how many steps ahead the run's models were made."""
    evaluation = context.evaluation()
    curves = evaluation.curves.values() if evaluation is not None else ()
    steps = [row["step"] for about in curves for row in about.get("by_step", ())]
    return max(steps, default=int(context.options.get("horizon") or 0) or 12)


def _question(context: PageContext) -> dict[str, Any]:
    usual = horizon_of(context)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        model = choice.model(context, "predict_model", width=260)
        horizon = st.number_input(
            "Forecast horizon",
            1,
            20 * usual,
            usual,
            key=f"{context.key}_predict_horizon",
            width=140,
            help=(
                f"The models were trained for a horizon of {usual}; beyond it they forecast recursively, and their "
                "intervals are too narrow there."
            ),
        )
        reconcile = "none"
        if not leading_model.lone(context):
            reconcile = choice.in_box("Reconciliation", RECONCILE, f"{context.key}_reconcile", width=150, help=HELP)
    question: dict[str, Any] = {"model": model}
    if horizon != usual:
        question["horizon"] = int(horizon)
    if reconcile != "none":
        question["reconcile"] = reconcile
        if columns := _sums(context):
            question["hierarchy"] = ",".join(columns)
    return question


def _sums(context: PageContext) -> list[str]:
    """Let the user choose the groups that are added up; nothing for the parts of the series' names."""
    overview = context.ask("describe", {"view": "overview"}, label="Loading the groups")
    groups = [one["name"] for one in (overview or {}).get("groups", ())]
    if not groups:
        return []
    return st.multiselect(
        "Hierarchy levels",
        groups,
        key=f"{context.key}_hierarchy",
        placeholder="parts of the series' names, and the total",
        help=(
            "One aggregate per value of each column. Series that are already aggregates are detected from their "
            "values and not counted twice."
        ),
    )


def _buttons(domain: Domain, context: PageContext, files: list[Any]) -> None:
    key = f"{context.key}_new_cases"
    with st.container(horizontal=True):
        pressed = st.button("Forecast these files", type="primary", disabled=not files, key="predict_files")
        if pressed and (folder := uploads.taken(files, context.owner)) is not None:
            st.session_state[key] = {"upload": folder, "keep": True}
        if st.session_state.get(key):
            st.button("Back to my own series", on_click=lambda: st.session_state.pop(key, None), key="predict_own")


def _answer(
    context: PageContext, result: Mapping[str, Any], question: Mapping[str, Any], cases: Mapping[str, Any]
) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        made = f"{count(result['series'])} series, {counted(result['rows'], 'forecast')}"
        st.markdown(f"**{made}** by {context.label(result['model'])}", width="content")
        _file(context, result)
    for note in result["notes"]:
        st.caption(f":material/info: {note}")
    left, right = st.columns(2, gap="large") if result["unusual"] else (st.container(), st.container())
    with left:
        _chart(context, result, question, cases)
    with right:
        if result["unusual"]:
            _unusual(result["unusual"])
        else:
            st.caption(":material/check: No recent anomalies: every series ends within its expected range.")
    _table(result["table"], result["rows"])


def _chart(
    context: PageContext, result: Mapping[str, Any], question: Mapping[str, Any], cases: Mapping[str, Any]
) -> None:
    """Draw one series with its forecast; with more series than came back, others are searched."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        shown, place = result["charts"], st.container()
        if result["series"] > len(shown):
            search = st.text_input(
                f"Search the {count(result['series'])}",
                key=f"{context.key}_ahead_search",
                placeholder="series name",
                icon=":material/search:",
                width=220,
            )
            if search.strip():
                wanted = {**question, "search": search, "only": True}
                found = context.probe("forecast_ahead", wanted, cases=cases, label="Searching")
                shown = [] if found is None else found["charts"]
                if found is not None and not shown:
                    st.caption("No matching series.")
        if not shown:
            return
        by_name = {one["series"]: one for one in shown}
        name = next(iter(by_name))
        if result["series"] > 1:
            name = place.selectbox("Series", list(by_name), key=f"{context.key}_ahead_series", width=330)
    one, called = by_name[name], name if result["series"] > 1 else pick.unit(context)
    model = {"name": context.label(result["model"]), "colour": context.colour(result["model"]), "fan": one["forecast"]}
    times = forecast_charts.moments(one["forecast"]["time"])
    span = f"the next {words.steps(len(times))}, up to {times[-1]}"
    chart = forecast_charts.figure(one["history"], [model], f"{escaped(called)}: {span}", unit=pick.unit(context))
    charts.draw(chart, f"{called}: {span}. {forecast_charts.said([model])}.", key="ahead")
    st.caption("Bands: 80 % and 95 % prediction intervals, conformally calibrated on windows before the test.")


def _table(lines: list[Mapping[str, Any]], rows: int) -> None:
    """Show the first forecasts as numbers."""
    table = pd.DataFrame(lines).rename(columns=COLUMNS)
    table["Time"] = forecast_charts.moments(table["Time"].tolist())
    numbers = [name for name in table.columns if name not in ("Series", "Time")]
    table[numbers] = table[numbers].map(four_digits)
    columns = dict.fromkeys(numbers, st.column_config.NumberColumn(format="localized"))
    tables.show(table, "Forecasts with prediction intervals", height=280, column_config=columns)
    if rows > len(lines):
        st.caption(f"The first {count(len(lines))} of {count(rows)}; the CSV has them all.")


def four_digits(value: float | None) -> float | None:
    """Return a number with four significant digits, which is as much as a forecast can mean."""
    return value if value is None or value != value else float(f"{value:.4g}")


def _file(context: PageContext, result: Mapping[str, Any]) -> None:
    """Offer the file with all forecasts; where the answer came with the sample it is written when it is asked for."""
    path = context.path(result["csv"])
    if path.is_file():
        label = f"Forecasts (CSV, {size(path.stat().st_size)})"
        downloads.offer(label, path, "daylight-forecasts.csv", key="download_forecasts")
        return
    wanted = {f"{context.key}_write": True}
    st.button("Export as CSV", on_click=lambda: st.session_state.update(wanted), key="write_forecasts")


def _unusual(found: list[Mapping[str, Any]]) -> None:
    """List recent points that the history did not lead to expect."""
    st.markdown("**Recent anomalies**")
    times = forecast_charts.moments([row["time"] for row in found])
    table = {
        "Series": [row["series"] for row in found],
        "Time": times,
        "Value": [four_digits(row["value"]) for row in found],
        "Expected": [four_digits(row["expected"]) for row in found],
        "z-score": [number(row["score"], 2) for row in found],
    }
    z_score = "One-step error divided by the standard deviation of earlier errors."
    columns: dict[str, Any] = dict.fromkeys(("Value", "Expected"), st.column_config.NumberColumn(format="localized"))
    columns |= {"Series": st.column_config.TextColumn(width="medium")}
    columns |= {"z-score": st.column_config.TextColumn(help=z_score)}
    tables.show(table, "Recent anomalies", height=380, column_config=columns)
    st.caption("Check these before relying on a forecast that starts from them.")
