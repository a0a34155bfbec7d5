"""JSON files that one process replaces while others read them, also where an open file cannot be replaced."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from dl_core.errors import StorageError
from dl_core.files import read_json, write_json

_T = TypeVar("_T")
_TRIES, _PAUSE = 50, 0.005  # Windows refuses to replace or open a file for as long as another process has it open


def write_shared(path: Path, content: Any) -> None:
    """Replace ``path`` by ``content`` in one step."""
    _patiently(lambda: write_json(path, content))


def read_shared(path: Path) -> Any:
    """Return the content of a JSON file that may be replaced meanwhile."""
    return _patiently(lambda: read_json(path))


def _patiently(action: Callable[[], _T]) -> _T:
    for _ in range(_TRIES if os.name == "nt" else 0):
        try:
            return action()
        except (PermissionError, StorageError):
            time.sleep(_PAUSE)
    return action()
