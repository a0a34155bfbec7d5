"""The Data tab: is it read rightly? Preview, findings with mends, balance, coverage, the split, the roles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dl_core.domain import Domain
from ui import charts, jobs, preview, reading, state, states, theme
from ui.context import PageContext
from ui.words import count, percent

ORDER = {"error": 0, "warning": 1, "info": 2}
ICONS = {"error": "error", "warning": "warning", "info": "info"}
WORDS = {"error": "Blocks training", "warning": "Warning", "info": "Note"}
PARTS = {"train": "Train", "validation": "Validation", "test": "Test"}
PART_COLOURS = {"Train": theme.DEEP[0], "Validation": theme.DEEP[4], "Test": theme.DEEP[2]}


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
        preview.show(context)
        _roles(domain, context)
    with right:
        if findings or checked:
            show_findings(context, findings)
        _balance(context, split)
        _coverage(context)
        _source(context)


def _nothing(domain: Domain, context: PageContext) -> None:
    chosen = state.bench(domain, context.owner)
    if chosen["ingest"]:
        states.loading(240)
    elif domain.sample and chosen["run"] != "prepared":
        states.empty(
            "upload_file",
            "No data yet. Upload your own at the top right, or look around with the sample.",
            "Load the sample",
            key="load_sample",
            on_click=state.open_sample,
            args=(domain, context.owner),
        )
    else:
        states.empty("upload_file", f"No data yet. Upload at the top right: {domain.upload_help}.", key="no_data")


def _inspected(context: PageContext) -> tuple[list[Mapping[str, Any]], Mapping[str, Any] | None, bool]:
    """Return all findings, the split (the run's, else the one that training would make), and whether all is checked."""
    notes = list(context.dataset.get("notes", ()))
    drawn = None
    if context.summary and context.run_folder:
        drawn = {"protocol": context.summary["protocol"], **context.summary["counts"]}
    if not context.dataset.get("id"):
        return notes, drawn, True
    asked = {"dataset_id": context.dataset["id"], "options": {}, "run": None}
    result = context.ask("inspect", asked, label="Checking the data")
    if result is None:
        return notes, drawn, False
    if drawn is None and result.get("split"):
        drawn = {**result["split"], "parts": result["parts"]}
    return result["findings"], drawn, True


def show_findings(context: PageContext, findings: Sequence[Mapping[str, Any]]) -> None:
    """Draw all findings at once, the worst first, the mendable ones with a switch."""
    st.subheader("What was found", anchor=False)
    if not findings:
        st.success("Nothing to worry about: no duplicates, no gaps, no leaks.", icon=":material/check_circle:")
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
                        preview.rows_with_pictures(context, list(rows))


def _mend(context: PageContext, kind: str) -> None:
    """Draw the switch that mends a finding before training."""
    mended = state.bench(context.domain, context.owner)["mend"]
    done = kind in mended
    st.button(
        "Will be mended" if done else "Mend before training",
        icon=":material/check:" if done else ":material/build:",
        key=f"mend_{kind}",
        disabled=context.dataset.get("id") is None,
        help="Takes these rows out of the training part; test rows are never touched. Press again to undo.",
        on_click=lambda: mended.remove(kind) if kind in mended else mended.append(kind),
    )


def _balance(context: PageContext, split: Mapping[str, Any] | None) -> None:
    """Draw how many rows each class has in each part of the split."""
    table, column = context.table(), preview.label_column(context.dataset)
    if split:
        st.subheader("Split", anchor=False)
        st.caption(str(split.get("protocol", "")))
    counted = _class_counts(context, table, column, (split or {}).get("parts"))
    if counted:
        total = {name: sum(parts.values()) for name, parts in counted.items()}
        smallest = min(total, key=lambda name: total[name])
        share = total[smallest] / max(1, sum(total.values()))
        balanced = share * len(total) > 0.8  # the rarest class has at least 80 % of its even share
        title = "The classes are balanced" if balanced else f"{smallest} is the rarest class: {percent(share)} of rows"
        chart = charts.stacked(counted, title, x="Rows", colours={**PART_COLOURS, "Rows": theme.DEEP[0]})
        words = "; ".join(f"{name}: {count(number)}" for name, number in total.items())
        charts.draw(chart, f"Rows by class and part of the split. {words}.", key="balance")
    elif split:
        parts = {"Rows": {PARTS[part]: split[part] for part in PARTS}}
        chart = charts.stacked(parts, "How the rows are shared out", x="Rows", colours=PART_COLOURS)
        charts.draw(chart, f"Rows by part of the split: {parts['Rows']}.", key="balance")


def _class_counts(
    context: PageContext, table: pd.DataFrame | None, column: str | None, parts: Mapping[str, str] | None
) -> dict[str, dict[str, int]] | None:
    """Return rows by class and part, or by class alone before there is a split."""
    if table is None or column is None or not context.classes:
        return None
    labels = table[column].astype("object")
    splits = reading.splits(context.run_folder) if context.run_folder else None
    if splits is not None:
        parts = {row: part for part in PARTS for row in splits[part]}
    if not parts:
        return {name: {"Rows": int((labels == name).sum())} for name in context.classes}
    part_of = pd.Series({row: PARTS[part] for row, part in parts.items()}, dtype="object")
    pairs = pd.crosstab(labels, part_of.reindex(labels.index))
    wanted = [part for part in PARTS.values() if part in pairs.columns]
    return {
        name: {part: int(pairs.at[name, part]) for part in wanted} for name in context.classes if name in pairs.index
    }


def _coverage(context: PageContext) -> None:
    """Draw how much of each metadata column is filled."""
    table, label = context.table(), preview.label_column(context.dataset)
    if table is None:
        return
    columns = [name for name in table.columns if name != label][:12]
    if not columns:
        st.caption("No metadata came with the data, so bias is checked on what the images show.")
        return
    with st.expander(f"Metadata ({count(len(columns))} columns)", icon=":material/table_rows:"):
        rows = [
            {"Column": name, "Filled": float(table[name].notna().mean()), "Values": int(table[name].nunique())}
            for name in columns
        ]
        st.dataframe(
            pd.DataFrame(rows),
            hide_index=True,
            alt="How much of each metadata column is filled",
            column_config={"Filled": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1)},
        )


def _source(context: PageContext) -> None:
    source = context.dataset.get("source", {})
    with st.expander("Source and licence", icon=":material/gavel:"):
        link = f" ([source]({source['url']}))" if source.get("url") else ""
        st.markdown(f"**{source.get('title') or context.dataset['name']}**{link}")
        st.markdown(f"Licence: {source.get('licence', 'not stated')}")
        for key in ("simulated", "notice"):
            if source.get(key):
                st.caption(source[key])


def _roles(domain: Domain, context: PageContext) -> None:
    """Draw how the columns were read, editable for one's own data."""
    about, table = context.dataset, context.table()
    if table is None:
        return
    fixed = about.get("id") is None or context.read_only
    with (
        st.expander("How the columns were read", icon=":material/edit_note:"),
        st.form(f"{context.key}_roles", border=False),
    ):
        wanted: dict[str, list[str]] = {}
        for field in domain.schema.fields:
            if field.role == "image":
                continue
            now = list(about["roles"].get(str(field.role), ()))
            title = str(field.role).capitalize() + (" (needed)" if field.required else "")
            key = f"role_{about.get('id', 'sample')}_{field.role}"
            columns = list(table.columns)
            if field.many:
                wanted[str(field.role)] = st.multiselect(title, columns, now, key=key, help=field.help, disabled=fixed)
            else:
                at = columns.index(now[0]) if now else None
                one = st.selectbox(title, columns, at, key=key, help=field.help, disabled=fixed, placeholder="none")
                wanted[str(field.role)] = [one] if one else []
        words = "Guessed from the columns' names. Changing them checks the data again."
        st.caption("These belong to the sample." if about.get("id") is None else words)
        if st.form_submit_button("Read again with these roles", disabled=fixed):
            jobs.start_roles(domain, context.owner, about["id"], wanted)
            st.rerun()
