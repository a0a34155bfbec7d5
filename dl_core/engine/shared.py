"""What processes that serve one workspace share: JSON files that one replaces while others read them, and a lock."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


class HomeLock:
    """A lock that threads of this process and other processes respect alike; re-entrant within a thread.

    Parameters
    ----------
    path : Path
        The file that is locked; made when missing.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._thread, self._depth = Path(path), threading.RLock(), 0

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the lock for the length of a ``with`` block."""
        with self._thread:
            if self._depth:
                self._depth += 1
                try:
                    yield
                finally:
                    self._depth -= 1
                return
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                _lock(descriptor)
                self._depth = 1
                yield
            finally:
                self._depth = 0
                os.close(descriptor)  # closing releases the lock


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        while True:
            try:
                os.lseek(descriptor, 0, os.SEEK_SET)
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
                return
            except OSError:  # held by another process; Windows has no wait without a limit
                time.sleep(0.005)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
