"""How good lists are by their length, by how active users are and by how popular items are; and beyond accuracy."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dl_core.errors import counted
from dl_core.evaluate import leading
from dl_core.evaluate.interactions.facts import BAND_HELP
from dl_core.evaluate.metric import Metric
from dl_core.evaluate.results import Evaluation
from ui.panels import slices
from ui.shell import charts, choice, metric_words
from ui.shell.context import PageContext
from ui.shell.words import count, interval, number

BANDS = {"head": "Head", "middle": "Middle", "tail": "Tail", "new": "New items"}
BEYOND = ("coverage", "novelty", "diversity", "popularity_lift", "gini")


def show(context: PageContext, evaluation: Evaluation, pair: slices.Pair) -> None:
    """Draw one chart of slices, and what lists are like besides right."""
    if evaluation.metrics.empty:
        return
    left, right = st.columns([3, 2], gap="large")
    with left:
        slices.show(context, evaluation, pair, FORMS)
    with right:
        _beyond(context, evaluation)


def _by_k(context: PageContext, evaluation: Evaluation, pair: slices.Pair) -> None:
    """Draw a metric against the number of places; the two models side by side have bands."""
    lines = slices.lines_of(context, evaluation, "by_k")
    if not lines:
        st.caption("This run has no metrics by list length (k).")
        return
    metric = slices.pick_metric(context, lines, "by_k")
    label = metric_words.measure(context, metric).label.partition("@")[0]
    shown = slices.of_metric(lines, metric)
    n = max((rows[0]["n"] for rows in shown.values()), default=0)
    series = [slices.curve(context, model, rows, "k", pair) for model, rows in shown.items()]
    if not series:
        st.caption(f"{label} is not defined here.")
        return
    at = series[0]["x"][-1]
    leader = leading.best_of(metric_words.metric(metric), {one["name"]: one["y"][-1] for one in series})
    title = f"{label} by list length k: {leader} is best at k = {at}"
    chart = charts.lines(series, title, x="List length (k)", y=label, height=400)
    chart.update_xaxes(tickvals=sorted({x for one in series for x in one["x"]}))
    said = "; ".join(f"{one['name']} {number(one['y'][-1])}" for one in series)
    charts.draw(chart, f"{title}. {said}.", key=f"by_k_{metric}")
    st.caption(f"n = {counted(n, 'test user')}; bands: 95 % intervals of the two compared models.")


def _by_activity(context: PageContext, evaluation: Evaluation, pair: slices.Pair) -> None:
    lines = slices.lines_of(context, evaluation, "by_activity")
    if not lines:
        st.caption("This run has no metrics by user activity.")
        return
    metric = slices.pick_metric(context, lines, "by_activity")
    label = metric_words.measure(context, metric).label
    rows = {model: [line for line in found if line["metric"] == metric] for model, found in lines.items()}
    groups = [(line["group"], f"{line['group']}<br>n = {count(line['users'])}") for line in next(iter(rows.values()))]
    title = f"{label} by user activity (number of interactions)"
    look = {"x": "Users by number of training interactions", "y": label, "name": "by_activity", "rangemode": "tozero"}
    slices.draw_groups(context, rows, "group", dict(groups), pair, title, **look)
    st.caption("Quartiles of the test users, least active first. Whiskers: 95 % intervals.")


def _by_popularity(context: PageContext, evaluation: Evaluation, pair: slices.Pair) -> None:
    lines = slices.lines_of(context, evaluation, "by_popularity")
    if not lines:
        st.caption("This run has no metrics by item popularity.")
        return
    first = next(iter(lines.values()))
    names = {
        line["band"]: f"{BANDS.get(line['band'], line['band'])}<br>{count(line['items'])} items, "
        f"{count(line['held'])} held out"
        for line in first
    }
    label = f"Recall@{metric_words.k_of(context.summary)}"
    look = {"x": "Held-out items by popularity", "y": label, "name": "by_popularity", "rangemode": "tozero"}
    slices.draw_groups(context, lines, "band", names, pair, f"{label} by item popularity", **look)
    st.caption(f"{BAND_HELP} Whiskers: 95 % intervals.")


def _beyond(context: PageContext, evaluation: Evaluation) -> None:
    """Draw accuracy against what else lists are like, a dot a model with both intervals."""
    table = evaluation.metrics
    known = [name for name in BEYOND if name in set(table["metric"])]
    if not known:
        return
    words = {name: metric_words.measure(context, name).label for name in known}
    metric = choice.in_box("Beyond-accuracy metric", words, f"{context.key}_beyond", width=260)
    first = context.domain.primary_metric
    across, up = metric_words.measure(context, metric), metric_words.measure(context, first)
    rows = {
        name: table[table["metric"] == name].set_index("model")[["value", "low", "high"]] for name in (metric, first)
    }
    chart = charts.figure(f"{up.label} against {across.label}", x=_axis(metric, across), y=up.label, height=400)
    said = []
    for model in context.models:
        if model not in rows[metric].index or model not in rows[first].index:
            continue
        x, y = rows[metric].loc[model], rows[first].loc[model]
        chart.add_scatter(
            x=[x["value"]],
            y=[y["value"]],
            mode="markers",
            name=context.label(model),
            marker={"size": 12, "color": context.colour(model)},
            error_x=_bar(x),
            error_y=_bar(y),
            hovertemplate=f"{context.label(model)}: {up.label} {number(y['value'])} {interval(y['low'], y['high'])}, "
            f"{across.label} {number(x['value'])} {interval(x['low'], x['high'])}<extra></extra>",
        )
        said.append(f"{context.label(model)} {number(y['value'])} and {number(x['value'])}")
    chart.update_layout(showlegend=False)  # colours are those of the chart beside, and a legend would crowd the dots
    charts.draw(chart, f"{up.label} against {across.label}: {'; '.join(said)}.", key=f"beyond_{metric}")
    st.caption(f"{across.help} Colours as in the chart beside, baselines grey; hover over a dot for its model.")


def _axis(metric: str, measure: Metric) -> str:
    unit = {"novelty": ", bits", "popularity_lift": ", times"}.get(metric, "")
    better = "higher is better" if measure.higher_is_better else "lower is better"
    return f"{measure.label}{unit} ({better})" if measure.judges else f"{measure.label}{unit}"


def _bar(line: Any) -> dict[str, Any]:
    """Return a thin whisker, or none where there is no interval."""
    if line["low"] is None or line["low"] != line["low"]:
        return {"visible": False, "type": "data", "array": [0]}
    bars = {"array": [line["high"] - line["value"]], "arrayminus": [line["value"] - line["low"]]}
    return {"type": "data", "symmetric": False, **bars, "thickness": 1, "width": 0}


FORMS: slices.Forms = {
    "by_k": ("By list length", _by_k),
    "by_activity": ("By user activity", _by_activity),
    "by_popularity": ("By item popularity", _by_popularity),
}
