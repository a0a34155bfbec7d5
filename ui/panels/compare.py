"""The Compare tab: a leaderboard with intervals, the verdict, and two models side by side on the same rows."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dl_core.domain import Domain
from dl_core.evaluate.choice import default_pair
from dl_core.evaluate.results import Comparison, Evaluation, records
from ui import kinds
from ui.panels import ageing, curves, drift, leading_model, stress
from ui.shell import charts, choice, first_paint, folders, metric_words, tables, theme
from ui.shell.context import PageContext
from ui.shell.words import count, duration, interval, number, signed, size

VERDICT = {"better": "better", "worse": "worse", "tie": "a tie"}
TARGETS = "; coverage and signed error are compared by their distance from the nominal value"


def show(domain: Domain, context: PageContext) -> None:
    """Draw the tab."""
    evaluation = context.evaluation()
    if context.run_folder is None or evaluation is None:
        return
    comparison = folders.json_file(context.run_folder / "comparison.json")
    if comparison is None:
        comparison = context.ask("compare", {}, label="Comparing the models")
    if comparison is not None:
        st.info(comparison["sentence"], icon=":material/balance:")
    _metric_and_leaderboard(domain, context, evaluation)
    if comparison is None:
        return
    first_paint.pause()
    pair = _pick_pair(context)
    if pair:
        _differences(context, Comparison.from_dict(comparison), pair)
    first_paint.pause()
    kinds.part(context, "curves", "show", curves.show)(context, evaluation, pair)
    first_paint.pause()
    if pair:
        _disagreements(context, comparison, pair)
    first_paint.pause()
    if "ageing" in context.probes:
        ageing.show(domain, context)
    _costs(context, comparison)
    for probe, body in (("drift", drift), ("cold_start", kinds.body(context, "cold_start"))):
        if probe in context.probes and body is not None:
            body.show(domain, context)
    stress.show(domain, context)


@st.fragment
def _metric_and_leaderboard(domain: Domain, context: PageContext, evaluation: Evaluation) -> None:
    """Draw the choice of metric and its chart; another metric draws only these two anew."""
    if evaluation.metrics.empty:
        st.info(evaluation.note or "No labels: metrics cannot be computed.", icon=":material/info:")
        return
    metric = _pick_metric(domain, context, evaluation.metrics)
    _leaderboard(context, evaluation.metrics, metric, evaluation.bounds.get(metric))


def _pick_metric(domain: Domain, context: PageContext, table: pd.DataFrame) -> str:
    known = [name for name in domain.metrics if name in set(table["metric"])]
    words = {name: metric_words.measure(context, name).label for name in known}
    first = domain.primary_metric if domain.primary_metric in known else None
    chosen = choice.one_of("Metric", words, f"{domain.name}_metric", default=first, hidden=True)
    st.caption(metric_words.measure(context, chosen).help)
    return chosen


def _leaderboard(context: PageContext, table: pd.DataFrame, metric: str, bound: float | None) -> None:
    """Draw every model's value as a dot with its 95 % interval; baselines in grey."""
    rows = table[(table["metric"] == metric) & table["value"].notna()]
    if rows.empty:
        st.caption(f"{metric_words.measure(context, metric).label} is not defined on these test rows.")
        return
    rows = leading_model.ranked(metric, rows)
    dots = [
        {**row, "label": context.label(row["model"]), "colour": context.colour(row["model"])}
        for row in rows.to_dict("records")
    ]
    title = leading_model.title(context, metric, dots[0])
    chart = charts.dots(dots, title, x=leading_model.axis(context, metric), line=metric_words.metric(metric).target)
    if bound is not None:
        _bound(chart, bound)
    charts.draw(chart, alt=title, key=f"leaderboard_{metric}")
    protocol = (context.summary or {}).get("protocol", "")
    st.caption(f"Whiskers: 95 % interval. Protocol: {protocol}. The test set was not used for model selection.")


def _bound(chart: Any, bound: float) -> None:
    """Draw the value that a perfect model would reach, which no model can pass on these rows."""
    chart.add_vline(
        x=bound,
        line={"dash": "dash", "width": 1.5, "color": theme.OKABE_ITO["green"]},
        annotation={"text": f"a perfect model: {number(bound)}", "font": {"size": 12}, "xanchor": "right"},
        annotation_position="top",
    )
    chart.update_layout(margin_t=28 + charts.TITLE)


def _pick_pair(context: PageContext) -> tuple[str, str] | None:
    """Let the user choose two models; at first the best deep model and the best baseline by validation."""
    names = list(context.models)
    if len(names) < 2:
        st.caption("One model was trained; train another to compare.")
        return None
    st.subheader("Pairwise comparison", anchor=False)
    first, second = default_pair(context.models)
    left, right = st.columns(2)
    with left:
        one = choice.model(context, "a", label="Model A", first=first)
    with right:
        return one, choice.model(context, "b", label="Model B", first=second, names=[n for n in names if n != one])


def _differences(context: PageContext, comparison: Comparison, pair: tuple[str, str]) -> None:
    """Draw the paired differences with intervals around nought, and the numbers beside."""
    rows = records(comparison.between(*pair))
    if not rows:
        return
    one, two = map(context.label, pair)
    dots = [
        {
            **row,
            "label": metric_words.measure(context, row["metric"]).label,
            "value": row["difference"],
            "colour": context.colour(pair[0]) if row["verdict"] == "better" else context.colour(pair[1]),
        }
        for row in rows
    ]
    units = leading_model.units(context)
    targets = any(leading_model.target(context, row["metric"]) is not None for row in rows)
    tally = comparison.tally(*pair)
    title = f"A is better on {tally['better']} of {len(rows)} metrics, worse on {tally['worse']}"
    left, right = st.columns([5, 6], gap="large")
    with left:
        drawn = [dot for dot in dots if _beside(context, dot["metric"])]
        chart = charts.dots(drawn, title, x="A − B, sign-adjusted: positive favours A; whiskers: 95 %", line=0.0)
        charts.draw(chart, alt=f"{one} against {two}: {title}", key="differences")
    with right:
        table = [
            {
                "Metric": row["label"],
                "A": number(row["value_a"]),
                "B": number(row["value_b"]),
                "A − B, 95 % interval": f"{signed(row['difference'])} {interval(row['low'], row['high'])}",
                "A is": VERDICT.get(row["verdict"], row["verdict"]),
            }
            for row in dots
        ]
        tables.show(table, "Paired differences by metric", height="content")
        st.caption(
            f"A is {one}, B is {two}. n = {count(rows[0]['n'])} test {units}, paired; differences are "
            f"sign-adjusted: positive favours A{TARGETS if targets else ''}."
        )


def _beside(context: PageContext, metric: str) -> bool:
    """Return whether a metric's differences can be drawn on the scale of the others."""
    return metric_words.is_share(context, metric) and not metric.startswith(leading_model.WIDTH)


def _disagreements(context: PageContext, comparison: dict[str, Any], pair: tuple[str, str]) -> None:
    """Show the cases that the two models answer differently, the most different first."""
    found = [row for row in comparison["disagreements"] if {row["a"], row["b"]} == set(pair)]
    body: Any = kinds.body(context, "disagreements")
    st.subheader(body.TITLE, anchor=False)
    if not found:
        st.caption(body.NONE)
        return
    st.caption(f"{count(len(found))} {body.FOUND}")
    body.show(context, found, pair)


def _costs(context: PageContext, comparison: dict[str, Any]) -> None:
    """Show what each model costs: training and prediction time, size."""
    st.subheader("Cost: time and size", anchor=False)
    table = [
        {
            "Model": context.label(row["model"]),
            "Kind": "deep" if row["kind"] == "deep" else "baseline",
            "Training time": duration(row["fit_seconds"]),
            "Latency per prediction": duration((row["predict_ms"] or 0) / 1000),
            "Size": size(row["size_bytes"]),
            "Parameters": count(row["parameters"]),
        }
        for row in comparison["costs"]
    ]
    tables.show(table, "Training time, prediction time and size of each model")
    for model, about in context.models.items():
        if sentence := paths_sentence(context.label(model), about.get("chosen") or {}):
            st.caption(sentence)


def paths_sentence(label: str, chosen: dict[str, Any]) -> str:
    """Return how a model that weighs several paths has weighed them, and what each reaches alone; else nothing."""
    weights, alone = chosen.get("weights"), chosen.get("held_ndcg") or {}
    if not isinstance(weights, dict):
        return ""
    total = sum(weights.values()) or 1.0
    shares = ", ".join(f"{name} {100 * weight / total:.0f} %" for name, weight in weights.items())
    reached = ", ".join(f"{name} {alone[name]:.3f}" for name in (*weights, "blend") if name in alone)
    told = f" nDCG on held-out validation users: {reached}." if reached else ""
    deep = weights.get("deep", 0.0) / total
    verdict = " The deep component contributes almost nothing." if "deep" in weights and deep < 0.05 else ""
    return f"{label}: weights {shares}.{told}{verdict}"
