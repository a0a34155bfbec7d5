"""The Predict tab: drop new cases and get what the model says of them, with its doubts and reasons; or edit one."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import streamlit as st

from dl_core.domain import Domain
from ui import kinds
from ui.panels import cases
from ui.shell import charts, choice, method_words, states, uploads
from ui.shell.context import PageContext
from ui.shell.words import number


def show(domain: Domain, context: PageContext) -> None:
    """Draw the tab."""
    body = kinds.body(context, "predict")
    if body is None:
        states.empty("clinical_notes", f"New {context.words.row[1]} cannot be predicted here.", key="no_body")
        return
    if (whole := kinds.part(context, "predict", "show")) is not None:
        whole(domain, context)
        return
    new, edit = st.tabs(["New cases", "What if: edit one case"], key=f"{context.key}_predict_tabs", on_change="rerun")
    if new.open:
        with new:
            _new_cases(domain, context, body)
    if edit.open:
        with edit:
            _what_if(context)


def _new_cases(domain: Domain, context: PageContext, body: ModuleType) -> None:
    left, right = st.columns([2, 1], gap="large")
    with left:
        files = st.file_uploader(domain.upload_help, accept_multiple_files=True, key=f"{context.key}_new_files")
    with right:
        model = choice.model(context, "predict_model")
        method = st.selectbox(
            body.METHOD,
            [None, *domain.explainers],
            index=int(bool(domain.explainers) and context.kind.explained_first(context.models[model]["kind"])),
            format_func=lambda name: method_words.label(name, context.kind) if name else "none",
            key=f"{context.key}_predict_map_{model}",
        )
    _buttons(domain, context, files, body)
    asked = st.session_state.get(f"{context.key}_new_cases")
    if not asked and context.prepared:
        asked = {"rows": body.rows(context)}
        st.caption(body.SHOWN_FIRST)
    if not asked:
        states.empty("clinical_notes", body.EMPTY, key="no_new")
        return
    cases = {**asked, "keep": True} if "upload" in asked else asked  # another model may be asked about the same files
    result = context.probe(body.PROBE, {"model": model, "explain": method}, cases=cases, label="Predicting")
    if result is not None:
        body.answer(context, result)


def _buttons(domain: Domain, context: PageContext, files: list[Any], body: ModuleType) -> None:
    key = f"{context.key}_new_cases"
    with st.container(horizontal=True):
        pressed = st.button("Predict these files", type="primary", disabled=not files, key="predict_files")
        if pressed and (folder := uploads.taken(files, context.owner)) is not None:
            st.session_state[key] = {"upload": folder}
        if context.dataset_folder is not None and not context.read_only:
            st.button(body.TRY_ROWS, on_click=_take_rows, args=(context, key, body), key="predict_rows")
        fits = context.prepared or context.kind.alike  # columns of the examples are those of the sample
        if fits and domain.sample and domain.sample.examples and domain.sample.examples.exists():
            label, hint = body.EXAMPLES
            examples = {key: {"examples": True}}
            st.button(label, on_click=lambda: st.session_state.update(examples), key="predict_examples", help=hint)


def _take_rows(context: PageContext, key: str, body: ModuleType) -> None:
    st.session_state[key] = {"rows": body.rows(context)}


def _what_if(context: PageContext) -> None:
    """Draw the picker, the changes and the models' scores."""
    body = kinds.body(context, "what_if")
    if body is None:
        st.caption(f"{context.words.row[1].capitalize()} cannot be changed here.")
        return
    if not context.rows_shown:
        states.not_kept(context.words.row[1])
        return
    left, right = st.columns([2, 3], gap="large")
    with left:
        row = cases.pick(context, context.best or next(iter(context.models)), f"{context.key}_what_if")
    if row is None:
        return
    with right:
        changes = body.changes(context, row)
        if changes is None:
            return
        result = context.probe(body.PROBE, {"row": row, "changes": changes}, label="Predicting with every model")
        if result is not None:
            body.answer(context, result, bool(changes))


def moved(context: PageContext, result: dict[str, Any]) -> None:
    """Draw every model's score before and after."""
    target = result["target"]
    chart = charts.figure(
        f"Change of each model's probability of {target}",
        x=f"Probability of {target}",
        height=100 + 44 * len(result["scores"]),
    )
    highest = 0.0
    for score in result["scores"]:
        name, colour = context.label(score["model"]), context.colour(score["model"])
        chart.add_scatter(
            x=[score["before"], score["after"]],
            y=[name, name],
            mode="lines+markers",
            line={"color": colour, "width": 2},
            marker={"size": 12, "symbol": ["circle-open", "circle"], "color": colour},
            hovertemplate=f"{name}: %{{x:.3f}}<extra></extra>",
        )
        if score["cut"] is not None:
            chart.add_scatter(
                x=[score["cut"]],
                y=[name],
                mode="markers",
                marker={"size": 18, "symbol": "line-ns-open", "color": colour},
                hovertemplate=f"{name}: decision threshold %{{x:.3f}}<extra></extra>",
            )
        highest = max(highest, score["before"], score["after"], score["cut"] or 0.0)
    highest = min(1.0, 1.2 * highest) or 1.0
    chart.update_xaxes(range=[-0.03 * highest, 1.03 * highest])
    chart.update_yaxes(autorange="reversed", showgrid=False, type="category")
    moved = ", ".join(f"{context.label(s['model'])} {number(s['after'])}" for s in result["scores"])
    charts.draw(chart, alt=f"Probability of {target} after the change: {moved}", key="what_if")
    st.caption("Hollow: before the change. Bar: decision threshold.")
