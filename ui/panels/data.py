"""The Data tab: is it read rightly? Preview, findings with mends, balance, coverage, the split, the roles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dl_core.domain import Domain
from ui import kinds
from ui.panels import sources
from ui.shell import jobs, options, samples, state, states, theme
from ui.shell.context import PageContext
from ui.shell.words import count

ORDER = {"error": 0, "warning": 1, "info": 2}
ICONS = {"error": "error", "warning": "warning", "info": "info"}
WORDS = {"error": "Blocks training", "warning": "Warning", "info": "Note"}
NAMED = 24  # rows of a finding that are named


def show(domain: Domain, context: PageContext) -> None:
    """Draw the tab."""
    if context.dataset is None:
        _nothing(domain, context)
        return
    left, right = st.columns([3, 2], gap="large")
    with right:
        findings, split, checked = _inspected(context)
    with left:
        st.subheader("Preview", anchor=False)
        seen = kinds.part(context, "data", "first_look", first_rows)(context)
        _roles(domain, context)
    with right:
        if findings or checked:
            show_findings(context, findings)
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
        st.dataframe(table.head(NAMED), alt=f"The first {context.words.row[1]}")


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
    if not context.own:
        return notes, drawn, True
    asked = {"dataset_id": context.own, "options": options.asked(context), "run": None}
    result = context.ask("inspect", asked, label="Checking the data")
    if result is None:
        return notes, drawn, False
    if drawn is None and result.get("split"):
        drawn = {**result["split"], "balance": result["balance"]}
    return result["findings"], drawn, True


def show_findings(context: PageContext, findings: Sequence[Mapping[str, Any]]) -> None:
    """Draw all findings at once, the worst first, the mendable ones with a switch."""
    st.subheader("Data quality findings", anchor=False)
    if not findings:
        st.success("No issues found: no duplicates, no missing data, no leakage.", icon=":material/check_circle:")
        return
    for at, finding in enumerate(sorted(findings, key=lambda finding: ORDER.get(finding["level"], 3))):
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
                body = st.expander(f"Show rows ({count(total)})", key=f"found_{at}", on_change="rerun")
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


def _roles(domain: Domain, context: PageContext) -> None:
    """Draw how the columns were read, editable for one's own data."""
    about = context.about
    if context.dataset_folder is None:
        return
    kind = context.kind
    made = (*about["roles"].get("history", ()), *kind.made)
    columns = [name for name in about["columns"] if name not in made]
    fixed = about.get("id") is None or context.read_only
    with (
        st.expander("Column roles", icon=":material/edit_note:"),
        st.form(f"{context.key}_roles", border=False),
    ):
        wanted: dict[str, list[str]] = {}
        for field in domain.schema.fields:
            if field.role in kind.fixed:
                continue
            many = field.many and field.role not in kind.single
            now = [name for name in about["roles"].get(str(field.role), ()) if name in columns]
            title = str(field.role).capitalize() + (" (required)" if field.required else "")
            key = f"role_{about.get('id', 'sample')}_{field.role}"
            if many:
                wanted[str(field.role)] = st.multiselect(title, columns, now, key=key, help=field.help, disabled=fixed)
            else:
                at = columns.index(now[0]) if now else None
                one = st.selectbox(title, columns, at, key=key, help=field.help, disabled=fixed, placeholder="none")
                wanted[str(field.role)] = [one] if one else []
        words = "Inferred from column names. Changing them checks the data again."
        st.caption("These belong to the sample." if about.get("id") is None else words)
        if st.form_submit_button("Apply roles and read again", disabled=fixed):
            jobs.start_roles(domain, context.owner, about["id"], wanted)
            st.rerun()
