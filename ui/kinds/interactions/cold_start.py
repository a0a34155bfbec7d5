"""How models do with users and items they know little of: trained again without them, then asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dl_core.domain import Domain
from dl_core.errors import counted
from dl_core.evaluate import leading
from ui.shell import charts, choice, metric_words, on_request
from ui.shell.context import PageContext
from ui.shell.words import estimate, number

AMONG = {"items": "New-item candidates", "items among all": "Full catalogue"}
CHANCE = "by chance"  # the line of a random order


def show(domain: Domain, context: PageContext) -> None:
    """Draw the question, folded; it is answered when it is asked."""
    body = st.expander("Cold start: new users, new items", key=f"{context.key}_cold", on_change="rerun")
    if not body.open:
        return
    with body:
        st.caption(
            "Retrains the models without a tenth of the users and of the items. New users are then given with "
            "their first 1, 3 and 5 interactions; new items must be ranked from their features alone. Takes about "
            "as long as the training."
        )
        models = choice.models(context, "cold_models", list(context.models), list(context.models))
        question = {} if models == list(context.models) else {"models": models}
        look = {"icon": ":material/ac_unit:", "disabled": not models}
        label = "Retraining without the new users and items"
        found = on_request.answer(
            context, "cold_start", question, "Measure cold start", key="cold_measure", label=label, **look
        )
        if found is not None:
            draw(context, found["rows"])


def draw(context: PageContext, rows: Sequence[Mapping[str, Any]]) -> None:
    """Draw new users and new items side by side."""
    left, right = st.columns(2, gap="large")
    with left:
        _users(context, [row for row in rows if row["kind"] == "users"])
    with right:
        _items(context, rows)
    if rows:
        st.caption(f"Protocol: {rows[0]['protocol']}.")


def _label(context: PageContext, rows: Sequence[Mapping[str, Any]]) -> str:
    return metric_words.measure(context, rows[0]["metric"]).label


def _users(context: PageContext, rows: Sequence[Mapping[str, Any]]) -> None:
    """Draw the score against the number of items shown, a line with its band a model."""
    known = [row for row in rows if row["value"] is not None]
    if not known:
        st.caption("No new user has enough interactions to be evaluated.")
        return
    label = _label(context, known)
    series: list[dict[str, Any]] = []
    for model in dict.fromkeys(row["model"] for row in known):
        own = sorted((row for row in known if row["model"] == model), key=lambda row: row["given"])
        deep = context.models.get(model, {}).get("kind") == "deep"
        series.append(charts.line(context.label(model), own, "given", context.colour(model), banded=deep))
    metric, given = metric_words.metric(known[0]["metric"]), series[0]["x"][0]
    best = leading.best_of(metric, {one["name"]: one["y"][0] for one in series})
    title = f"New users: {best} leads with {counted(given, 'known interaction')}"
    chart = charts.lines(series, title, x="Known interactions per new user", y=label, height=400)
    chart.update_xaxes(tickvals=sorted({x for one in series for x in one["x"]}))
    said = "; ".join(f"{one['name']} {', '.join(number(y) for y in one['y'])}" for one in series)
    charts.draw(chart, f"{title}. {said}.", key="cold_users")
    chance = [row["chance"] for row in known if row.get("chance") is not None]
    words = f" Random ranking: {number(max(chance))}." if chance else ""
    most = counted(max(row["n"] for row in known), "user")
    st.caption(f"n = {most} unseen in training; bands: 95 % intervals of deep models.{words}")


def _items(context: PageContext, rows: Sequence[Mapping[str, Any]]) -> None:
    """Draw how well items are found that nobody had taken, as dots with intervals around a random order."""
    there = [kind for kind in AMONG if any(row["kind"] == kind for row in rows)]
    if not there:
        st.caption("No item features were given, so no model can score an unseen item.")
        return
    kind = choice.one_of(
        "New items", {name: AMONG[name] for name in there}, f"{context.key}_cold_among", default=there[0], hidden=True
    )
    own = [row for row in rows if row["kind"] == kind and row["model"] != CHANCE]
    known = sorted((row for row in own if row["value"] is not None), key=lambda row: -row["value"])
    lost = [context.label(row["model"]) for row in own if row["value"] is None]
    chance = next((row["chance"] for row in own if row["chance"] is not None), None)
    if known:
        dots = [{**row, "label": context.label(row["model"]), "colour": context.colour(row["model"])} for row in known]
        first = dots[0]
        words = estimate(first["value"], first["low"], first["high"], first["n"])
        title = f"New items: {first['label']} leads, {words}"
        axis = f"{_label(context, known)}; dotted: random ranking; whiskers: 95 % interval"
        chart = charts.dots(dots, title, x=axis, line=chance)
        chart.update_xaxes(rangemode="tozero")
        said = "; ".join(f"{dot['label']} {number(dot['value'])}" for dot in dots)
        charts.draw(chart, f"{title}. {said}.", key="cold_items")
    if lost:
        st.caption(f"Models of item ids alone, which cannot score a new item: {', '.join(lost)}.")
    if chance is not None and not known:
        st.caption(f"Random ranking: {number(chance)}.")
