"""The strip under a domain page's header: which data, how they were split, which run, and how long it still takes."""

from __future__ import annotations

import streamlit as st

from dl_core.errors import counted
from ui.shell import readings, states
from ui.shell.context import PageContext
from ui.shell.words import about, duration, escaped


def show(context: PageContext) -> None:
    """Draw the strip."""
    with st.container(gap=None, key="strip"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            waiting = _question(context)
            _data(context)
            _run(context)
        protocol = context.record["protocol"] if context.summary else ""
        words = [protocol[:1].upper() + protocol[1:]] if protocol else []
        if waiting:
            words.append("Until the question on the Data tab is answered, the other tabs show the earlier data.")
        elif context.prepared:
            words.append("This is the sample. Upload your own to replace it.")
        if any(about.get("refit") for about in context.models.values()):
            words.append(
                "Scores come from models that never saw the test rows; those in use were then refit on all rows."
            )
        if words:
            st.caption(" · ".join(words))


def _question(context: PageContext) -> bool:
    """Name the upload that waits for an answer, and return whether there is one."""
    card = readings.card(context.domain, context.owner)
    if card is None or card.reading is None or not card.reading.open:
        return False
    name = escaped(card.asked.get("name", "Your upload"))
    st.badge(f"{name}: a question is open", icon=":material/help:", color="orange")
    return True


def _data(context: PageContext) -> None:
    data = context.dataset
    if data is None:
        st.markdown("No data set yet", width="content")
        return
    st.markdown(f"**{data['name']}** · {counted(data['rows'], *context.words.row)}", width="content")
    simulated = data.get("source", {}).get("simulated")
    if simulated:
        st.badge(f"Simulated: {simulated}", icon=":material/science:", color="violet")
    if context.read_only:
        st.badge("Shared with you, read-only", icon=":material/visibility:", color="gray")


def _run(context: PageContext) -> None:
    job = context.job
    if job is not None and job.state != "done":
        states.badge(job.state, f", {about(job.seconds_left)} left" if job.live and job.seconds_left else "")
    elif context.summary:
        word = "Prepared run" if context.prepared else context.name or "Run"
        st.badge(
            f"{word} · {counted(len(context.models), 'model')} in {duration(context.summary['seconds'])}",
            icon=":material/check:",
            color="green",
        )
    elif context.dataset is not None:
        st.badge("Not trained yet", icon=":material/model_training:", color="gray")
