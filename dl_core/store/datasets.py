"""The part of the store that keeps data sets."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from sqlalchemy import insert, select

from dl_core.engine.ids import check_id, new_id, no_access
from dl_core.engine.plain import plain
from dl_core.errors import RunError
from dl_core.files import read_json, storage_errors
from dl_core.store.base import StoreBase, one_line
from dl_core.store.records import DatasetRecord
from dl_core.store.tables import DATASETS


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
