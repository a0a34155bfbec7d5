"""A training that runs: a bar for each model, live curves, time left. Drawn anew each second by the page's fragment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from ui.shell import charts, services, states
from ui.shell.context import PageContext
from ui.shell.words import number

EVENTS = "_events"  # session key: the events of the one training on show


@dataclass
class ModelProgress:
    """What the events tell about one model so far: ``done`` is 0…1, ``epochs`` the history of losses."""

    state: str = "waiting"
    done: float = 0.0
    text: str = ""
    epochs: list[Mapping[str, Any]] = field(default_factory=list)


def collect(events: Sequence[Mapping[str, Any]], models: Sequence[str]) -> dict[str, ModelProgress]:
    """Return each model's progress from a training's events; an event without a model belongs to the one that runs.

    An epoch that stands twice (after a resume) is taken once, the later one.
    """
    found = {name: ModelProgress() for name in models}
    running: str | None = None
    for event in events:
        kind, name = event.get("event"), event.get("model") or running
        if name not in found:
            continue
        progress = found[name]
        if kind == "model":
            progress.state = event.get("state", progress.state)
            progress.done = 1.0 if progress.state == "done" else progress.done
            progress.text = event.get("reason", "") or progress.text
            running = name if progress.state == "running" else running
        elif kind == "progress":
            progress.done = max(progress.done, min(1.0, float(event.get("done") or 0.0)))
            progress.text = event.get("text", progress.text)
        elif kind == "epoch":
            progress.epochs = [entry for entry in progress.epochs if entry["epoch"] != event["epoch"]] + [event]
    return found


def events_of(job: Any) -> list[dict[str, Any]]:
    """Return all events of the job, reading only what is new since the last look."""
    kept = st.session_state.get(EVENTS)
    if kept is None or kept["job"] != job.id or kept["attempt"] != job.attempt:
        kept = st.session_state[EVENTS] = {"job": job.id, "attempt": job.attempt, "events": [], "last": 0}
    fresh = services.engine().events(job.id, after=kept["last"], owner=job.owner)
    if fresh:
        kept["events"].extend(fresh)
        kept["last"] = fresh[-1]["n"]
    return kept["events"]


def draw(context: PageContext, job: Any) -> None:
    """Draw the running training."""
    if job.state == "queued":
        words = f"{job.ahead} ahead in the queue" if job.ahead else "starts as soon as a worker is free"
        st.progress(0.0, text=f"Waiting: {words}. One training runs at a time on this machine.")
    else:
        states.bar(job.text or "Starting", job)
    models = list(job.args["models"])
    progress = collect(events_of(job), models)
    left, right = st.columns([2, 3], gap="large")
    with left:
        for name in models:
            _bar(context, name, progress[name])
    with right:
        _curves(context, progress)


def _bar(context: PageContext, name: str, progress: ModelProgress) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**{context.label(name)}**", width="content")
        states.badge(progress.state)
    st.progress(progress.done, text=progress.text or None)


def _curves(context: PageContext, progress: Mapping[str, ModelProgress]) -> None:
    """Draw what epochs bring, of every model that learns in them: loss, or how good lists and forecasts are."""
    learning, series = context.kind.learning, []
    for name, one in progress.items():
        epochs = [entry["epoch"] for entry in one.epochs]
        for key, dash, word in learning.lines:
            values = [entry.get(key) for entry in one.epochs]
            if epochs and all(value is not None for value in values):
                label = f"{context.label(name)}{word}"
                colour = context.colour(name)
                series.append({"name": label, "x": epochs, "y": values, "colour": colour, "dash": dash})
    if not series:
        st.caption("Learning curves appear here for models trained in epochs.")
        st.skeleton(height=220)
        return
    chart = charts.lines(series, learning.title, x="Epoch", y=learning.axis)
    last = "; ".join(f"{one['name']} {number(one['y'][-1])}" for one in series)
    charts.draw(chart, f"{learning.axis} by epoch. Now: {last}.", key="live_curves")
