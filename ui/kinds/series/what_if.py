"""What if the plan changes: move what is known ahead (a holiday, a price) and see every model's forecast move."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dl_core.evaluate.choice import best_model
from ui.kinds.series import forecast_charts, pick
from ui.shell import charts, choice, states
from ui.shell.context import PageContext
from ui.shell.words import count, escaped, number, signed

NOTHING = (
    "No future covariates, such as holidays or planned prices. Upload them as columns with values after the last "
    "observation to use what-if."
)
YES_OR_NO = {0.0: "0 (no)", 1.0: "1 (yes)"}


def show(context: PageContext) -> None:
    """Draw the form and both forecasts."""
    now = context.probe("what_if_plan", {}, label="Forecasting with planned covariates")
    if now is None:
        return
    if not now["covariates"]:
        states.empty("event_busy", NOTHING, key="no_plan")
        return
    left, right = st.columns([1, 2], gap="large")
    with left:
        question = _form(context, now)
    found = context.probe("what_if_plan", question, label="Forecasting with changed covariates")
    if found is not None:
        with right:
            _answer(context, found)


def _form(context: PageContext, now: Mapping[str, Any]) -> dict[str, Any]:
    series = now["series"]
    if len(now["all"]) > 1:
        series = st.selectbox("Series", now["all"], now["all"].index(series), key=f"{context.key}_plan_series")
    covariate = st.selectbox("Future covariate", now["covariates"], key=f"{context.key}_plan_covariate")
    horizon = len(now["time"])
    first, last = st.slider("Forecast steps to change", 1, horizon, (1, horizon), key=f"{context.key}_plan_steps")
    times = forecast_charts.moments(now["time"])
    st.caption(f"From {times[first - 1]} to {times[last - 1]}.")
    planned = [value for value in now["plan"][covariate]["before"] if value is not None]
    value = _value(context, covariate, planned)
    if value is None:
        return {"series": series}
    return {"series": series, "changes": {covariate: {"set": float(value), "steps": [first, last]}}}


def _value(context: PageContext, covariate: str, planned: list[float]) -> float | None:
    """Draw what it shall be there: a choice where it is yes or no, else a number; None for as planned."""
    if planned and set(planned) <= set(YES_OR_NO):
        return st.segmented_control(
            f"New value of {covariate}",
            list(YES_OR_NO),
            format_func=lambda value: YES_OR_NO[value],
            key=f"{context.key}_plan_value_{covariate}",
            help=f"None chosen: planned values, 1 in {count(sum(planned))} of {count(len(planned))} steps.",
        )
    usual = sum(planned) / len(planned) if planned else 0.0
    return st.number_input(
        f"New value of {covariate}",
        value=None,
        format="%.4g",
        key=f"{context.key}_plan_value_{covariate}",
        placeholder=f"as planned (mean {number(usual)})",
    )


def _answer(context: PageContext, found: Mapping[str, Any]) -> None:
    names = list(found["models"])
    deep = best_model({name: context.models[name] for name in names}, "deep")  # the plain ones read no plan
    first = deep or (context.best if context.best and context.best in names else names[0])
    shown = choice.pills("Models", names, [first], context.label, f"{context.key}_plan_models")
    models, moved = [], []
    for name in shown or names[:1]:
        both, label = found["models"][name], context.label(name)
        planned = {"name": f"{label}, planned", "fan": both["before"], "intervals": False, "dash": "dot"}
        for one in (planned, {"name": f"{label}, changed", "fan": both["after"]}):
            models.append({**one, "colour": context.colour(name)})
        before, after = sum(both["before"]["middle"]), sum(both["after"]["middle"])
        moved.append(f"{label} {moved_by(before, after)}")
    told = f"sum over the horizon: {', '.join(moved)}"
    unit = pick.unit(context)
    name = found["series"] if len(found["all"]) > 1 else unit
    chart = forecast_charts.figure(found["history"], models, f"{escaped(name)}, {told}", unit=unit)
    charts.draw(chart, f"{name}, {told}", key="what_if_plan")
    st.caption("Models without future covariates do not change. A change is not evidence of a causal effect.")


def moved_by(before: float, after: float) -> str:
    """Return how far a sum moved, in per cent of what it was.

    Examples
    --------
    >>> moved_by(200.0, 210.0)
    '+5.00 %'
    """
    share = 100 * (after - before) / abs(before) if before else 0.0
    return f"{signed(share)} %" if round(share, 2) else "unchanged"
