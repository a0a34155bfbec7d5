"""From the browser's files to a folder that the reader reads: safe names, folders kept, limits checked."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from dl_core.errors import DaylightError, FileError, LimitError, counted
from dl_core.files import storage_errors
from ui.shell import services, states
from ui.shell.words import count, size

MOST_FILES = 100_000
MOST_BYTES = 2_000_000_000
LONGEST_PART = 120  # characters of one folder or file name
BLOCK = 1 << 20  # bytes copied at a time


def safe_name(name: str) -> str:
    """Return ``name`` as a relative path that cannot leave a folder: no drive, no root, no "..", no control characters.

    Examples
    --------
    >>> safe_name("../scans/./a.png")
    'scans/a.png'
    """
    parts = []
    for part in PurePosixPath(name.replace("\\", "/")).parts:
        clean = "".join(letter for letter in part if letter.isprintable() and letter not in ':*?"<>|/').strip()
        if clean.strip("."):
            stem, dot, ending = clean.rpartition(".")
            parts.append(clean if len(clean) <= LONGEST_PART else f"{stem[: LONGEST_PART - 12]}{dot}{ending[:10]}")
    return "/".join(parts) or "unnamed"


def write_upload(files: Sequence[Any], owner: str) -> tuple[str, int]:
    """Write uploaded files into a new upload folder.

    Parameters
    ----------
    files : sequence of UploadedFile
        ``name`` may hold folders (a directory upload); those are kept, since a folder may name a class.
    owner : str
        Whose they are.

    Returns
    -------
    tuple of str and int
        The folder's name under ``uploads`` and the number of bytes.

    Raises
    ------
    FileError
        If there is nothing in the files.
    LimitError
        If there are too many files or bytes.
    """
    _check(files)
    folder = Path(services.store().upload_folder(owner))
    try:
        with storage_errors("the upload"):
            for file in files:
                _write(file, folder)
    except (OSError, DaylightError):
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder.name, sum(file.size for file in files)


def taken(files: Sequence[Any], owner: str) -> str | None:
    """Return the upload folder's name; of files that cannot be taken say why, and return None."""
    try:
        return write_upload(files, owner)[0]
    except DaylightError as error:
        states.show_error(error)
        return None


def _check(files: Sequence[Any]) -> None:
    if not files:
        raise FileError("no file was selected", todo="choose files first")
    empty = [file.name for file in files if file.size == 0]
    if len(empty) == len(files):
        raise FileError("the file is empty", where=empty[0], todo="choose another file")
    if len(files) > MOST_FILES:
        raise LimitError(f"there are {counted(len(files), 'file')}", expected=f"at most {count(MOST_FILES)}")
    total = sum(file.size for file in files)
    if total > MOST_BYTES:
        raise LimitError(
            f"the files hold {size(total)}",
            where="upload",
            expected=f"at most {size(MOST_BYTES)}",
            todo="leave some out, or reduce their size",
        )


def _write(file: Any, folder: Path) -> None:
    """Write one file; of two with the same name the later gets a number."""
    wanted = folder / safe_name(file.name)
    wanted.parent.mkdir(parents=True, exist_ok=True)
    place, number = wanted, 1
    while place.exists():
        number += 1
        place = wanted.with_name(f"{wanted.stem}_{number}{wanted.suffix}")
    file.seek(0)
    with open(place, "wb") as out:
        shutil.copyfileobj(file, out, BLOCK)
