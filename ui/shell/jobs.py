"""Starting and following the two long jobs of a page: reading data and training."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import streamlit as st

from dl_core.domain import Domain
from dl_core.errors import DaylightError
from ui.shell import live, options, services, state, states
from ui.shell.context import PageContext

SAFE_DATA = "Nothing was stored; your earlier data are untouched."


def start_ingest(domain: Domain, owner: str, args: dict[str, Any], then: dict[str, Any] | None = None) -> None:
    """Read data in a worker; ``then`` is a training to start as soon as they are there.

    It stands in the job's record, so that it starts even if the page was reloaded meanwhile.
    """
    full = {"domain": domain.name, "owner": owner, **args, **({"then": then} if then else {})}
    job = services.submit("ingest", full, owner=owner, key=_key(full))
    state.choose(domain, owner, ingest=job.id)


def start_roles(
    domain: Domain,
    owner: str,
    dataset_id: str,
    roles: dict[str, list[str]],
    options: dict[str, Any] | None = None,
) -> None:
    """Read a data set again with other roles or read options, in a worker; the one there stays as it is."""
    full = {"domain": domain.name, "owner": owner, "dataset_id": dataset_id, "roles": roles}
    full |= {"options": options} if options else {}
    job = services.submit("reassign", full, owner=owner, key=_key(full))
    state.choose(domain, owner, ingest=job.id)


def start_training(domain: Domain, owner: str, dataset_id: str, form: dict[str, Any]) -> None:
    """Train as ``form`` says (``models``, ``seed``, ``options``, ``mend``, ``time_budget``, ``name``).

    Pressing the button twice leaves one training: the second finds the first under its key.
    """
    wanted = {name: form.get(name) for name in ("models", "seed", "options", "mend", "time_budget")}
    spec = {"models": list(form["models"]), "seed": form["seed"], "options": form["options"]}
    record = services.store().add_run(owner, domain.name, dataset_id, "", form["name"], spec)
    args = {"run_id": record.id, "dataset_id": dataset_id, "domain": domain.name, "owner": owner, **wanted}
    job = services.submit("train", args, owner=owner, lane="train", key=_key({**args, "run_id": ""}))
    if job.args["run_id"] != record.id:
        services.store().delete_run(record.id, owner)
    else:
        services.store().update_run(record.id, job_id=job.id)
    state.choose(domain, owner, job=job.id, data=dataset_id, watching=True)


def take_in(domain: Domain, owner: str) -> None:
    """Take in a finished reading job: open its data set, and start the training that waited for it."""
    chosen = state.bench(domain, owner)
    if not chosen["ingest"]:
        return
    job = services.engine().get(chosen["ingest"], owner=owner)
    if job.state != "done":
        return
    then = job.args.get("then")
    chosen.update(ingest=None)
    st.session_state[options.READ + job.result["dataset_id"]] = job.args.get("options") or {}
    if then:
        start_training(domain, owner, job.result["dataset_id"], then)
        return
    state.open_data(domain, owner, job.result["dataset_id"])


def show_ingest(context: PageContext) -> None:
    """Draw a reading job that runs, or that failed, above the tabs."""
    chosen = state.bench(context.domain, context.owner)
    if not chosen["ingest"]:
        return
    job = services.engine().get(chosen["ingest"], owner=context.owner)
    if job.live:
        with st.container(border=True):
            live.follow(job, context.owner, lambda now: states.bar(f"Reading the data: {now.text or 'starting'}", now))
            st.button("Cancel", icon=":material/close:", key="cancel_ingest", on_click=cancel, args=(context, job.id))
        return
    if job.state == "failed":
        with st.container(border=True):
            states.failed(
                job.error or {},
                job.id,
                safe=SAFE_DATA,
                retry=lambda: chosen.update(ingest=None),
                key="dismiss_ingest",
                button="Close",
            )
    else:
        st.info("Reading was cancelled. Your earlier data are untouched.", icon=":material/block:")
        chosen.update(ingest=None)


def cancel(context: PageContext, job_id: str) -> None:
    """Cancel a job, from a button."""
    _tell(context, services.engine().cancel, job_id)


def resume(context: PageContext, job_id: str) -> None:
    """Go on from the last checkpoint of a failed or cancelled training, from a button."""
    if _tell(context, services.engine().resume, job_id):
        state.choose(context.domain, context.owner, watching=True)


def _tell(context: PageContext, verb: Callable[..., Any], job_id: str) -> bool:
    """Have the engine do something with a job; where it cannot, note why, and return False."""
    try:
        verb(job_id, owner=context.owner)
    except DaylightError as error:
        state.choose(context.domain, context.owner, notes=[error.line()])
        return False
    return True


def _key(args: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(args, sort_keys=True, default=str).encode()).hexdigest()[:24]
