"""What the Data tab shows of series: counts, a list to pick from, their lines with what is held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dl_core.data.series.browse import first_lines, first_listed
from dl_core.data.series.frequency import parse_frequency
from ui.kinds.series import data_facts, lines
from ui.kinds.series.words import moment, seasons, steps
from ui.shell import choice, options
from ui.shell.context import PageContext
from ui.shell.words import count, escaped

KINDS = {"mix": "Mixed", "largest": "Largest", "gaps": "With missing values", "short": "Shortest", "all": "All"}
VIEWS = {"whole": "Whole history", "end": "Held-out end"}
MOST_DRAWN = 4
SLIVER = 0.08  # share of held-out steps under which a chart begins with the end alone
ROW = 32  # pixels of a row of the list


def read_as(about: Mapping[str, Any]) -> list[str]:
    """Return what a reading says of the times, for its headline: "monthly, Jan 2018 to Dec 2022"."""
    found = about.get("series", {})
    if "frequency" not in found:
        return []
    if not found["frequency"]:
        return ["no timestamps"]
    first, last = (moment(found[end], found["frequency"]) for end in ("start", "end"))
    return [f"{parse_frequency(found['frequency']).words}, {first} to {last}"]


def first_look(context: PageContext) -> dict[str, Any] | None:
    """Draw counts, the list and the lines of the series that are picked; return the summary."""
    asked = question(context)
    if asked is None:
        st.caption("The observations of this data set are not stored with the run.")
        return None
    found = context.ask("describe", {**asked, "view": "overview"}, label="Summarising the series")
    if found is None:
        return None
    _counts(found)
    listed = _listed(context, asked, found)
    if listed is None or not listed["series"]:
        return found
    names = _picked(context, listed) if found["series"] > 1 else [listed["series"][0]["series"]]
    view = _view(context, found)
    wanted = {"view": "lines", "series": names, **({"last": True} if view == "end" else {})}
    drawn = context.ask("describe", {**asked, **wanted}, label="Loading the series")
    if drawn is not None:
        lines.draw(drawn["lines"], found)
        _split_words(found)
    for one in found["profiles"]:
        data_facts.profile(one)
    return found


def facts(context: PageContext, split: Mapping[str, Any] | None, seen: Mapping[str, Any] | None) -> None:
    """Draw what the series are like, from the summary that `first_look` returned."""
    if seen is not None:
        data_facts.show(context, seen)


def question(context: PageContext) -> dict[str, Any] | None:
    """Return which series are asked about: the run's, or the data set's where another split was asked for since."""
    own = context.own
    wanted = options.asked(context)
    if context.run is not None and not (own and _changed(context, wanted)):
        return {}
    return {"dataset_id": own, "run": None, "options": wanted} if own else None


def _changed(context: PageContext, wanted: Mapping[str, Any]) -> bool:
    """Return whether another split was asked for than the run on the page has."""
    run = context.options
    return any(name in context.kind.split_options and run.get(name) != value for name, value in wanted.items())


def _counts(found: Mapping[str, Any]) -> None:
    with st.container(horizontal=True):
        st.metric("Series", count(found["series"]), border=True)
        st.metric("Observations", count(found["steps"]), border=True)
        st.metric("Frequency", found["step"], border=True, help=_frequency(found))
        st.metric("Season length", seasons(found), border=True, help="Period of the seasonality in time steps.")
    st.caption(f"{_span(found)} {_lengths(found)}{_blank(found)}")


def _frequency(found: Mapping[str, Any]) -> str:
    if not found["frequency"]:
        return "No timestamps: steps are numbered."
    return f"Time from one step to the next; pandas offset alias: {found['frequency']}."


def _span(found: Mapping[str, Any]) -> str:
    if found["start"] is None:
        return ""
    first, last = (moment(found[end], found["frequency"]) for end in ("start", "end"))
    late, early = found["ends"]["late"], found["ends"]["early"]
    words = [f"{count(late)} series start later" if late else "", f"{count(early)} series end earlier" if early else ""]
    told = " and ".join(word for word in words if word)
    return f"From {first} to {last}{f' ({told})' if told else ''}."


def _lengths(found: Mapping[str, Any]) -> str:
    lengths = found["lengths"]
    if lengths is None:
        return ""
    if lengths["least"] == lengths["most"]:
        each = "" if found["series"] == 1 else " each"
        return f"{steps(lengths['most'])}{each}."
    return f"{count(lengths['least'])} to {steps(lengths['most'])} each, median {count(lengths['middle'])}."


def _blank(found: Mapping[str, Any]) -> str:
    blank = found["blank"]
    if not blank["steps"]:
        return " No missing values."
    whom = "" if found["series"] == 1 else f" in {count(blank['series'])} series"
    return f" {count(blank['steps'])} missing {'value' if blank['steps'] == 1 else 'values'}{whom}."


def _listed(context: PageContext, asked: Mapping[str, Any], seen: Mapping[str, Any]) -> dict[str, Any] | None:
    """Draw kind and search where there are several, and return the page of the list."""
    if seen["series"] == 1:
        return context.ask("describe", {**asked, **first_listed()}, label="Searching series")
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        kind = choice.one_of("Series", KINDS, f"{context.key}_listed_kind", default="mix")
        search = st.text_input(
            "Search",
            key=f"{context.key}_listed_search",
            placeholder="name or group",
            persist_state="session",
            width=230,
        )
    wanted = {**first_listed(), "kind": kind, "search": search.strip()}
    paged = _page_key(context, wanted)
    wanted["page"] = int(st.session_state.get(paged) or 1) - 1
    found = context.ask("describe", {**asked, **wanted}, label="Searching series")
    if found is not None and not found["series"]:
        st.caption("No matching series. Choose another filter or clear the search.")
    return found


def _page_key(context: PageContext, wanted: Mapping[str, Any]) -> str:
    return f"{context.key}_listed_page_{wanted['kind']}_{wanted['search']}"


def _picked(context: PageContext, listed: Mapping[str, Any]) -> list[str]:
    """Draw the list; return the series that were ticked, at first some spread over it."""
    shown = listed["series"]
    kind = st.session_state.get(f"{context.key}_listed_kind") or "mix"
    search = (st.session_state.get(f"{context.key}_listed_search") or "").strip()
    paged = _page_key(context, {"kind": kind, "search": search})
    event = st.dataframe(
        table(shown),
        hide_index=True,
        height=40 + ROW * min(len(shown), 6),
        row_height=ROW,
        on_select="rerun",
        selection_mode="multi-row",
        key=f"{paged}_{st.session_state.get(paged) or 1}_table",
        column_config=_columns(shown),
        alt="Series with sparkline, mean and number of observations",
    )
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(_list_words(listed, kind), width="content")
        if listed["pages"] > 1:
            st.pagination(listed["pages"], key=paged)
    picked = [shown[at]["series"] for at in event.selection.rows if at < len(shown)]
    return picked[:MOST_DRAWN] or first_lines(shown)["series"]


def _list_words(listed: Mapping[str, Any], kind: str) -> str:
    ticked = f"Select up to {MOST_DRAWN} to plot them."
    if kind == "mix" and listed["fitting"] < listed["total"]:
        return f"{count(listed['fitting'])} of {count(listed['total'])} series, of mixed levels. {ticked}"
    return f"{count(listed['fitting'])} series. {ticked}"


def table(shown: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return the list: id, course, groups, mean, number of steps, and blanks where there are any."""
    found: dict[str, list[Any]] = {"Series": [one["series"] for one in shown]}
    found["History"] = [one["spark"] for one in shown]
    found["Mean"] = [one["mean"] for one in shown]
    found["Observations"] = [one["steps"] for one in shown]
    if any(one["blank"] for one in shown):
        found["Missing"] = [one["blank"] for one in shown]
    for name in list(shown[0]["groups"])[:2]:
        found[str(name)] = [one["groups"].get(name) for one in shown]
    return pd.DataFrame(found)


def _columns(shown: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "Series": st.column_config.TextColumn(width=230),
        "History": st.column_config.LineChartColumn(width=130),
        "Mean": st.column_config.NumberColumn(format="compact", width=64, help="Mean over all non-missing values."),
        "Observations": st.column_config.NumberColumn(format="%d", width=60),
        "Missing": st.column_config.NumberColumn(format="%d", width=60, help="Missing values."),
    }


def _view(context: PageContext, found: Mapping[str, Any]) -> str:
    """Let the user look at the end alone, where long histories make what is held out a sliver."""
    if not found["split"]:
        return "whole"
    parts = found["split"]["parts"]
    sliver = parts["validation"] + parts["test"] < SLIVER * found["steps"]
    return choice.one_of(
        "Range",
        VIEWS,
        f"{context.key}_lines_view_{context.about.get('id')}",
        default="end" if sliver else "whole",
        hidden=True,
    )


def _split_words(found: Mapping[str, Any]) -> None:
    split = found["split"]
    if not split:
        return
    parts = ", ".join(f"{name} {count(n)}" for name, n in split["parts"].items())
    tested = count(split["tested"])
    whom = "all series" if split["tested"] == split["series"] else f"{tested} of {count(split['series'])}"
    many = "window" if split["windows"] == 1 else "windows"
    st.caption(
        f"Evaluated on {count(split['windows'])} {many} of {steps(split['horizon'])} at the end of "
        f"{whom if split['series'] > 1 else 'the series'}; held out of training. Observations: {parts}."
    )


def named_rows(context: PageContext, rows: Sequence[str]) -> None:
    """Draw the steps that a finding names: which series, when, and the value."""
    table = context.table()
    roles = context.about.get("roles", {})
    columns = [name for role in ("series", "time", "value") for name in roles.get(role, ())]
    known = [row for row in rows if table is not None and row in table.index]
    if table is None or not known:
        st.caption(escaped(f"Steps {', '.join(map(str, rows))}"))
        return
    st.dataframe(table.loc[known, columns], hide_index=True, alt="Series, time and value of these steps")
