"""Where data come from, at the right of a domain's header: Sample, Upload, Known data sets, Earlier data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from dl_core.data.catalogue import KnownData
from dl_core.domain import Domain, Sample
from dl_core.errors import DaylightError
from ui import kinds
from ui.shell import dialogs, readings, samples, services, state, states, uploads
from ui.shell.context import PageContext
from ui.shell.words import count, size, when

DELETE = "_delete_data"  # session key: the data set whose deletion was asked for once


def show(context: PageContext) -> None:
    """Draw the buttons; each but the sample opens a dialog."""
    domain, owner = context.domain, context.owner
    with st.container(horizontal=True, horizontal_alignment="right", gap="small", key="sources"):
        if domain.more_samples:
            _opener(domain, "Samples", "science", "samples")
        elif domain.sample:
            st.button(
                "Sample",
                icon=":material/science:",
                key="source_sample",
                on_click=open_sample,
                args=(domain, owner, domain.sample),
                help=domain.sample.title,
            )
        _opener(domain, "Upload", "upload", "upload", type="primary")
        if known_sets(domain):
            _opener(domain, "Known data sets", "public", "known")
        _opener(domain, "Earlier data", "history", "earlier")
    for name, dialog in (("samples", choose_sample), ("upload", upload), ("known", known), ("earlier", earlier)):
        if dialogs.is_open(name, domain.name):
            dialog(domain, owner)


def open_sample(domain: Domain, owner: str, sample: Sample) -> None:
    """Put a sample on the page, from a button: with the run that ships with it, else read and ready to train."""
    if sample is domain.sample and samples.prepared_run(domain) is not None:
        readings.close(domain, owner)
        state.open_sample(domain, owner)
    else:
        readings.start(domain, owner, {"sample": Path(sample.folder).name, "name": sample.title})
    st.session_state["tab"] = "Data"
    dialogs.dismissed()


def _opener(domain: Domain, label: str, icon: str, name: str, **options: Any) -> None:
    """Draw the button that opens a dialog."""
    st.button(
        label,
        icon=f":material/{icon}:",
        key=f"source_{name}",
        on_click=dialogs.open_dialog,
        args=(name, domain.name),
        **options,
    )


def known_sets(domain: Domain) -> Sequence[KnownData]:
    """Return the domain's public data sets, whether it lists them or has a function that does."""
    return domain.known_data


@st.dialog("Samples", width="medium", icon=":material/science:", on_dismiss=dialogs.dismissed)
def choose_sample(domain: Domain, owner: str) -> None:
    """List the data that ship with the project."""
    for sample in samples.every(domain):
        name = Path(sample.folder).name
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            done = sample is domain.sample and samples.prepared_run(domain) is not None
            words = "With a finished training run." if done else "No training yet."
            st.markdown(f"**{sample.title}**  \n{words}", width="stretch")
            if st.button("Open", key=f"open_sample_{name}", type="primary" if done else "secondary"):
                open_sample(domain, owner, sample)
                st.rerun()


@st.dialog("Upload your data", width="medium", icon=":material/upload:", on_dismiss=dialogs.dismissed)
def upload(domain: Domain, owner: str) -> None:
    """Take files, or a whole folder, and have them read in a worker."""
    st.markdown(domain.upload_help + ".")
    hint = kinds.part(domain, "upload", "FOLDER")
    folder = hint is not None and st.toggle("Upload a whole folder", key="upload_folder", help=hint)
    files = st.file_uploader(
        "Folder" if folder else "Files",
        accept_multiple_files="directory" if folder else True,
        key="upload_files_folder" if folder else "upload_files",
    )
    name = st.text_input("Name of the data set", key="upload_name", placeholder="taken from the file", max_chars=80)
    if domain.notice:
        privacy = kinds.part(domain, "upload", "PRIVACY", "")
        st.caption(f"{domain.notice} {privacy}The files stay on this machine and belong to this browser.")
    if st.button("Read the files", type="primary", key="upload_read", disabled=not files):
        try:
            where, total = uploads.write_upload(files, owner)
            title = name.strip() or files[0].name.replace("\\", "/").split("/")[0].rsplit(".", 1)[0]
            readings.start(domain, owner, {"upload": where, "name": title[:80]})
        except DaylightError as error:
            states.show_error(error)
        else:
            st.toast(f"{size(total)} received", icon=":material/check:")
            st.session_state["tab"] = "Data"
            dialogs.close()


@st.dialog("Known data sets", width="large", icon=":material/public:", on_dismiss=dialogs.dismissed)
def known(domain: Domain, owner: str) -> None:
    """Offer public data sets with task, size and licence."""
    st.caption("Downloaded once from the publisher, verified by checksum, then cached on this machine.")
    sets = {data.name: data for data in known_sets(domain)}
    picked = st.selectbox("Data set", list(sets), format_func=lambda name: sets[name].title, key="known_name")
    data = sets[picked]
    st.markdown(f"{data.task}\n\n**Size** {size(data.size_bytes)} · **Licence** {data.licence} · [Source]({data.url})")
    if st.button("Download and read", type="primary", key="known_read", icon=":material/download:"):
        readings.start(domain, owner, {"known": picked, "name": data.title})
        st.session_state["tab"] = "Data"
        dialogs.close()


@st.dialog("Earlier data", width="large", icon=":material/history:", on_dismiss=dialogs.dismissed)
def earlier(domain: Domain, owner: str) -> None:
    """List this browser's data sets: open or delete."""
    records = services.store().datasets(owner, domain=domain.name)
    if not records:
        states.empty("history", "Data sets you upload are listed here.", key="no_earlier")
        return
    for record in records:
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            st.markdown(f"**{record.name}** · {count(record.rows)} rows · {when(record.created)}", width="stretch")
            if st.button("Open", key=f"open_data_{record.id}"):
                readings.close(domain, owner)
                state.open_data(domain, owner, record.id)
                dialogs.close()
            hint = "Deletes the data set from this machine. Its runs keep their metrics but show no single cases."
            if st.session_state.get(DELETE) == record.id:
                if st.button("Delete permanently", key=f"really_{record.id}", type="primary", help=hint):
                    _delete(domain, owner, record.id)
            else:
                asked = {DELETE: record.id}
                st.button(
                    "Delete", key=f"delete_{record.id}", help=hint, on_click=st.session_state.update, kwargs=asked
                )


def _delete(domain: Domain, owner: str, dataset_id: str) -> None:
    """Delete a data set for good, after the second press."""
    st.session_state.pop(DELETE, None)
    try:
        services.store().delete_dataset(dataset_id, owner, runs="keep")
    except DaylightError as error:
        states.show_error(error)
        return
    if state.bench(domain, owner)["data"] == dataset_id:
        readings.close(domain, owner)
        if samples.prepared_run(domain) is not None:
            state.open_sample(domain, owner)
        else:
            state.choose(domain, owner, run=None, data=None, job=None, mend=[])
    dialogs.close()
