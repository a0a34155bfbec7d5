"""Reading data in a worker, and the card that says how they were read: one upload, as many answers as it takes.

An upload is kept until its card is closed. Each answer is a job of its own on the same files; what was answered stands
in the job's arguments, so that a reload or tomorrow's visit finds the card as it was.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from dl_core.data.reading import Reading
from dl_core.domain import Domain
from dl_core.errors import AccessError, BusyError
from ui.shell import jobs, live, options, services, state, states
from ui.shell.context import PageContext

SAFE_UPLOAD = "Nothing is lost: your files are still here, and so are your earlier data."
SAFE_DATA = "Nothing was stored; your earlier data are untouched."

Roles = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Card:
    """How the files of an upload were understood, and what is under way with them.

    Parameters
    ----------
    reading : Reading or None
        As last understood; None before the first reading, or when that failed.
    read : Job or None
        That made it.
    running, failed : Job or None
        The newest reading of the same files, while it runs or where it met an error.
    """

    reading: Reading | None
    read: Any
    running: Any = None
    failed: Any = None

    @property
    def asked(self) -> dict[str, Any]:
        """Arguments of the newest reading; what a further answer builds on."""
        return (self.failed or self.running or self.read).args

    @property
    def given(self) -> bool:
        """Whether the user has said anything of how the files are to be read."""
        return bool(self.asked.get("roles") or self.asked.get("options"))


def start(domain: Domain, owner: str, args: dict[str, Any], then: dict[str, Any] | None = None) -> None:
    """Read data in a worker; ``then`` is a training to start as soon as they are there.

    It stands in the job's record, so that it starts even if the page was reloaded meanwhile.
    """
    full = {"domain": domain.name, "owner": owner, **args, **({"then": then} if then else {})}
    earlier = card(domain, owner)
    if earlier is not None and earlier.asked.get("upload") != args.get("upload"):
        close(domain, owner)
    job = services.submit("ingest", full, owner=owner, key=jobs.key_of(full))
    state.choose(domain, owner, ingest=job.id)


def again(domain: Domain, owner: str, changed: Roles, chosen: Mapping[str, Any] | None = None) -> None:
    """Read the files of the open card again with other roles and options besides those that were asked for.

    A column that gets another role loses the one that was asked for it before.
    """
    open_card = card(domain, owner)
    if open_card is None:
        return
    args = {key: value for key, value in open_card.asked.items() if key != "then"}
    moved = {name for names in changed.values() for name in names}
    kept = {role: [name for name in names if name not in moved] for role, names in (args.get("roles") or {}).items()}
    args["roles"] = {**kept, **{str(role): list(names) for role, names in changed.items()}}
    args["options"] = {**(args.get("options") or {}), **(chosen or {})}
    start(domain, owner, args)


def forget_answers(domain: Domain, owner: str) -> None:
    """Read the files of the open card as if nothing had been said of them."""
    open_card = card(domain, owner)
    if open_card is not None:
        start(
            domain,
            owner,
            {key: value for key, value in open_card.asked.items() if key not in ("roles", "options", "then")},
        )


def with_rows(domain: Domain, owner: str, dataset_id: str, roles: Roles, chosen: Mapping[str, Any]) -> None:
    """Read a data set again with other roles or options: the upload while its card is open, else the rows kept."""
    if card(domain, owner) is not None:
        again(domain, owner, roles, chosen)
        return
    full = {"domain": domain.name, "owner": owner, "dataset_id": dataset_id, "roles": dict(roles)}
    full |= {"options": dict(chosen)} if chosen else {}
    job = services.submit("reassign", full, owner=owner, key=jobs.key_of(full))
    state.choose(domain, owner, ingest=job.id)


def card(domain: Domain, owner: str) -> Card | None:
    """Return the card that is open, or None."""
    chosen = state.bench(domain, owner)
    read, newest = (_job(chosen[name], owner) for name in ("card", "ingest"))
    if newest is not None and not (newest.args.get("upload") or read is not None):
        newest = None  # the sample, a known data set, or rows that are kept: there is no upload to ask about
    if read is None and newest is None:
        return None
    reading = None if read is None else Reading.from_dict(read.result["reading"])
    running = newest if newest is not None and newest.live else None
    failed = newest if newest is not None and newest.state == "failed" else None
    return None if read is None and running is None and failed is None else Card(reading, read, running, failed)


def close(domain: Domain, owner: str) -> None:
    """Close the card: what was uploaded is deleted, the data set that came of it stays."""
    open_card = card(domain, owner)
    if open_card is not None and open_card.asked.get("upload"):
        services.store().drop_upload(open_card.asked["upload"], owner)
    state.choose(domain, owner, card=None, ingest=None)


def take_in(domain: Domain, owner: str) -> None:
    """Take in a finished reading: put its card and its data set on the page, start the training that waited for it."""
    chosen = state.bench(domain, owner)
    job = _job(chosen["ingest"], owner)
    if job is None or job.state != "done":
        return
    made, then, before = job.result.get("dataset_id"), job.args.get("then"), _job(chosen["card"], owner)
    chosen.update(ingest=None)
    if made is None or job.args.get("upload"):
        chosen.update(card=job.id)
    if made is None:
        return
    st.session_state[options.READ + made] = job.args.get("options") or {}
    if then:
        jobs.start_training(domain, owner, made, then)
        return
    state.open_data(domain, owner, made)
    if before is not None and before.args.get("upload") == job.args.get("upload"):
        _drop_replaced(before.result.get("dataset_id"), owner)


def _drop_replaced(dataset_id: str | None, owner: str) -> None:
    """Delete the data set that an earlier answer made of the same files, unless a model has learned from it."""
    if dataset_id is not None:
        with contextlib.suppress(AccessError, BusyError):
            services.store().delete_dataset(dataset_id, owner)


def show_progress(context: PageContext) -> None:
    """Draw a reading that runs or failed above the tabs, unless the card on the Data tab shows it."""
    chosen = state.bench(context.domain, context.owner)
    job = _job(chosen["ingest"], context.owner)
    on_card = st.session_state.get("tab") in (None, "Data") and card(context.domain, context.owner) is not None
    if job is None or on_card:
        return
    if job.live:
        with st.container(border=True):
            running(context, job)
    elif job.state == "failed":
        with st.container(border=True):
            failed(context, job, SAFE_DATA)
    elif job.state == "done":  # since `take_in` has looked: drawn again, the page takes it in
        st.rerun()
    else:
        st.info("Reading was cancelled. Your earlier data are untouched.", icon=":material/block:")
        if job.args.get("upload"):
            services.store().drop_upload(job.args["upload"], context.owner)
        chosen.update(ingest=None)


def running(context: PageContext, job: Any) -> None:
    """Draw how far a reading is, with a button that ends it."""
    live.follow(job, context.owner, lambda now: states.bar(f"Reading the data: {now.text or 'starting'}", now))
    st.button("Cancel", icon=":material/close:", key="cancel_ingest", on_click=jobs.cancel, args=(context, job.id))


def failed(context: PageContext, job: Any, safe: str) -> None:
    """Draw the error that a reading met, with a button that puts it away."""
    chosen = state.bench(context.domain, context.owner)
    states.failed(
        job.error or {},
        job.id,
        safe=safe,
        retry=lambda: chosen.update(ingest=None),
        key="dismiss_ingest",
        button="Close",
        icon="close",
    )


def _job(job_id: str | None, owner: str) -> Any:
    """Return a job that is still known, or None."""
    if not job_id:
        return None
    try:
        return services.engine().get(job_id, owner=owner)
    except AccessError:
        return None
