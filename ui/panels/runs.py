"""The Runs page: search, filter, open, compare runs of one domain side by side, rename, share, delete."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from dl_core.domain import Domain, domains
from dl_core.engine.base import STATES
from dl_core.errors import DaylightError
from dl_core.evaluate import leading
from ui.shell import charts, choice, dialogs, folders, frame, metric_words, services, state, states, tables, theme
from ui.shell.words import count, duration, estimate, when

MOST_COMPARED = 4


def show(owner: str) -> None:
    """Draw the page."""
    st.title("Runs", anchor=False)
    st.caption("All training runs of this browser. Others see a run only if you share it.")
    records = _filtered(owner)
    if not records:
        if any(st.session_state.get(f"runs_{name}") for name in ("search", "domain", "state")):
            states.empty("search_off", "No matching runs.", "Clear the search", key="clear_runs", on_click=_clear)
        else:
            states.empty("history", "No runs yet. Open a domain and train a model.", key="no_runs_yet")
        return
    columns = {"Models": st.column_config.NumberColumn(), "Shared": st.column_config.CheckboxColumn()}
    event = st.dataframe(
        _table(records),
        hide_index=True,
        key="runs_table",
        on_select="rerun",
        selection_mode="multi-row",
        alt="Runs of this browser, newest first",
        column_config=columns,
    )
    picked = [records[at] for at in event.selection.rows if at < len(records)]
    if not picked:
        st.caption("Select one run to open, rename, share or delete it; select several of one domain to compare them.")
    elif len(picked) == 1:
        _one(picked[0], owner)
    else:
        _several(picked, owner)


def _filtered(owner: str) -> list[Any]:
    """Draw search and filters; return the runs that fit, newest first."""
    known = domains()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input(
            "Search", key="runs_search", placeholder="name", icon=":material/search:", persist_state="session"
        )
        domain = st.selectbox(
            "Domain",
            list(known),
            None,
            format_func=lambda name: known[name].title,
            key="runs_domain",
            placeholder="all",
            persist_state="session",
        )
        wanted = st.selectbox("State", STATES, None, key="runs_state", placeholder="all", persist_state="session")
    return list(services.store().runs(owner, domain=domain, search=search or "", state=wanted))


def _clear() -> None:
    st.session_state.update(runs_search="", runs_domain=None, runs_state=None)


def _summary(record: Any) -> dict[str, Any] | None:
    return folders.run_summary(Path(services.store().run_folder(record.id)))


def _table(records: Sequence[Any]) -> pd.DataFrame:
    known, rows = domains(), []
    for record in records:
        about = _summary(record)
        rows.append(
            {
                "Name": record.name,
                "Domain": known[record.domain].title if record.domain in known else record.domain,
                "State": record.state,
                "Data": about["dataset"]["name"] if about else "",
                "Rows": count(about["dataset"]["rows"]) if about else "",
                "Models": len(about["models"]) if about else None,
                "Duration": duration(about["seconds"]) if about else "",
                "Created": when(record.created),
                "Shared": bool(record.shared),
            }
        )
    return pd.DataFrame(rows)


def _one(record: Any, owner: str) -> None:
    """Draw what can be done with one run."""
    domain = domains().get(record.domain)
    st.subheader(record.name, anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if (
            st.button("Open", type="primary", icon=":material/open_in_new:", key="run_open", disabled=domain is None)
            and domain
        ):
            state.open_run(domain, owner, record.id)
            st.session_state["tab"] = "Compare" if record.state == "done" else "Train"
            frame.go_to(record.domain)
        _opener("Rename", "edit", "rename", record)
        _opener("Share", "share", "share", record)
        _opener("Delete", "delete", "delete", record)
    for name, dialog in (("rename", rename), ("share", share), ("delete", delete)):
        if dialogs.is_open(name, record.id):
            dialog(record, owner)
    if domain and _summary(record):
        _scores([record], domain)


def _opener(label: str, icon: str, name: str, record: Any) -> None:
    """Draw the button that opens a dialog."""
    opened = dialogs.open_dialog
    st.button(label, icon=f":material/{icon}:", key=f"run_{name}", on_click=opened, args=(name, record.id))


@st.dialog("Rename the run", icon=":material/edit:", on_dismiss=dialogs.dismissed)
def rename(record: Any, owner: str) -> None:
    """Ask for a new name."""
    name = st.text_input("Name", record.name, max_chars=80, key="run_new_name")
    if st.button("Save", type="primary", key="run_rename_save", disabled=not name.strip()):
        services.store().rename_run(record.id, owner, name.strip())
        dialogs.close()


@st.dialog("Share the run", icon=":material/share:", on_dismiss=dialogs.dismissed)
def share(record: Any, owner: str) -> None:
    """Share a run by link, or take the link back."""
    st.markdown("Anyone with the link can view this run and its data, read-only.")
    if record.shared:
        st.code(link(record), language=None)
        if st.button("Stop sharing", key="run_unshare"):
            services.store().share_run(record.id, owner, False)
            dialogs.close()
    elif st.button("Create a link", type="primary", key="run_share_on"):
        services.store().share_run(record.id, owner, True)
        dialogs.close()


def link(record: Any) -> str:
    """Return the address at which a shared run opens."""
    here = (st.context.url or "").split("?")[0].rstrip("/")
    base = here.removesuffix("/runs")
    return f"{base}/{record.domain}?run={record.id}&tab=Compare"


@st.dialog("Delete the run", icon=":material/delete:", on_dismiss=dialogs.dismissed)
def delete(record: Any, owner: str) -> None:
    """Ask before deleting for good."""
    st.markdown(
        f"**{record.name}**: models, predictions and reports of this run are deleted permanently. The data set stays."
    )
    if st.button("Delete permanently", type="primary", key="run_delete_yes"):
        try:
            services.store().delete_run(record.id, owner)
        except DaylightError as error:
            states.show_error(error)
            return
        _let_go(record, owner)
        dialogs.close()


def _let_go(record: Any, owner: str) -> None:
    """Take a deleted run off its domain's page."""
    domain = domains().get(record.domain)
    if domain and state.bench(domain, owner)["run"] == record.id:
        state.choose(domain, owner, run=None, job=None)


def _several(picked: Sequence[Any], owner: str) -> None:
    names = {record.domain for record in picked}
    if len(names) > 1:
        st.info("Runs of different domains have different metrics. Select runs of one domain.")
        return
    if len(picked) > MOST_COMPARED:
        st.info(f"Select at most {MOST_COMPARED} runs to keep the chart readable.")
        return
    domain = domains().get(next(iter(names)))
    done = [record for record in picked if _summary(record)]
    if domain is None or len(done) < 2:
        st.info("Only finished runs can be compared.")
        return
    st.subheader("Comparison of runs", anchor=False)
    for warning in warnings([_facts(record) for record in done]):
        st.warning(warning, icon=":material/warning:")
    _scores(done, domain)


def _facts(record: Any) -> dict[str, Any]:
    """Return what decides whether two runs may be compared."""
    about = _summary(record) or {"dataset": {"fingerprint": ""}, "protocol": ""}
    splits = folders.splits(Path(services.store().run_folder(record.id))) or {}
    return {
        "name": record.name,
        "fingerprint": about["dataset"]["fingerprint"],
        "protocol": about["protocol"],
        "test": frozenset(splits.get("test", ())),
    }


def warnings(facts: Sequence[dict[str, Any]]) -> list[str]:
    """Return what speaks against comparing these runs, as sentences that say what it means."""
    found = []
    if len({fact["fingerprint"] for fact in facts}) > 1:
        found.append("These runs used different data sets: differences may be due to the data, not the models.")
    elif len({fact["test"] for fact in facts}) > 1:
        found.append("These runs were evaluated on different test rows: small differences are not meaningful.")
    if len({fact["protocol"] for fact in facts}) > 1:
        found.append("Their split protocols differ: " + "; ".join(f"{f['name']}: {f['protocol']}" for f in facts))
    return found


def _label(name: str) -> str:
    """Return a metric in words; of lists without their length, which differs between runs."""
    return metric_words.metric(name).label.partition("@")[0]


def _scores(records: Sequence[Any], domain: Domain) -> None:
    """Draw the scores of all models of the runs, with intervals, as dots and as a table."""
    found = []
    for record in records:
        folder = Path(services.store().run_folder(record.id))
        about, judged = _summary(record), folders.evaluation(folder)
        if about is None or judged is None:
            continue
        st.caption(f"**{record.name}**: {about['dataset']['name']}, {about['protocol']}")
        found.append(judged.metrics.assign(run=record.name, run_id=record.id))
    if not found:
        return
    scores = pd.concat(found, ignore_index=True)
    metrics = [name for name in domain.metrics if name in set(scores["metric"])]
    metric = choice.in_box("Metric", {name: _label(name) for name in metrics}, "runs_metric")
    shown = leading.ranked(metric_words.metric(metric), scores[scores["metric"] == metric])
    colours = theme.model_colours(domain.models)
    rows = []
    for entry in shown.to_dict("records"):
        offer = domain.models.get(entry["model"])
        label = offer.label if offer else entry["model"]
        title = label if len(records) == 1 else f"{label} · {entry['run']}"
        rows.append({**entry, "label": title, "colour": colours.get(entry["model"], theme.GREYS[0])})
    title = "Dots are test scores, whiskers their 95 % intervals"
    chart = charts.dots(rows, title, x=_label(metric))
    said = "; ".join(f"{row['label']} {estimate(row['value'], row['low'], row['high'])}" for row in rows)
    charts.draw(chart, f"{metric} by model. {said}.", key="runs_dots")
    text = [
        {"Run": row["run"], "Model": row["label"], metric: estimate(row["value"], row["low"], row["high"], row["n"])}
        for row in rows
    ]
    tables.show(text, f"{metric} of each model with interval and n")
