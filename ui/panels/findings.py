"""What was found in the data: grouped, worst first, equal ones folded, the mendable ones with a switch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import streamlit as st

from ui import kinds
from ui.shell import state, theme
from ui.shell.context import PageContext
from ui.shell.words import count

ORDER = {"error": 0, "warning": 1, "info": 2}
ICONS = {"error": "error", "warning": "warning", "info": "info"}
WORDS = {"error": "Blocks training", "warning": "Warning", "info": "Note"}
NAMED = 24  # rows of a finding that are named
ALIKE = 2  # findings of one kind up to which all are shown

Finding = Mapping[str, Any]


def show(context: PageContext, findings: Sequence[Finding]) -> None:
    """Draw all findings at once, the worst first; of many of one kind the first, and the others folded."""
    st.subheader("Data quality findings", anchor=False)
    if not findings:
        st.success("No issues found: no duplicates, no missing data, no leakage.", icon=":material/check_circle:")
        return
    for at, alike in enumerate(grouped(findings)):
        shown = alike if len(alike) <= ALIKE else alike[:1]
        for number, finding in enumerate(shown):
            _one(context, finding, f"{at}_{number}")
        if rest := alike[len(shown) :]:
            fold = st.expander(f"{count(len(rest))} more like this", key=f"alike_{at}", on_change="rerun")
            if fold.open:
                with fold:
                    for number, finding in enumerate(rest, len(shown)):
                        _one(context, finding, f"{at}_{number}")


def grouped(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Return findings worst first, those of one level and kind together, in the order in which each kind came."""
    first: dict[tuple[str, str], int] = {}
    for at, one in enumerate(findings):
        first.setdefault(_kind(one), at)
    ordered = sorted(findings, key=lambda one: (ORDER.get(one["level"], len(ORDER)), first[_kind(one)]))
    return [list(alike) for _, alike in groupby(ordered, _kind)]


def show_plain(findings: Sequence[Finding]) -> None:
    """Draw the findings of a reading, a line each."""
    for one in findings:
        level, many = one["level"], f" ({count(one['count'])})" if one["count"] > 1 else ""
        st.markdown(f":{theme.LEVELS[level]}[:material/{ICONS[level]}:] **{WORDS[level]}**: {one['text']}{many}")


def _kind(one: Finding) -> tuple[str, str]:
    return one["level"], one.get("kind") or one["message"]


def _one(context: PageContext, finding: Finding, key: str) -> None:
    with st.container(border=True, gap="small"):
        level = finding["level"]
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.badge(WORDS[level], icon=f":material/{ICONS[level]}:", color=theme.LEVELS[level])
            if finding.get("mend"):
                _mend(context, finding["mend"])
        st.markdown(finding["message"])
        rows = finding.get("rows") or ()
        if rows:
            total = finding.get("count") or len(rows)
            body = st.expander(f"Show rows ({count(total)})", key=f"found_{key}", on_change="rerun")
            if body.open:
                with body:
                    kinds.part(context, "data", "named_rows", named_rows)(context, list(rows))


def named_rows(context: PageContext, rows: Sequence[str]) -> None:
    """Name the rows of a finding."""
    more = " …" if len(rows) > NAMED else ""
    st.caption(f"{context.words.row[1].capitalize()} {', '.join(map(str, rows[:NAMED]))}{more}")


def _mend(context: PageContext, kind: str) -> None:
    """Draw the switch that mends a finding before training."""
    mended = state.bench(context.domain, context.owner)["mend"]
    done = kind in mended
    st.button(
        "Will be fixed" if done else "Fix before training",
        icon=":material/check:" if done else ":material/build:",
        key=f"mend_{kind}",
        disabled=context.own is None,
        help="Removes these rows from the training set; the test set is never changed. Press again to undo.",
        on_click=lambda: mended.remove(kind) if kind in mended else mended.append(kind),
    )
