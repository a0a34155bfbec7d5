"""`Store`: runs and data sets in a database, their folders on a disk or in a bucket, and who may see them."""

from __future__ import annotations

import shutil

from sqlalchemy import delete, func, select, update

from dl_core.errors import BusyError, OptionError, counted
from dl_core.store.runs import RunStore
from dl_core.store.tables import DATASETS, RUNS


class Store(RunStore):
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
