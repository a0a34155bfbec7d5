"""How models age: their score week by week after training, left alone and updated with each new labelled week."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dl_core.data import instants
from dl_core.domain import Domain
from dl_core.evaluate.choice import best_model
from dl_core.evaluate.leading import changes_most
from dl_core.evaluate.metric import ClassMetric
from ui.shell import charts, choice, metric_words, on_request
from ui.shell.context import PageContext
from ui.shell.words import count, number

UPDATE = "Before each week the model is updated on all rows whose labels have arrived by then (after the label delay)."
UPDATED = ", updated"  # stands after the name of a model that learns on


def show(domain: Domain, context: PageContext) -> None:
    """Draw the panel."""
    st.subheader("Model ageing: performance over time", anchor=False)
    metric = _pick_metric(domain, context)
    found = context.probe("ageing", {"metric": metric, "update": False}, label="Scoring by week")
    if found is None:
        return
    rows = pd.DataFrame(found["rows"])
    if rows.empty:
        st.caption("No full week with labels in the test set.")
        return
    place = st.container()
    updated = _updated(context, metric)
    if updated:
        rows = pd.concat([rows, pd.DataFrame(updated)], ignore_index=True)
    with place:
        _chart(context, rows, metric)


def _pick_metric(domain: Domain, context: PageContext) -> str:
    known = [name for name in domain.metrics if isinstance(metric_words.metric(name), ClassMetric)]
    words, first = {name: metric_words.metric(name).label for name in known}, domain.primary_metric
    return choice.in_box("Metric per week", words, f"{context.key}_ageing_metric", default=first, width=260)


def _updated(context: PageContext, metric: str) -> list[dict[str, Any]]:
    """Draw the choice of a model that learns on; return its weeks once they are there."""
    deep = [name for name, about in context.models.items() if about["kind"] == "deep"]
    if context.read_only or not deep:
        return []
    with st.container(horizontal=True, vertical_alignment="bottom"):
        title, first = "Model for incremental (online) update", choice.first_deep(context)
        model = choice.model(context, "ageing_model", label=title, first=first, names=deep, width=300)
        button, icon = "Update online, week by week", ":material/update:"
        if not on_request.pressed(context, button, model, key="ageing_update", icon=icon, help=UPDATE):
            return []
    question = {"models": [model], "metric": metric, "update": True}
    found = context.probe(
        "ageing", question, label=f"Incremental update of {context.label(model)}, week by week", lane="train"
    )
    return [] if found is None else found["rows"]


def _chart(context: PageContext, rows: pd.DataFrame, metric: str) -> None:
    """Draw a line with its band for each model over the weeks."""
    rows = rows[rows["value"].notna()]
    if rows.empty:
        st.caption(f"{metric_words.metric(metric).label} is not defined in any week: too few of either class.")
        return
    best = best_model(context.models, "deep") or best_model(context.models)
    series = []
    for model, weeks in rows.groupby("model", sort=False):
        name, updated = model.removesuffix(UPDATED), model.endswith(UPDATED)
        ends = {end: weeks[end].fillna(weeks["value"]) for end in ("low", "high")}
        points, label = weeks.assign(**ends).to_dict("records"), context.label(name) + (UPDATED if updated else "")
        look = {"banded": updated or name == best, "dash": "dot" if updated else "solid"}
        series.append(charts.line(label, points, "week", context.colour(name), **look))
    title = _sentence(series, metric_words.metric(metric).label)
    label = metric_words.metric(metric).label
    chart = charts.lines(series, title, x="Test week (first day)", y=label, height=420)
    weeks = list(dict.fromkeys(rows["week"]))
    if instants.is_relative(weeks[0]):
        chart.update_xaxes(type="category")
    else:
        chart.update_xaxes(type="date", tickvals=sorted(weeks), tickformat="%d %b")
    charts.draw(chart, alt=title, key=f"ageing_{metric}")
    first = rows[rows["model"] == rows["model"].iloc[0]]
    st.caption(
        f"Models and thresholds are fixed after training. {count(first['n'].min())} to {count(first['n'].max())} "
        f"{context.words.row[1]} per week, {count(first['positives'].min())} to {count(first['positives'].max())} "
        f"of them {context.classes[-1]}. Bands: 95 % intervals, of {context.label(best or '')} and of the "
        "incrementally updated model."
    )


def _sentence(series: list[dict[str, Any]], label: str) -> str:
    """Return which line changes most from its first to its last week."""
    found = changes_most({one["name"]: one["y"] for one in series})
    if found is None:
        return f"{label} in the single test week"
    word = "gains" if found[1] > 0 else "loses"
    return f"{found[0]} {word} most: {number(abs(found[1]))} {label} from the first to the last week"
