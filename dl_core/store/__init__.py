"""Where runs, data sets and artifacts are kept, and who may see them."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from dl_core.files import home_folder
from dl_core.store.records import DatasetRecord, RunRecord
from dl_core.store.store import Store

__all__ = ["DatasetRecord", "RunRecord", "Store", "get_store"]

_stores: dict[tuple[Path, str, str], Store] = {}
_mutex = threading.Lock()


def get_store(home: Path | None = None) -> Store:
    """Return this process's store for a workspace; the same one at every call.

    ``DAYLIGHT_DATABASE`` may name another database (any SQLAlchemy URL), ``DAYLIGHT_ARTIFACTS`` a bucket (any fsspec
    URL).
    """
    named = os.environ.get("DAYLIGHT_DATABASE", "").strip(), os.environ.get("DAYLIGHT_ARTIFACTS", "").strip()
    key = home_folder(home), *named
    with _mutex:
        if key not in _stores:
            _stores[key] = Store(*key)
        return _stores[key]
