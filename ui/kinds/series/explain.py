"""The Explain tab for series: which past steps and covariates drove a forecast, and how far that can be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dl_core.domain import Domain
from dl_core.explain.defaults import default_forecast_methods
from dl_core.explain.explanation import strongest as by_size
from dl_core.explain.series import plain
from ui.kinds.series import forecast_charts, pick
from ui.panels import explain, faithfulness
from ui.shell import charts, method_words, theme
from ui.shell.context import PageContext
from ui.shell.words import number, signed

LABEL = "Computing attributions and faithfulness"


def show(domain: Domain, context: PageContext) -> None:
    """Draw the tab."""
    model = explain.pick_model(context, width=300)
    series = pick.pick(context, model, f"{context.key}_explain")
    if series is None:
        return
    forecasts = pick.forecasts(context, series, f"{context.key}_explain")
    if forecasts is None:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        view, asked = explain.choose(
            domain,
            context,
            model,
            first=default_forecast_methods(domain.explainers, context.models[model]["kind"]),
            fair="occlusion",
            alone=True,
            help="Occlusion is model-agnostic, so it compares models fairly.",
        )
    if not asked["methods"]:
        st.caption("Choose a method.")
        return
    question = {**asked, "series": series, **_step(context, forecasts)}
    if forecasts["window"] != forecasts["windows"] - 1:
        question["window"] = forecasts["window"]
    found = context.probe("explain_forecast", question, label=LABEL)
    if found is not None:
        _answer(context, found, forecasts, view)


def _step(context: PageContext, forecasts: Mapping[str, Any]) -> dict[str, int]:
    """Let the user choose one step ahead; nothing for all of them together."""
    horizon = len(forecasts["truth"]["time"])
    if horizon < 2:
        return {}
    names = ["all steps", *(str(step) for step in range(1, horizon + 1))]
    times = forecast_charts.moments(forecasts["truth"]["time"])
    step = st.select_slider(
        "Forecast step to explain",
        names,
        key=f"{context.key}_explain_step",
        format_func=lambda name: name if name == names[0] else f"{name}: {times[int(name) - 1]}",
        width=520,
    )
    return {} if step == names[0] else {"step": int(step)}


def _answer(context: PageContext, found: Mapping[str, Any], forecasts: Mapping[str, Any], view: str) -> None:
    explained = found["explanations"]
    _beside(context, found, forecasts, view)
    for lost in found["left_out"]:
        st.caption(method_words.left_out(context, lost))
    with st.expander("How to read this"):
        st.markdown(
            "Bars below the history are attributions: how much each past step raises (up) or lowers (down) the "
            "forecast relative to the seasonal baseline. **Deletion** replaces the steps with the largest "
            "attributions first and measures the area under the curve of the forecast's change: lower is better. "
            "**Insertion** adds them back first: higher is better. A faithful attribution beats random orders."
        )
        st.markdown(method_words.help_on(dict.fromkeys(one["method"] for one in explained), context.kind))


def _beside(context: PageContext, found: Mapping[str, Any], forecasts: Mapping[str, Any], view: str) -> None:
    """Draw accounts of the past in two columns, one alone over the whole width, and parts under them."""
    bars = [one for one in found["explanations"] if one["method"] != "components"]
    for at in range(0, len(bars), 2):
        row = bars[at : at + 2]
        for place, one in zip(st.columns(len(row), gap="medium"), row, strict=True):
            with place, st.container(border=True, gap="small"):
                _one(context, one, found, forecasts, view)
    for one in found["explanations"]:
        if one["method"] == "components":
            with st.container(border=True, gap="small"):
                _components(context, one, found, method_words.label("components", context.kind))


def _one(
    context: PageContext, one: Mapping[str, Any], found: Mapping[str, Any], forecasts: Mapping[str, Any], view: str
) -> None:
    heading = method_words.label(one["method"], context.kind) if view == "methods" else context.label(one["model"])
    steps, covariates = plain.steps_and_covariates(one)
    if not any(weight for _, weight in (*steps, *covariates)):
        st.markdown(f"**{heading}**")
        st.caption("No past step changes this forecast.")
        return
    title = f"{heading}: {strongest(steps, covariates)}"
    chart = _chart(context, one, found, forecasts, steps, title)
    said = "; ".join(f"{name} {signed(weight)}" for name, weight in by_size(steps, 5))
    charts.draw(chart, f"{title}. {said}.", key=f"why_{one['model']}_{one['method']}")
    if covariates:
        _covariates(one, covariates)
    if one.get("score") is not None and one.get("base") is not None:
        what = "Mean forecast" if found["step"] is None else "Forecast"
        st.caption(f"{what} {number(one['score'])}; baseline (seasonal profile only) {number(one['base'])}.")
    if one.get("faithfulness"):
        faithfulness.show(one["faithfulness"])


def strongest(steps: Sequence[tuple[str, float]], covariates: Sequence[tuple[str, float]] = ()) -> str:
    """Return in words which covariate, step, or stretch of steps of one weight, counts most."""
    found = plain.lead(steps, covariates)
    if found.name or not steps:
        return f"{found.name} contributes most ({signed(found.weight)})"
    words = forecast_charts.moments([time for time, _ in steps])
    if found.last == found.first:
        return f"{words[found.first]} contributes most ({signed(found.weight)})"
    return f"{words[found.first]} to {words[found.last]} contribute most ({signed(found.weight)} per step)"


def _chart(
    context: PageContext,
    one: Mapping[str, Any],
    found: Mapping[str, Any],
    forecasts: Mapping[str, Any],
    steps: Sequence[tuple[str, float]],
    title: str,
) -> Any:
    """Return history and forecast above, and a bar for each past step below."""
    known = {"time": found["history"]["time"][-len(steps) :], "value": found["history"]["value"][-len(steps) :]}
    model = {
        "name": context.label(one["model"]),
        "colour": context.colour(one["model"]),
        "fan": forecasts["models"][one["model"]],
    }
    chart = forecast_charts.figure(known, [model], title, truth=forecasts["truth"], unit=pick.unit(context), height=460)
    chart.add_bar(
        x=known["time"],
        y=[weight for _, weight in steps],
        yaxis="y2",
        name="attribution",
        marker={"color": [theme.TOWARDS if weight > 0 else theme.AWAY for _, weight in steps]},
        hovertemplate="%{x}: %{y:+.4g}<extra>attribution</extra>",
        showlegend=False,
    )
    chart.update_layout(
        yaxis={"domain": [0.36, 1.0]},
        yaxis2={"domain": [0.0, 0.28], "title": {"text": "attribution"}, "zeroline": True, "automargin": True},
        xaxis={"anchor": "y2"},
        bargap=0.1,
    )
    return chart


def _covariates(one: Mapping[str, Any], covariates: Sequence[tuple[str, float]]) -> None:
    top = by_size(covariates, 8)
    names, weights = zip(*top, strict=True)
    chart = charts.signed_bars(names, weights, "Covariates", x="attribution", room=34)
    said = "; ".join(f"{name} {signed(weight)}" for name, weight in top)
    charts.draw(chart, f"Covariates: {said}.", key=f"covariates_{one['model']}_{one['method']}")


def _components(context: PageContext, one: Mapping[str, Any], found: Mapping[str, Any], heading: str) -> None:
    """Draw the parts that a model adds up to its forecast."""
    colours = {"trend": theme.OKABE_ITO["blue"], "season": theme.OKABE_ITO["orange"], "rest": theme.GREYS[1]}
    lines = [
        {"name": name, "x": found["ahead"]["time"], "y": weights, "colour": colours.get(name, theme.OKABE_ITO["green"])}
        for name, weights in zip(one["parts"], one["weights"], strict=False)
    ]
    title = f"{heading}: components of {context.label(one['model'])}"
    chart = charts.lines(lines, title, x="", y=pick.unit(context), height=360)
    said = "; ".join(f"{line['name']} from {number(line['y'][0])} to {number(line['y'][-1])}" for line in lines)
    charts.draw(chart, f"{title}. {said}.", key=f"components_{one['model']}")
