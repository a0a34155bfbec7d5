"""The Data tab: is it read rightly? The reading card, preview, findings with mends, balance, coverage, the split."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dl_core.domain import Domain
from ui import kinds
from ui.panels import findings, reading, sources
from ui.shell import options, readings, samples, state, states
from ui.shell.context import PageContext

FIRST = 24  # rows of a table without a preview of its own


def show(domain: Domain, context: PageContext) -> None:
    """Draw the tab."""
    if reading.show(context):
        return
    if context.dataset is None:
        _nothing(domain, context)
        return
    left, right = st.columns([3, 2], gap="large")
    with right:
        found, split, checked = _inspected(context)
    with left:
        st.subheader("Preview", anchor=False)
        seen = kinds.part(context, "data", "first_look", first_rows)(context)
        if readings.card(domain, context.owner) is None:
            reading.folded(context)
    with right:
        if found or checked:
            findings.show(context, found)
        _split(split)
        if (facts := kinds.part(context, "data", "facts")) is not None:
            facts(context, split, seen)
        _source(context)


def first_rows(context: PageContext) -> None:
    """Draw the first rows as they stand in the table, of a kind that has no preview of its own."""
    table = context.table()
    if table is None:
        states.not_kept(context.words.row[1])
    else:
        st.dataframe(table.head(FIRST), alt=f"The first {context.words.row[1]}")


def _nothing(domain: Domain, context: PageContext) -> None:
    chosen = state.bench(domain, context.owner)
    if chosen["ingest"]:
        states.loading(240)
    elif domain.sample and (chosen["run"] != "prepared" or samples.prepared_run(domain) is None):
        states.empty(
            "upload_file",
            "No data yet. Upload your own at the top right, or open the sample.",
            "Load the sample",
            key="load_sample",
            on_click=sources.open_sample,
            args=(domain, context.owner, domain.sample),
        )
    else:
        states.empty("upload_file", f"No data yet. Upload at the top right: {domain.upload_help}.", key="no_data")


def _inspected(context: PageContext) -> tuple[list[Mapping[str, Any]], Mapping[str, Any] | None, bool]:
    """Return all findings, the split (the run's, else the one that training would make), and whether all is checked."""
    notes = list(context.about.get("notes", ()))
    drawn = None
    if context.summary and context.run_folder:
        drawn = {"protocol": context.record["protocol"], **context.record["counts"]}
    if context.own:
        asked = {"dataset_id": context.own, "options": options.asked(context), "run": None}
    elif context.run is not None and context.dataset_folder is not None:
        asked = {}  # of the run's own rows under its own split
    else:
        return notes, drawn, True
    result = context.ask("inspect", asked, label="Checking the data")
    if result is None:
        return notes, drawn, False
    if drawn is None and result.get("split"):
        drawn = {**result["split"], "balance": result["balance"]}
    return result["findings"], drawn, True


def _split(split: Mapping[str, Any] | None) -> None:
    if split:
        st.subheader("Split", anchor=False)
        protocol = str(split.get("protocol", ""))
        st.caption(protocol[:1].upper() + protocol[1:])


def _source(context: PageContext) -> None:
    source = context.about.get("source", {})
    with st.expander("Source and licence", icon=":material/gavel:"):
        link = f" ([source]({source['url']}))" if source.get("url") else ""
        st.markdown(f"**{source.get('title') or context.about['name']}**{link}")
        st.markdown(f"Licence: {source.get('licence', 'not stated')}")
        for key in ("simulated", "notice"):
            if source.get(key):
                st.caption(source[key])
