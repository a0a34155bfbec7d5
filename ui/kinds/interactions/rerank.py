"""Re-ranking as a remedy: a slider between relevance and exposure or variety, what it gains, what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dl_core.errors import counted
from ui.kinds.interactions import item_lists
from ui.shell import charts, choice, metric_words, tables, theme
from ui.shell.context import PageContext
from ui.shell.words import count, escaped, estimate, interval, number, signed

AIMS = {"exposure": "Fair exposure", "diversity": "Diversity"}
GAINS = {"exposure": "gini", "diversity": "diversity"}  # what the chart sets against relevance
HEAD = "Head share of exposure"


def show(context: PageContext, model: str) -> None:
    """Draw the choice of aim, the slider, before and after, and one list changing."""
    st.subheader("Mitigation: re-ranking", anchor=False)
    if context.read_only:
        st.caption("This run is shared read-only; train a run of your own to try a mitigation.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        aim = choice.one_of("Objective", AIMS, f"{context.key}_rerank_aim", default="exposure")
        place = st.container(width=420)
    found = context.probe("reranking", {"model": model, "aim": aim}, label="Re-ranking at each trade-off")
    if found is None:
        return
    with place:
        chosen = st.select_slider(
            "Relevance–fairness trade-off",
            found["trade_offs"],
            found["suggested"],
            format_func=lambda step: f"{100 * step:.0f} %",
            key=f"{context.key}_rerank_{aim}_{model}",
            persist_state="session",
            help=(
                "0 %: relevance only (original lists); 100 %: the objective only. Default: the strongest that costs "
                "at most 5 % of nDCG."
            ),
        )
    st.caption(f"{found['meaning']} {found['sentence']}")
    left, right = st.columns([3, 2], gap="large")
    with left:
        _curve(context, found, model, chosen)
    with right:
        _table(context, found, chosen)
    _example(context, model, aim, chosen)


def _label(context: PageContext, metric: str) -> str:
    return HEAD if metric == "head_share" else metric_words.measure(context, metric).label


def _lines(found: Mapping[str, Any], metric: str) -> list[Mapping[str, Any]]:
    return [line for line in found["lines"] if line["metric"] == metric]


def _curve(context: PageContext, found: Mapping[str, Any], model: str, chosen: float) -> None:
    """Draw relevance against the aim over all trade-offs, the chosen one marked."""
    across, up = GAINS[found["aim"]], "ndcg"
    x, y = _lines(found, across), _lines(found, up)
    steps = [f"{100 * line['trade_off']:.0f} %" for line in y]
    names = _label(context, across), _label(context, up)
    title = f"Trade-off: {names[0]} against {names[1]}"
    better = "lower is better" if across == "gini" else "higher is better"
    chart = charts.figure(title, x=f"{names[0]} ({better})", y=names[1], height=340)
    chart.add_scatter(
        x=[line["value"] for line in x],
        y=[line["value"] for line in y],
        mode="lines+markers",
        line={"color": context.colour(model), "width": 2},
        marker={"size": 7},
        customdata=steps,
        hovertemplate=f"trade-off %{{customdata}}: {names[0]} %{{x:.3f}}, {names[1]} %{{y:.3f}}<extra></extra>",
    )
    at = found["trade_offs"].index(chosen)
    for place, symbol, words in ((0, "circle-open", "original"), (at, "circle", f"{steps[at]}")):
        chart.add_scatter(
            x=[x[place]["value"]],
            y=[y[place]["value"]],
            mode="markers+text",
            marker={"size": 14, "symbol": symbol, "color": theme.OKABE_ITO["vermillion"]},
            text=[words],
            textposition="top center",
            hoverinfo="skip",
        )
    values = [line["value"] for line in y if line["value"] is not None]
    chart.update_yaxes(range=[0, 1.2 * max(values, default=1.0)])
    said = f"At {steps[at]}: {names[0]} {number(x[at]['value'])}, {names[1]} {number(y[at]['value'])}"
    charts.draw(chart, f"{title}. {said}.", key=f"rerank_{found['aim']}")


def _table(context: PageContext, found: Mapping[str, Any], chosen: float) -> None:
    """Show every metric before and after, with the paired interval of the change."""
    st.markdown("**Before and after**")
    rows = [line for line in found["lines"] if line["trade_off"] == chosen]
    before = {line["metric"]: line for line in found["lines"] if line["trade_off"] == 0}
    table = [
        {
            "Metric": _label(context, line["metric"]),
            "Before": number(before[line["metric"]]["value"]),
            "After": number(line["value"]),
            "Change": f"{signed(line['change'])} {interval(line['change_low'], line['change_high'])}"
            if chosen
            else "0",
        }
        for line in rows
    ]
    tables.show(table, "Metrics before and after re-ranking, with the change and its interval")
    first = before.get("ndcg")
    if first:
        words = estimate(first["value"], first["low"], first["high"])
        st.caption(f"On held-out items of {counted(found['users'], 'user')}; nDCG before: {words}.")


def _change(line: Mapping[str, Any]) -> str:
    return f"{signed(line['change'])} {interval(line['change_low'], line['change_high'])}"


def _example(context: PageContext, model: str, aim: str, chosen: float) -> None:
    """Draw one user's list before and after."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.markdown("**Example list, before and after**", width="stretch")
        user = st.text_input(
            "User",
            key=f"{context.key}_rerank_user",
            placeholder="any user id",
            persist_state="session",
            width=180,
            label_visibility="collapsed",
        ).strip()
    question = {"model": model, "aim": aim, "trade_off": chosen, **({"user": user} if user else {})}
    found = context.probe("reranking_of_user", question, label="Re-ranking one list")
    if found is None:
        return
    old = {item["item"]: item["rank"] for item in found["before"]}
    left, right = st.columns(2, gap="medium")
    for column, name, items in ((left, "Before", found["before"]), (right, "After", found["after"])):
        with column:
            fresh = sum(item["item"] not in old for item in items)
            words = f", {count(fresh)} new" if name == "After" else ""
            st.markdown(f"{name} · user {escaped(found['user'])}{words}")
            table = item_lists.table_of(items)[["", "Item"] + (["Hit"] if any(one["hit"] for one in items) else [])]
            table["Popularity"] = [item["band"].capitalize() for item in items]
            if name == "After":
                table["Rank before"] = [str(old[item["item"]]) if item["item"] in old else "new" for item in items]
            item_lists.draw(table, f"{name} re-ranking", key=f"{context.key}_rerank_{name}")
