"""`Store`: runs and data sets in a database, their folders on a disk or in a bucket, and who may see them."""

from __future__ import annotations

import logging
import os
import shutil
import time
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from dl_core.engine.base import STATES
from dl_core.engine.ids import check_id, is_id, new_id, no_access
from dl_core.engine.plain import plain
from dl_core.errors import BusyError, DaylightError, OptionError, counted
from dl_core.files import storage_errors
from dl_core.store.base import LONGEST_NAME, DatasetStore, one_line
from dl_core.store.records import DATASETS, RUNS, RunRecord

log = logging.getLogger(__name__)

_ENDED = ("done", "failed", "cancelled")


class Store(DatasetStore):
    """The records of one workspace. Methods may be called from any thread and process.

    A method with ``owner`` raises `AccessError`, in the same words, for what is not there and for what is someone
    else's. A shared run may be read, never changed, by those who know its id.

    Parameters
    ----------
    home : Path
    database : str
        SQLAlchemy URL; by default SQLite in ``home/daylight.db``.
    artifacts : str
        fsspec URL of a bucket or shared disk; empty for the workspace alone.
    """

    def add_run(
        self, owner: str, domain: str, dataset_id: str, job_id: str, name: str, spec: dict[str, Any]
    ) -> RunRecord:
        """Record a run that is to be trained on one of the owner's data sets, make its folder, and return it."""
        dataset = self.dataset(dataset_id, owner)
        if dataset.domain != domain:
            raise OptionError(f"the data set belongs to {dataset.domain}", where=dataset.name, expected=domain)
        run_id = new_id()
        row = {
            "id": run_id,
            "owner": owner,
            "domain": domain,
            "dataset_id": dataset_id,
            "dataset_name": dataset.name,
            "job_id": job_id,
            "name": one_line(name) or dataset.name,
            "note": "",
            "state": "queued",
            "shared": False,
            "simulated": dataset.simulated,
            "created": time.time(),
            "started": None,
            "finished": None,
            "bytes": 0,
            "spec": plain(spec),
            "summary": {},
        }
        with storage_errors("runs"):
            self._artifacts.local("runs", run_id).mkdir(parents=True)
        self._write(insert(RUNS).values(**row, search=_search_text(row)))
        return RunRecord(**row)

    def update_run(self, run_id: str, **changes: Any) -> RunRecord:
        """Change ``state``, ``summary``, ``job_id`` or ``spec`` of a run, from the job that trains it.

        When the run is done its folder goes to the bucket and, if ``MLFLOW_TRACKING_URI`` is set, its scores to MLflow.
        """
        unknown = set(changes) - {"state", "summary", "job_id", "spec"}
        if unknown or changes.get("state", "done") not in STATES:
            raise OptionError(f"a run has no such field or state: {', '.join(unknown) or changes['state']}")
        old = self._row(run_id)
        values = {name: plain(value) for name, value in changes.items()}
        if changes.get("state") == "running":
            values.update(started=time.time(), finished=None)
        if changes.get("state") in _ENDED:
            values.update(finished=time.time(), bytes=self._artifacts.bytes("runs", run_id))
        if changes.get("state") == "done":
            self._artifacts.push("runs", run_id)
        self._write(update(RUNS).where(RUNS.c.id == run_id).values(**values, search=_search_text({**old, **values})))
        record = _run_record(self._row(run_id))
        if changes.get("state") == "done":
            self._mirror(record)
        return record

    def _mirror(self, record: RunRecord) -> None:
        """Show the run to MLflow; a server that is away must not spoil a finished training."""
        if not os.environ.get("MLFLOW_TRACKING_URI"):
            return
        from dl_core.store.mirror import mirror_run

        try:
            mirror_run(record, self._artifacts.local("runs", record.id))
        except Exception as error:  # noqa: BLE001  (whatever a tracking client raises)
            log.warning("run %s was not mirrored to MLflow: %s", record.id, type(error).__name__)

    def runs(
        self, owner: str, domain: str | None = None, search: str = "", state: str | None = None
    ) -> list[RunRecord]:
        """Return the owner's runs, newest first.

        Parameters
        ----------
        owner : str
        domain, state : str or None
            Only those of a domain, only those in a state.
        search : str
            Words that must all occur in the name, the note, the data set's name or a model's name.
        """
        query = select(RUNS).where(RUNS.c.owner == owner).order_by(RUNS.c.created.desc())
        if domain is not None:
            query = query.where(RUNS.c.domain == domain)
        for word in search.lower().split():
            query = query.where(RUNS.c.search.contains(word, autoescape=True))
        records = [self._settled(_run_record(row)) for row in self._rows(query)]
        return [record for record in records if state in (None, record.state)]

    def run(self, run_id: str, owner: str) -> RunRecord:
        """Return one of the owner's runs, or one that is shared."""
        record = _run_record(self._row(run_id))
        if record.owner != owner and not record.shared:
            raise no_access("run")
        return self._settled(record)

    def _settled(self, record: RunRecord) -> RunRecord:
        """Return the record with the end of its job, if that ended without a word (killed, out of memory)."""
        if record.state in _ENDED or not is_id(record.job_id):
            return record
        try:
            state = self._jobs.status(record.job_id)["state"]
        except DaylightError:
            return record
        if state not in ("failed", "cancelled"):
            return record
        return self.update_run(record.id, state=state)

    def _own(self, run_id: str, owner: str) -> RunRecord:
        record = self.run(run_id, owner)
        if record.owner != owner:
            raise no_access("run of your own")
        return record

    def rename_run(self, run_id: str, owner: str, name: str) -> RunRecord:
        """Give a run another name.

        Raises
        ------
        OptionError
            If the name is empty.
        """
        if not one_line(name):
            raise OptionError("the name is empty", where="run", expected=f"1 to {LONGEST_NAME} characters")
        return self._change(run_id, owner, name=one_line(name))

    def share_run(self, run_id: str, owner: str, shared: bool) -> RunRecord:
        """Let those who know the run's id read it, or no longer."""
        return self._change(run_id, owner, shared=bool(shared))

    def _change(self, run_id: str, owner: str, **values: Any) -> RunRecord:
        self._own(run_id, owner)
        row = {**self._row(run_id), **values}
        self._write(update(RUNS).where(RUNS.c.id == run_id).values(**values, search=_search_text(row)))
        return _run_record(row)

    def delete_run(self, run_id: str, owner: str) -> None:
        """Delete a run for good: record, folder, copies in the bucket, its job and the results of jobs on it.

        Raises
        ------
        BusyError
            If it is being trained.
        """
        record = self._own(run_id, owner)
        self._check_idle(record)
        self._artifacts.delete("runs", run_id)
        self._delete_jobs(run_id)
        if is_id(record.job_id):
            self._jobs.remove(record.job_id)
        self._write(delete(RUNS).where(RUNS.c.id == run_id))

    def _check_idle(self, record: RunRecord) -> None:
        """Raise `BusyError` while the run's job is live."""
        if not is_id(record.job_id):
            return
        try:
            state = self._jobs.status(record.job_id)["state"]
        except DaylightError:  # the job was pruned long ago
            return
        if state not in _ENDED:
            raise BusyError("the run is being trained", where=record.name, todo="cancel the training first")

    def _row(self, run_id: str) -> dict[str, Any]:
        rows = self._rows(select(RUNS).where(RUNS.c.id == check_id(run_id, "run")))
        if not rows:
            raise no_access("run")
        return rows[0]

    def delete_dataset(self, dataset_id: str, owner: str, runs: str = "refuse") -> None:
        """Delete a data set for good: record, files, copies in the bucket, cached features, results of its jobs.

        Parameters
        ----------
        dataset_id, owner : str
        runs : str
            What becomes of runs on it: ``"refuse"`` raises, ``"keep"`` leaves their results (they can no longer show
            single cases), ``"delete"`` deletes them too.

        Raises
        ------
        BusyError
            If runs use it and ``runs`` is ``"refuse"``, or one is being trained.
        """
        if runs not in ("refuse", "keep", "delete"):
            raise OptionError(f"{runs!r} is no option for the runs of a data set", expected="refuse, keep or delete")
        record = self.dataset(dataset_id, owner)
        users = [run for run in self.runs(owner) if run.dataset_id == dataset_id]
        if users and runs == "refuse":
            names = ", ".join(run.name for run in users[:3])
            raise BusyError(
                f"{counted(len(users), 'run uses', 'runs use')} this data set ({names})",
                where=record.name,
                todo="delete those runs first, or delete them with the data set",
            )
        for run in users:
            self._check_idle(run)
        for run in users if runs == "delete" else ():
            self.delete_run(run.id, owner)
        self._artifacts.delete("datasets", dataset_id)
        self._delete_jobs(dataset_id)
        self._write(update(RUNS).where(RUNS.c.dataset_id == dataset_id).values(dataset_id=None))
        self._write(delete(DATASETS).where(DATASETS.c.id == dataset_id))
        self._drop_cache(record.fingerprint)

    def _drop_cache(self, fingerprint: str) -> None:
        """Delete cached features, unless another data set has the same content."""
        same = select(DATASETS.c.id).where(DATASETS.c.fingerprint == fingerprint)
        if len(fingerprint) < 8 or self._rows(same):
            return
        for path in sorted(self.cache_folder.rglob(f"*{fingerprint}*")):
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)

    def usage(self, owner: str) -> int:
        """Return the bytes that the owner's data sets and runs take."""
        tables = (DATASETS, RUNS)
        sums = [select(func.coalesce(func.sum(t.c.bytes), 0).label("n")).where(t.c.owner == owner) for t in tables]
        return sum(int(self._rows(query)[0]["n"]) for query in sums)


def _run_record(row: dict[str, Any]) -> RunRecord:
    return RunRecord(**{name: value for name, value in row.items() if name != "search"})


def _search_text(row: dict[str, Any]) -> str:
    models = [*row["summary"].get("models", {}), *row["spec"].get("models", [])]
    labels = [about.get("label", "") for about in row["summary"].get("models", {}).values()]
    return " ".join([row["name"], row["note"], row["dataset_name"], *models, *labels]).lower()
