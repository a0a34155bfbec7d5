"""Folders of runs and data sets in a bucket or on a shared disk, with a working copy below the workspace."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import TracebackType
from typing import Any

from dl_core.engine.ids import check_id, new_id
from dl_core.errors import StorageError
from dl_core.files import storage_errors

KINDS = ("runs", "datasets")


class Artifacts:
    """Keeps ``home/<kind>/<id>`` and, if there is a ``url``, its twin ``<url>/<kind>/<id>``.

    Parameters
    ----------
    home : Path
    url : str
        Anything fsspec opens (``s3://bucket/daylight``, ``file:///mnt/team``, ``memory://x``); empty for none.
    """

    def __init__(self, home: Path, url: str = "") -> None:
        self.home, self._url = Path(home), url
        self._system: Any = None
        self._root = ""
        if url:
            import fsspec

            self._system, self._root = fsspec.core.url_to_fs(url)

    def local(self, kind: str, item: str) -> Path:
        """Return the place of the working copy, whether or not it is there; the id is checked."""
        return self.home / kind / check_id(item, "run" if kind == "runs" else "data set")

    def folder(self, kind: str, item: str) -> Path:
        """Return the working copy, fetched first if it lies only in the bucket."""
        place = self.local(kind, item)
        if self._system is not None and not place.exists():
            self._pull(kind, item, place)
        return place

    def _remote(self, kind: str, item: str) -> str:
        return f"{self._root.rstrip('/')}/{kind}/{check_id(item)}"

    def _pull(self, kind: str, item: str, place: Path) -> None:
        remote = self._remote(kind, item)
        part = place.parent / f".part-{new_id()}"
        with remote_errors(self._url), storage_errors(kind):
            if not self._system.exists(remote):
                return
            try:
                part.mkdir(parents=True)
                for path in self._system.find(remote):
                    target = part / path[len(remote) :].lstrip("/")
                    if not target.resolve().is_relative_to(part.resolve()):
                        raise StorageError("a stored file has a path that leads outside", where=self._url)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    self._system.get_file(path, str(target))
                if not place.exists():  # another process may have been faster
                    part.rename(place)
            finally:
                shutil.rmtree(part, ignore_errors=True)

    def push(self, kind: str, item: str) -> None:
        """Copy the working copy to the bucket, if there is one."""
        if self._system is None:
            return
        place, remote = self.local(kind, item), self._remote(kind, item)
        with remote_errors(self._url):
            for path in sorted(file for file in place.rglob("*") if file.is_file() and not file.is_symlink()):
                target = f"{remote}/{path.relative_to(place).as_posix()}"
                self._system.makedirs(target.rsplit("/", 1)[0], exist_ok=True)
                self._system.put_file(str(path), target)

    def delete(self, kind: str, item: str) -> None:
        """Delete both copies."""
        place = self.local(kind, item)
        with storage_errors(kind):
            if place.exists():
                shutil.rmtree(place)
        if self._system is not None:
            with remote_errors(self._url):
                remote = self._remote(kind, item)
                if self._system.exists(remote):
                    self._system.rm(remote, recursive=True)

    def bytes(self, kind: str, item: str) -> int:
        """Return the size of the working copy in bytes."""
        return folder_bytes(self.local(kind, item))


def folder_bytes(folder: Path) -> int:
    """Return the size of all files below a folder in bytes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


class remote_errors:  # noqa: N801  (reads as a verb in a with statement)
    """Turn what a bucket's client raises into a `StorageError`."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, OSError) or (kind is not None and kind.__module__.startswith(("botocore", "aiobotocore"))):
            raise StorageError(
                f"the artifacts cannot be reached ({type(error).__name__})",
                where=self._url.split("?")[0],
                todo="check DAYLIGHT_ARTIFACTS and its credentials; the working copy on this machine is whole",
            ) from error
