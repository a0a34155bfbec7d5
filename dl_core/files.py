"""Small, safe habits with files that every stage shares."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dl_core.errors import StorageError


def write_json(path: Path, content: Any) -> None:
    """Replace ``path`` by ``content`` in one step, so that a reader never sees half a file."""
    path = Path(path)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    with storage_errors(path.name):
        part.write_text(json.dumps(content), encoding="utf-8")
        part.replace(path)


def read_json(path: Path) -> Any:
    """Return the content of a JSON file."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def storage_errors(where: str) -> Iterator[None]:
    """Turn "no space left" and the like into a `StorageError` that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES):
            raise StorageError(
                f"the storage cannot be written ({error.strerror})",
                where=where,
                todo="free some space or name another folder in DAYLIGHT_HOME; no saved data are lost",
            ) from error
        raise


def home_folder(home: Path | None = None) -> Path:
    """Return the workspace: ``home``, else ``DAYLIGHT_HOME``, else the user's data folder; it is not made yet."""
    if home is not None:
        return Path(home).expanduser().resolve()
    named = os.environ.get("DAYLIGHT_HOME", "").strip()
    if named:
        return Path(named).expanduser().resolve()
    from platformdirs import user_data_dir

    return Path(user_data_dir("daylight")).resolve()
