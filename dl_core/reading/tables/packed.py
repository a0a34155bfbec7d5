"""Tables packed by gzip, bzip2 or xz, alone or as an archive of tar."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

from dl_core.errors import ArchiveError, LimitError
from dl_core.files import storage_errors
from dl_core.reading.archive import is_clutter, safe_name
from dl_core.reading.limits import MEGABYTE, Limits
from dl_core.reading.listing import GivenFile, head_of, suffix_of

_OPENERS: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}
_ENDS = (".gz", ".bz2", ".xz", ".gzip")
_DAMAGE = (OSError, EOFError, zlib.error, lzma.LZMAError, tarfile.TarError)
_BLOCK = 1 << 20


def opened(file: GivenFile, workspace: Path, limits: Limits) -> list[GivenFile]:
    """Return what a file holds: itself, or the table (of a tar: the files) that is packed in it, below ``workspace``.

    Raises
    ------
    ArchiveError
        If it is damaged, or has paths that lead outside.
    LimitError
        If it unpacks to more than the limits allow.
    """
    head = head_of(file.path)
    unpack = next((opener for magic, opener in _OPENERS.items() if head.startswith(magic)), None)
    if unpack is None:
        return _members(file, workspace, limits) if suffix_of(file.name) == ".tar" else [file]
    name = str(PurePosixPath(file.name).with_suffix("")) if file.name.lower().endswith(_ENDS) else file.name
    into = _place(workspace) / "table"
    try:
        with unpack(file.path, "rb") as packed, storage_errors(file.name), open(into, "wb") as plain:
            written, most = 0, limits.max_unpacked_mb * MEGABYTE
            while block := packed.read(_BLOCK):
                written += len(block)
                if written > most:
                    raise LimitError(
                        f"it unpacks to more than {limits.max_unpacked_mb:,} MB",
                        where=file.name,
                        expected=f"at most {limits.max_unpacked_mb:,} MB",
                        todo="upload a part of it",
                    )
                plain.write(block)
    except _DAMAGE as error:
        raise ArchiveError("the archive is damaged", where=file.name, todo="pack it again") from error
    return _members(GivenFile(into, name, file.given), workspace, limits)


def _place(workspace: Path) -> Path:
    into = workspace / f"{len(list(workspace.iterdir()))}"
    into.mkdir()
    return into


def _members(file: GivenFile, workspace: Path, limits: Limits) -> list[GivenFile]:
    """Return the files of a tar, or the file itself where it is none."""
    if not tarfile.is_tarfile(file.path):
        return [file]
    into, size = _place(workspace), 0
    found: list[GivenFile] = []
    try:
        with tarfile.open(file.path) as packed:
            for member in packed:
                name = safe_name(member.name, file.name)
                if not member.isfile() or is_clutter(name):
                    continue
                size += member.size
                if size > limits.max_unpacked_mb * MEGABYTE or len(found) >= limits.max_files:
                    raise LimitError(
                        "it holds too much",
                        where=file.name,
                        expected=f"at most {limits.max_unpacked_mb:,} MB and {limits.max_files:,} files",
                        todo="upload a part of it",
                    )
                packed.extract(member, into, filter="data")
                found.append(GivenFile(into / member.name, name, file.given))
    except _DAMAGE as error:
        raise ArchiveError("the archive is damaged", where=file.name, todo="pack it again") from error
    return found
