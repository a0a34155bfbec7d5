"""The parts of the store that all else stands on: the database, the folders, the records of jobs; and data sets."""

from __future__ import annotations

import contextlib
import shutil
import time
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from dl_core.engine.ids import check_id, new_id, no_access
from dl_core.engine.plain import plain
from dl_core.engine.records import Records
from dl_core.engine.shared import HomeLock
from dl_core.errors import DaylightError, OptionError, RunError
from dl_core.files import read_json, storage_errors
from dl_core.store.artifacts import Artifacts
from dl_core.store.records import DATASETS, DatasetRecord, database_errors, open_database

LONGEST_NAME = 120  # characters of a name that are kept
_UPLOAD_SECONDS = 86400.0  # uploads are deleted after that: they may hold what a data set must not
_OWNER_SHOWN = 16  # characters of an owner that begin the name of what they uploaded


class StoreBase:
    """Folders and database of one workspace."""

    def __init__(self, home: Path, database: str = "", artifacts: str = "") -> None:
        self.home = Path(home)
        with storage_errors("workspace"):
            for name in ("runs", "datasets", "uploads", "cache"):
                (self.home / name).mkdir(parents=True, exist_ok=True)
            with HomeLock(self.home / ".store.lock").hold():
                self._database = open_database(database or f"sqlite:///{self.home / 'daylight.db'}")
        self._artifacts = Artifacts(self.home, artifacts)
        self._jobs = Records(self.home)
        self._drop_old_uploads()

    # ---- folders ------------------------------------------------------------------------------------------------

    def run_folder(self, run_id: str) -> Path:
        """Return the run's folder, fetched from the bucket if it lies only there; the id is checked, the owner not."""
        return self._artifacts.folder("runs", run_id)

    def dataset_folder(self, dataset_id: str) -> Path:
        """Return the data set's folder, fetched from the bucket if it lies only there; see `run_folder`."""
        return self._artifacts.folder("datasets", dataset_id)

    def upload_folder(self, owner: str) -> Path:
        """Make and return a new, empty folder for raw files that ``owner`` uploads."""
        folder = self.home / "uploads" / f"{owner[:_OWNER_SHOWN]}-{new_id()}"
        with storage_errors("uploads"):
            folder.mkdir(parents=True)
        return folder

    def upload(self, name: str, owner: str) -> Path:
        """Return the folder of that name which ``owner`` uploaded.

        Raises
        ------
        OptionError
            If there is none (any more), it leads outside, or it belongs to someone else.
        """
        root = (self.home / "uploads").resolve()
        folder = (root / str(name)).resolve()
        if folder.parent != root or not folder.name.startswith(f"{owner[:_OWNER_SHOWN]}-") or not folder.is_dir():
            raise OptionError("this upload no longer exists", todo="upload the files again")
        return folder

    def has_upload(self, name: str, owner: str) -> bool:
        """Return whether what ``owner`` uploaded under that name is still there."""
        try:
            return bool(self.upload(name, owner))
        except OptionError:
            return False

    def drop_upload(self, name: str, owner: str) -> None:
        """Delete what ``owner`` uploaded under that name, if it is still there."""
        if self.has_upload(name, owner):
            shutil.rmtree(self.upload(name, owner), ignore_errors=True)

    @property
    def cache_folder(self) -> Path:
        """The folder of things computed once for a data set, by its fingerprint."""
        return self.home / "cache"

    def _drop_old_uploads(self) -> None:
        for folder in (self.home / "uploads").iterdir():
            with contextlib.suppress(FileNotFoundError):
                if time.time() - folder.stat().st_mtime > _UPLOAD_SECONDS:
                    shutil.rmtree(folder, ignore_errors=True)

    def _delete_jobs(self, item: str) -> None:
        """Delete the jobs whose arguments name a run or data set, with the pictures and tables they made."""
        for job_id in self._jobs.all_ids():
            with contextlib.suppress(DaylightError):
                if mentions(self._jobs.request(job_id)["args"], item):
                    self._jobs.remove(job_id)

    def _rows(self, query: Any) -> list[dict[str, Any]]:
        with database_errors(), self._database.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def _write(self, statement: Any) -> None:
        with database_errors(), self._database.begin() as connection:
            connection.execute(statement)

    def close(self) -> None:
        """Close the connections to the database."""
        self._database.dispose()


def one_line(name: str) -> str:
    """Return a name on one line, cut to a sensible length."""
    return " ".join(str(name).split())[:LONGEST_NAME]


def mentions(value: Any, item: str) -> bool:
    """Return whether ``item`` stands somewhere in plain JSON."""
    if isinstance(value, dict):
        return any(mentions(inner, item) for inner in value.values())
    if isinstance(value, list):
        return any(mentions(inner, item) for inner in value)
    return value == item


class DatasetStore(StoreBase):
    """Data sets: taken in and found."""

    def add_dataset(self, owner: str, domain: str, folder: Path) -> DatasetRecord:
        """Move a folder that `Dataset.save` wrote into the store and return its record.

        Raises
        ------
        RunError
            If the folder holds no data set.
        """
        try:
            about = read_json(Path(folder) / "dataset.json")
        except (OSError, ValueError):
            raise RunError("the folder holds no data set", where=Path(folder).name) from None
        dataset_id = new_id()
        place = self._artifacts.local("datasets", dataset_id)
        try:
            with storage_errors("datasets"):
                shutil.move(folder, place)
            row = {
                "id": dataset_id,
                "owner": owner,
                "domain": domain,
                "name": one_line(about["name"]),
                "rows": int(about["rows"]),
                "fingerprint": about["fingerprint"],
                "simulated": about["source"]["simulated"],
                "created": time.time(),
                "bytes": self._artifacts.bytes("datasets", dataset_id),
                "summary": plain(about),
            }
            self._artifacts.push("datasets", dataset_id)
            self._write(insert(DATASETS).values(row))
        except Exception:
            shutil.rmtree(place, ignore_errors=True)
            raise
        return DatasetRecord(**row)

    def datasets(self, owner: str, domain: str | None = None) -> list[DatasetRecord]:
        """Return the owner's data sets, newest first."""
        query = select(DATASETS).where(DATASETS.c.owner == owner).order_by(DATASETS.c.created.desc())
        if domain is not None:
            query = query.where(DATASETS.c.domain == domain)
        return [DatasetRecord(**row) for row in self._rows(query)]

    def dataset(self, dataset_id: str, owner: str) -> DatasetRecord:
        """Return one of the owner's data sets."""
        query = select(DATASETS).where(DATASETS.c.id == check_id(dataset_id, "data set"), DATASETS.c.owner == owner)
        rows = self._rows(query)
        if not rows:
            raise no_access("data set")
        return DatasetRecord(**rows[0])
