"""Lists of every user, or of those in a file, made block by block in a worker and taken along."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dl_core.domain import Domain
from dl_core.errors import counted
from ui.shell import choice, downloads, states, tables, uploads
from ui.shell.context import PageContext
from ui.shell.words import count, duration, size

FORMATS = {"csv": "CSV", "parquet": "Parquet"}
MOST_PLACES = 100
MANY_ROWS = 1_000_000


def show(domain: Domain, context: PageContext) -> None:
    """Draw the form, and the file once it was made."""
    if context.read_only:
        st.caption("This run is shared read-only; its users' data stay with their owner.")
        return
    left, right = st.columns([2, 1], gap="large")
    with left:
        title = "Only for some users, or with new interactions: a file with a user column, and an item column for "
        files = st.file_uploader(f"{title}new interactions", accept_multiple_files=True, key=f"{context.key}_new_files")
    with right:
        asked = _form(context)
    place = f"{context.key}_all_lists"
    words = (
        "Generate recommendations for this file"
        if files
        else f"Generate recommendations for all {_users(context)}users"
    )
    if st.button(words, type="primary", icon=":material/playlist_add:", key=f"{context.key}_make_lists"):
        folder = uploads.taken(files, context.owner) if files else None
        if folder is not None or not files:
            st.session_state[place] = asked, ({"upload": folder, "keep": True} if files else {})
    wanted = st.session_state.get(place)
    if not wanted:
        states.empty(
            "playlist_add",
            "One model's recommendations for every user, as a file. Choose a model above.",
            key="no_lists",
        )
        return
    many = context.about.get("rows", 0) > MANY_ROWS  # these keep a worker busy: not the one that answers quickly
    (question, cases), lane = wanted, "train" if many else "quick"
    result = context.probe("recommend_all", question, cases=cases, label="Generating recommendations", lane=lane)
    if result is not None:
        _result(context, result)


def _users(context: PageContext) -> str:
    overview = context.record.get("dataset", {}).get("users")
    return f"{count(overview)} " if overview else ""


def _form(context: PageContext) -> dict[str, Any]:
    model = choice.model(context, "all_model")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        k = st.number_input(
            "Items per user (k)", 1, MOST_PLACES, 10, key=f"{context.key}_all_k", persist_state="session"
        )
        ending = choice.one_of("File", FORMATS, f"{context.key}_all_format", default="csv")
    return {"model": model, "k": int(k), "format": ending}


def _result(context: PageContext, result: dict[str, Any]) -> None:
    """Say what was made, offer the file, and show its first lists."""
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(
            f":material/check_circle: **{counted(result['users'], 'user')}**, {counted(result['rows'], 'line')} by "
            f"{result['label']} in {duration(result['seconds'])}",
            width="content",
        )
        path = context.path(result["file"])
        label, name = (
            f"Download ({FORMATS[result['format']]}, {size(result['bytes'])})",
            f"recommendations{path.suffix}",
        )
        downloads.offer(label, path, name, key=f"{context.key}_all_download")
    for note in result["notes"]:
        st.info(note, icon=":material/info:")
    look = {"row_height": 30, "column_config": {"score": st.column_config.NumberColumn(format="%.4g")}}
    tables.show(result["first"], "First recommendations of the file", height=360, **look)
    st.caption(
        "First recommendations of the file. Scores rank items within one model and are not comparable between models."
    )
