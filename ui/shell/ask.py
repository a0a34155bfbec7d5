"""Quick questions to the workers: asked once, answered from the session afterwards, with designed states in between."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import streamlit as st

from dl_core.errors import AccessError
from dl_core.tasks.prepared import kept_answer
from ui.shell import folders, live, services, states

ANSWERS, ASKED = "_answers", "_asked"  # session keys: results by question, job ids by question
KEPT = 40  # answers a session keeps; older ones are asked again


class Asker(Protocol):
    """Who asks: what has to be known of a `PageContext`."""

    @property
    def owner(self) -> str: ...
    @property
    def run(self) -> Mapping[str, str] | None: ...
    @property
    def run_folder(self) -> Path | None: ...
    @property
    def prepared(self) -> bool: ...


def question_key(owner: str, task: str, args: Mapping[str, Any]) -> str:
    """Return 24 hex digits that are the same for the same question of the same owner."""
    text = json.dumps([owner, task, args], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def ask(
    context: Asker, task: str, args: Mapping[str, Any], *, label: str, lane: str = "quick"
) -> dict[str, Any] | None:
    """Return the result of a quick task, or draw its state and return None.

    ``run`` and ``owner`` are added to ``args`` from the context unless they stand there. The first call with given
    arguments submits a job; while it runs a progress bar stands in this place; when it is done the page is drawn again
    and the same call returns the result at once, also after a tab or page switch. After a failure the error and a
    button "Try again" are shown. Call it from the body of a panel, not from inside a fragment of your own.

    Parameters
    ----------
    context : Asker
        The page's context.
    task : str
        A verb of ``dl_core.tasks``: "compare", "explain" …
    args : mapping
        Plain JSON.
    label : str
        What is happening, for people: "Comparing the models".
    lane : str
        ``"quick"`` for the resident worker, ``"train"`` for long work.
    """
    full = {"run": dict(context.run) if context.run else None, "owner": context.owner, **args}
    changed = folders.stamp(context.run_folder / "run.json") if context.run_folder else 0
    key = question_key(context.owner, task, {**full, "changed": changed})  # a rebuilt run is asked anew
    answers: dict[str, Any] = st.session_state.setdefault(ANSWERS, {})
    if key in answers:
        return answers[key]
    if (brought := kept(context, task, args)) is not None:
        answers[key] = brought  # the prepared run brings the answers to what each tab asks first
        return brought
    job = _job(key, task, full, context.owner, lane)
    if job.live:
        live.follow(job, context.owner, lambda now: states.working(label, now))
        return None
    if job.state == "done":
        while len(answers) >= KEPT:
            answers.pop(next(iter(answers)))
        answers[key] = job.result
        return job.result
    states.failed(job.error or {"line": f"{label} was stopped."}, job.id, retry=lambda: forget(key), key=f"retry_{key}")
    return None


def kept(context: Asker, task: str, args: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the answer to this question that the prepared run brings, which costs nothing to ask, or None."""
    if not context.prepared or context.run_folder is None:
        return None
    return kept_answer(context.run_folder, task, args)


def forget(key: str) -> None:
    """Drop a question, so that it is asked anew."""
    st.session_state.get(ANSWERS, {}).pop(key, None)
    st.session_state.get(ASKED, {}).pop(key, None)


def _job(key: str, task: str, args: dict[str, Any], owner: str, lane: str) -> Any:
    """Return the job that answers this question, submitting it if this session has not yet."""
    asked: dict[str, str] = st.session_state.setdefault(ASKED, {})
    if key in asked:
        with contextlib.suppress(AccessError):  # an old job's record is cleared away: ask again
            return services.engine().get(asked[key], owner=owner)
    job = services.submit(task, args, owner=owner, lane=lane, key=key, reuse=True)
    asked[key] = job.id
    return job
