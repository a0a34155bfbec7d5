"""Starting, stopping and resuming long jobs of a page."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from dl_core.domain import Domain
from dl_core.errors import DaylightError
from ui.shell import services, state
from ui.shell.context import PageContext


def start_training(domain: Domain, owner: str, dataset_id: str, form: dict[str, Any]) -> None:
    """Train as ``form`` says (``models``, ``seed``, ``options``, ``mend``, ``time_budget``, ``name``).

    Pressing the button twice leaves one training: the second finds the first under its key.
    """
    wanted = {name: form.get(name) for name in ("models", "seed", "options", "mend", "time_budget")}
    spec = {"models": list(form["models"]), "seed": form["seed"], "options": form["options"]}
    record = services.store().add_run(owner, domain.name, dataset_id, "", form["name"], spec)
    args = {"run_id": record.id, "dataset_id": dataset_id, "domain": domain.name, "owner": owner, **wanted}
    job = services.submit("train", args, owner=owner, lane="train", key=key_of({**args, "run_id": ""}))
    if job.args["run_id"] != record.id:
        services.store().delete_run(record.id, owner)
    else:
        services.store().update_run(record.id, job_id=job.id)
    state.choose(domain, owner, job=job.id, data=dataset_id, watching=True)


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


def key_of(args: dict[str, Any]) -> str:
    """Return 24 hex digits that are the same for the same arguments: pressing twice starts one job."""
    return hashlib.sha256(json.dumps(args, sort_keys=True, default=str).encode()).hexdigest()[:24]
