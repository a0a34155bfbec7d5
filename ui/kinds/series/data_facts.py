"""More on the Data tab of series: the seasonal profile, how time is read, groups, covariates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from ui.kinds.series.words import share, steps
from ui.shell import charts, options, readings, theme
from ui.shell.context import PageContext
from ui.shell.words import count, escaped, number, percent

TICKS = 12  # most places of a season that are named on the axis


def show(context: PageContext, found: Mapping[str, Any]) -> None:
    """Draw the panels."""
    how_read(context, found)
    _groups(found["groups"], found["series"])
    _covariates(found)


def how_read(context: PageContext, found: Mapping[str, Any]) -> None:
    """Draw frequency, season, horizon and windows, editable for one's own data."""
    domain, own = context.domain, context.own
    fixed = own is None or context.read_only
    split = found["split"] or {}
    season = ", ".join(map(str, found["seasons"]))
    with (
        st.expander(
            "Frequency, season length, horizon and test windows", icon=":material/schedule:", expanded=not fixed
        ),
        st.form(f"{context.key}_time", border=False),
    ):
        with st.grid("auto", min_column_width=150):
            frequency = _text(context, "frequency", "Frequency", found["frequency"], fixed)
            wanted = _text(context, "season", "Season length", season, fixed)
            horizon = _number(context, "horizon", "Forecast horizon", split.get("horizon") or 0, fixed)
            windows = _number(context, "windows", "Test windows", split.get("windows") or 0, fixed)
        words = (
            "Frequency and season length were detected in the data. Changing them reads the files again; horizon and "
        )
        words += "test windows change what is held out, here and in the next training."
        st.caption("These belong to the sample." if own is None else words)
        pressed = st.form_submit_button("Apply", disabled=fixed)
    if pressed and own is not None:
        for name, value, now in (
            ("horizon", horizon, split.get("horizon")),
            ("windows", windows, split.get("windows")),
        ):
            if value != (now or 0):
                st.session_state[options.train_key(domain, name)] = value
        again = {"frequency": frequency.strip(), "season": wanted.strip()}
        if again != {"frequency": found["frequency"], "season": season}:
            kept = st.session_state.get(f"{options.READ}{own}", {})
            readings.with_rows(domain, context.owner, own, {}, {**kept, **again})
        st.rerun()


def _text(context: PageContext, name: str, title: str, now: str, fixed: bool) -> str:
    return st.text_input(
        title, now, key=_key(context, name, now), help=_help(context, name), disabled=fixed, placeholder="found"
    )


def _number(context: PageContext, name: str, title: str, now: int, fixed: bool) -> int:
    return int(
        st.number_input(
            title, 0, value=now, step=1, key=_key(context, name, now), help=_help(context, name), disabled=fixed
        )
    )


def _key(context: PageContext, name: str, now: object) -> str:
    """Return a key that changes with what was read, so that the form shows it after another reading."""
    return f"time_{context.about.get('id', 'sample')}_{name}_{now}"


def _help(context: PageContext, name: str) -> str:
    known = options.option(context.domain, name)
    return known.help[:1].upper() + known.help[1:] if known else ""


def profile(one: Mapping[str, Any]) -> None:
    """Draw how values usually stand at each place of a season."""
    known = [(value, name) for value, name in zip(one["middle"], one["names"], strict=True) if value is not None]
    if not known:
        return
    (most, top), (least, low) = max(known), min(known)
    title = f"{top} is usually highest, {share(most)}; {low} lowest, {share(least)}"
    several = one["n"] > 1
    line = {"name": "median", "x": one["names"], "y": one["middle"], "colour": theme.DEEP[0]}
    if several and None not in (*one["low"], *one["high"]):
        line |= {"low": one["low"], "high": one["high"]}
    chart = charts.lines([line], title, x="", y="Deviation from the mean", height=230)
    chart.update_layout(showlegend=False)
    names = one["names"]
    step = 24 if len(names) == 168 else -(-len(names) // TICKS)
    ticks = [name.split(" ")[0] if step == 24 else name for name in names[::step]]
    chart.update_xaxes(type="category", tickvals=names[::step], ticktext=ticks, tickangle=0)
    chart.update_yaxes(tickformat="+.0%")
    chart.update_traces(hovertemplate="%{x}: %{y:+.1%}<extra></extra>", selector={"name": "median"})
    said = "; ".join(f"{name} {share(value)}" for value, name in known[:: max(1, len(known) // 24)])
    charts.draw(chart, f"Seasonal profile over {steps(one['season'])}: {said}.", key=f"profile_{one['season']}")
    many = (
        f"The line is the median of {count(one['n'])} series, the band their interquartile range. " if several else ""
    )
    st.caption(
        f"{many}Each value's deviation from the mean of its cycle of {steps(one['season'])}, relative to the mean "
        "level."
    )


def _groups(groups: list[Mapping[str, Any]], total: int) -> None:
    if not groups:
        return
    named = ", ".join(f"{escaped(one['name'])} ({count(one['n'])})" for one in groups)
    with st.expander(f"Groups: {named}", icon=":material/account_tree:"):
        for one in groups:
            rows = [
                {"Group": value["value"], "Series": value["n"], "Share": value["n"] / max(1, total)}
                for value in one["values"]
            ]
            st.markdown(f"**{escaped(one['name'])}**")
            st.dataframe(
                pd.DataFrame(rows),
                hide_index=True,
                height=36 * (len(rows) + 1) + 2,
                column_config={"Share": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1)},
                alt=f"Series in each {one['name']}",
            )
            if one["n"] > len(rows):
                st.caption(f"The {len(rows)} largest of {count(one['n'])}.")


def _covariates(found: Mapping[str, Any]) -> None:
    """Say what stands beside the values, and how far ahead it is known."""
    if not found["covariates"]:
        st.caption(":material/info: No covariates: forecasts use the past values and their times only.")
        return
    rows = [
        {
            "Covariate": f"{one['name']} ({one['kinds']} categories)" if one["kinds"] else one["name"],
            "Availability": _known(one),
            "Values": "binary (0/1)" if one["kinds"] else f"{number(one['low'])} to {number(one['high'])}",
            **({"Missing": percent(one["missing"])} if any(other["missing"] for other in found["covariates"]) else {}),
        }
        for one in found["covariates"]
    ]
    ahead = sum(one["known"] == "ahead" for one in found["covariates"])
    words = f"Covariates: {count(ahead)} known in the future, {count(len(rows) - ahead)} past only"
    with st.expander(words, icon=":material/table_rows:", expanded=len(rows) <= 6):
        st.dataframe(
            pd.DataFrame(rows),
            hide_index=True,
            alt="Covariates with availability and range",
        )
        if ahead:
            st.caption("Beyond its last known step, a future covariate is treated as missing.")


def _known(one: Mapping[str, Any]) -> str:
    """Return when a covariate is known: "afterwards", "ahead, for 168 steps", "ahead, but no step is given"."""
    if one["known"] != "ahead":
        return "past only"
    return f"future, for {steps(one['ahead'])}" if one["ahead"] else "future, but no future value given"
