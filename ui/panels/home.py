"""The parts of the home page."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dl_core.domain import Domain, domains
from ui import kinds
from ui.panels import estimate
from ui.shell import first_paint, frame, live, samples, services, state, states
from ui.shell.words import about, count, number, size, when

YOU_GET = "Models compared with simple baselines, explanations, a bias check, predictions and a report"
WIDE, NARROW = 320, 250  # pixels of a card: three, or four, stand beside each other on a laptop


def show(known: Mapping[str, Domain], owner: str) -> None:
    """Draw the page."""
    st.title("Daylight", anchor=False)
    st.markdown(
        "Train deep models on your own data, compare them with simple baselines, explain their predictions and "
        "check them for bias."
    )
    later = cards(known)
    running_now(owner)
    last_runs(owner)
    machine_line(owner)
    for domain, place in later:  # charts are slow to draw, so the words come first
        first_paint.pause()
        with place:
            kinds.part(domain, "preview", "draw")(domain)


def cards(known: Mapping[str, Domain]) -> list[tuple[Domain, DeltaGenerator]]:
    """Draw a card for each domain: a real picture, what to upload, what you get, how long.

    Returns the domains with a chart on their card, and its place.
    """
    places, lone = [], len(known) == 1  # a single card would look lost in a grid
    width = NARROW if len(known) > 3 else WIDE
    with st.container() if lone else st.grid("auto", min_column_width=width, gap="medium"):
        for name, domain in known.items():
            with st.container(border=True, height="content" if lone else "stretch"):
                _picture(domain, 8 if lone else 4)
                if (place := _words(name, domain)) is not None:
                    places.append((domain, place))
    return places


def _picture(domain: Domain, wanted: int) -> None:
    strip = kinds.part(domain, "preview", "strip")
    picture = samples.cover(domain) or (strip(domain, wanted) if strip is not None else None)
    if picture is not None and domain.sample is not None:
        st.image(picture, width="stretch", alt=f"From the sample: {domain.sample.title}")
        st.caption(domain.sample.title)


def _words(name: str, domain: Domain) -> DeltaGenerator | None:
    """Draw a card's words and its button; return the place of its chart, where it has one."""
    st.subheader(domain.title, anchor=False)
    st.markdown(domain.purpose)
    st.markdown(f":material/upload: **You bring** {domain.upload_help[:1].lower()}{domain.upload_help[1:]}")
    st.markdown(f":material/insights: **You get** {YOU_GET[:1].lower()}{YOU_GET[1:]}")
    st.markdown(f":material/timer: **It takes** {_how_long(domain)}")
    told = kinds.part(domain, "preview", "words", lambda domain: "")(domain)
    drawn = kinds.part(domain, "preview", "forecast", lambda domain: None)(domain)
    place = st.container() if drawn is not None else None
    if told:
        st.caption(told)
    if domain.notice:
        st.caption(domain.notice)
    if st.button(f"Open {domain.title.lower()}", type="primary", key=f"open_{name}", icon=":material/arrow_forward:"):
        frame.go_to(name)
    return place


def _how_long(domain: Domain) -> str:
    """Return how long the fast preset takes on the sample, as measured."""
    prepared = samples.summary(domain)
    if prepared is None:
        return "about a minute for a first comparison"
    rows = prepared["counts"]["train"]
    seconds = estimate.estimate(domain.presets["fast"], rows, estimate.speeds(prepared), "").seconds
    return f"{about(seconds or prepared['seconds'])} for a first comparison on {count(rows)} {domain.called.row[1]}"


def running_now(owner: str) -> None:
    """Draw this browser's live jobs."""
    jobs = [job for job in services.engine().jobs(owner) if job.live and job.task.endswith((":train", ":ingest"))]
    if not jobs:
        return
    st.subheader("Running now", anchor=False)
    for job in jobs:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            live.follow(job, owner, _line, every=live.TRAIN_EVERY)
            name = job.args.get("domain", "")
            if name in domains() and st.button("Show", key=f"show_{job.id}"):
                if job.task.endswith(":train"):
                    data = job.args["dataset_id"]
                    state.choose(domains()[name], owner, job=job.id, data=data, run=None, watching=True)
                    st.session_state["tab"] = "Train"
                frame.go_to(name)


def _line(job: Any) -> None:
    word = "Training" if job.task.endswith(":train") else "Reading data"
    domain = domains().get(job.args.get("domain", ""))
    title = f"{word}, {domain.title.lower()}" if domain else word
    states.bar(f"{title}: {'waiting for a free worker' if job.state == 'queued' else job.text}", job)


def last_runs(owner: str, most: int = 5) -> None:
    """Draw this browser's last runs."""
    st.subheader("Last runs", anchor=False)
    runs = services.store().runs(owner)[:most]
    if not runs:
        states.empty("history", "No runs yet. Open a domain: its sample is ready.", key="no_runs")
        return
    for run in runs:
        domain = domains().get(run.domain)
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            title = domain.title if domain else run.domain
            st.markdown(f"**{run.name}** · {title} · {run.state} · {when(run.created)}", width="stretch")
            if domain and run.state == "done" and st.button("Open", key=f"open_run_{run.id}"):
                state.open_run(domain, owner, run.id)
                st.session_state["tab"] = "Compare"
                frame.go_to(run.domain)


@cache
def machine() -> dict[str, str]:
    """Return cores, memory, GPU and backend of this machine, without loading a backend."""
    memory = ""
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = f"{number(os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30, 2)} GiB memory"
    gpus = Path("/proc/driver/nvidia/gpus")
    found = len(list(gpus.iterdir())) if gpus.is_dir() else int(shutil.which("nvidia-smi") is not None)
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return {
        "cores": f"{usable} cores",
        "memory": memory,
        "gpu": f"{found} GPU" if found else "no GPU",
        "backend": f"{os.environ.get('KERAS_BACKEND', 'tensorflow')} backend",
    }


def machine_line(owner: str) -> None:
    """Draw one quiet line on the machine and on what this browser's data take up."""
    parts = [part for part in machine().values() if part]
    st.caption(f":material/memory: This machine: {', '.join(parts)}. Your data and runs take {_used(owner)}.")


@st.cache_data(scope="session", ttl=30, show_spinner=False)
def _used(owner: str) -> str:
    return size(services.store().usage(owner))
