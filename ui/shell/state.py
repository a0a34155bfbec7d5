"""What one browser works on in one domain: data set, run and job. It survives page switches, reloads and tomorrow.

The choice stands in the session and in the page's address (``run``, ``data``, ``job``). An id is no authorisation: each
is looked up for this owner. Without either, the owner's live training or newest run is taken up again, and failing that
the prepared run on the sample.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from dl_core.domain import Domain
from dl_core.errors import DaylightError
from ui.shell import folders, samples, services
from ui.shell.context import PageContext

KEYS = ("run", "data", "job")  # what stands in the address
EMPTY: dict[str, Any] = {"run": None, "data": None, "job": None, "ingest": None, "card": None, "mend": [], "notes": []}


def bench(domain: Domain, owner: str) -> dict[str, Any]:
    """Return the mutable choice for this domain: ``run``, ``data``, ``job``, ``ingest``, ``card`` (ids), ``mend``."""
    key = f"_bench_{domain.name}"
    if key not in st.session_state:
        st.session_state[key] = {**_remembered(domain, owner), **_left_open(domain, owner)}
    return st.session_state[key]


def choose(domain: Domain, owner: str, **changes: Any) -> None:
    """Change the choice, from a callback or before the page is drawn."""
    bench(domain, owner).update(changes)


def open_run(domain: Domain, owner: str, run_id: str) -> None:
    """Put a run of one's own, or a shared one, on the domain's page."""
    record = services.store().run(run_id, owner)
    mine = record.owner == owner
    unfinished = mine and record.state != "done" and record.job_id
    choose(
        domain,
        owner,
        run=run_id,
        data=record.dataset_id if mine else None,
        job=record.job_id if unfinished else None,
        watching=bool(unfinished),
        mend=[],
    )


def open_sample(domain: Domain, owner: str) -> None:
    """Put the sample and its prepared run on the domain's page."""
    choose(domain, owner, run="prepared", data=None, job=None, mend=[])


def open_data(domain: Domain, owner: str, dataset_id: str) -> None:
    """Put a data set on the domain's page, ready to train on; with it its newest finished run, if there is one."""
    runs = [run for run in services.store().runs(owner, domain=domain.name) if run.dataset_id == dataset_id]
    done = next((run.id for run in runs if run.state == "done"), None)
    choose(domain, owner, run=done, data=dataset_id, job=None, mend=[])


def page_context(domain: Domain, owner: str) -> PageContext:
    """Return what panels need to know, with finished jobs taken in, and bring the address up to date."""
    chosen = bench(domain, owner)
    job = _job(chosen, owner)
    if job is not None and job.state == "done" and chosen.get("watching"):
        chosen.update(run=job.args["run_id"], watching=False)
    run, folder, record = _run(domain, owner, chosen)
    summary = folders.run_summary(folder) if folder else None
    data_folder, about = _data(domain, owner, chosen, folder, summary)
    _write_address(chosen, job)
    return PageContext(
        domain=domain,
        owner=owner,
        home=services.home(),
        run=run if summary else None,
        summary=summary,
        run_folder=folder if summary else None,
        dataset=about,
        dataset_folder=data_folder,
        job=job,
        read_only=record is not None and record.owner != owner,
        name=record.name if record is not None else (domain.sample.title if run and domain.sample else ""),
        notes=tuple(chosen.pop("notes", None) or ()),
    )


def _left_open(domain: Domain, owner: str) -> dict[str, str | None]:
    """Return the reading under way or failed and the card that are this owner's, so that a reload shows them again."""
    found: dict[str, str | None] = {}
    upload = None
    for job in services.engine().jobs(owner):
        if not job.task.endswith((":ingest", ":reassign")) or job.args.get("domain") != domain.name:
            continue
        if job.live and not found:
            found["ingest"] = job.id
        kept = job.args.get("upload")
        if kept is None or upload not in (None, kept) or not services.store().has_upload(kept, owner):
            continue
        upload = kept
        if job.state == "done":
            return {**found, "card": job.id}
        if job.state == "failed":
            found.setdefault("ingest", job.id)
    return found


def _remembered(domain: Domain, owner: str) -> dict[str, Any]:
    """Return the choice of the address, else the one the records remember, else the sample."""
    asked = {key: st.query_params.get(key) for key in KEYS}
    if any(asked.values()):
        return _from_address(domain, owner, asked)
    for job in services.engine().jobs(owner):
        if job.live and job.task.endswith(":train") and job.args.get("domain") == domain.name:
            return {**EMPTY, "data": job.args["dataset_id"], "job": job.id, "watching": True}
    done = next(iter(services.store().runs(owner, domain=domain.name, state="done")), None)
    if done is not None:
        return {**EMPTY, "run": done.id, "data": done.dataset_id}
    return {**EMPTY, "run": "prepared"}


def _from_address(domain: Domain, owner: str, asked: dict[str, str | None]) -> dict[str, Any]:
    chosen = {**EMPTY, "mend": [], "notes": []}
    looked_up = {
        "run": lambda run: run == "prepared" or services.store().run(run, owner).domain == domain.name,
        "data": lambda data: services.store().dataset(data, owner).domain == domain.name,
        "job": lambda job: services.engine().get(job, owner=owner).args.get("domain") == domain.name,
    }
    for key, known in looked_up.items():
        if asked[key] is None:
            continue
        try:
            if known(asked[key]):
                chosen[key] = asked[key]
        except DaylightError as error:
            chosen["notes"].append(error.line())
    if chosen["run"] and chosen["run"] != "prepared" and not chosen["data"]:
        record = services.store().run(chosen["run"], owner)
        chosen["data"] = record.dataset_id if record.owner == owner else None
    if not any(chosen[key] for key in KEYS):
        chosen["run"] = "prepared"
    return {**chosen, "watching": chosen["job"] is not None}


def _job(chosen: dict[str, Any], owner: str) -> Any:
    if not chosen["job"]:
        return None
    try:
        return services.engine().get(chosen["job"], owner=owner)
    except DaylightError as error:
        chosen.update(job=None, notes=[error.line()])
        return None


def _run(domain: Domain, owner: str, chosen: dict[str, Any]) -> tuple[dict[str, str] | None, Path | None, Any]:
    """Return how tasks name the run, its folder, and its record (None for the prepared one)."""
    prepared = samples.prepared_run(domain) if chosen["run"] == "prepared" else None
    if prepared is not None:
        return {"prepared": domain.name}, prepared, None
    if not chosen["run"] or chosen["run"] == "prepared":
        return None, None, None
    try:
        record = services.store().run(chosen["run"], owner)
    except DaylightError as error:
        chosen.update(run=None, notes=[error.line()])
        return None, None, None
    return {"id": record.id}, Path(services.store().run_folder(record.id)), record


def _data(
    domain: Domain, owner: str, chosen: dict[str, Any], run_folder: Path | None, summary: dict[str, Any] | None
) -> tuple[Path | None, dict[str, Any] | None]:
    """Return folder and description of the data set in use: the chosen one, else the run's own."""
    if chosen["data"]:
        try:
            services.store().dataset(chosen["data"], owner)
            folder = Path(services.store().dataset_folder(chosen["data"]))
            about = folders.dataset(folder)
            if about:
                return folder, {**about, "id": chosen["data"]}
        except DaylightError as error:
            chosen.update(data=None, notes=[error.line()])
    if summary is None or run_folder is None:
        return None, None
    prepared = chosen["run"] == "prepared"
    beside = samples.folder(domain) if prepared else run_folder / summary["dataset"].get("path", "dataset")
    about = folders.dataset(beside) if beside else None
    return (beside, about) if about else (None, dict(summary["dataset"]))


def _write_address(chosen: dict[str, Any], job: Any) -> None:
    """Keep the page's address in step with the choice, touching it only where it differs."""
    wanted = {"run": chosen["run"], "data": chosen["data"], "job": chosen["job"] if job is not None else None}
    if wanted["run"] == "prepared":
        wanted = {**wanted, "run": None}
    for key, value in wanted.items():
        if value and st.query_params.get(key) != value:
            st.query_params[key] = value
        elif not value and key in st.query_params:
            del st.query_params[key]
