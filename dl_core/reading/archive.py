"""Unpacking a zip that nobody vouches for."""

from __future__ import annotations

import lzma
import re
import stat
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from dl_core.errors import ArchiveError, LimitError, shorten
from dl_core.files import storage_errors
from dl_core.reading.limits import MEGABYTE, Limits

_CLUTTER = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")
_UTF8_FLAG, _ENCRYPTED_FLAG = 0x800, 0x1
_RATIO_FROM = 100 * MEGABYTE  # a few blank images pack 1000:1 and harm nobody
_BLOCK = 1 << 20
_DAMAGE = (  # what zipfile raises for damaged archives; a full disk has become a StorageError by then
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, NotImplementedError, ValueError, OSError),
)


def is_clutter(name: str) -> bool:
    """Return whether a path is what operating systems leave behind (or is hidden), and not the user's data."""
    return any(part in _CLUTTER or part.startswith(".") for part in PurePosixPath(name).parts)


def unpack(archive: Path, into: Path, limits: Limits, where: str = "") -> list[str]:
    """Unpack a zip into a folder and return the relative names of its files, in the archive's order.

    Names are checked before anything is written, and bytes are counted while unpacking, since sizes that an archive
    declares may lie.

    Parameters
    ----------
    archive : pathlib.Path
    into : pathlib.Path
        An empty folder.
    limits : Limits
    where : str
        Name to show in messages.

    Raises
    ------
    ArchiveError
        If it is damaged, encrypted, or has paths that lead outside, or links.
    LimitError
        If it unpacks to more than the limits allow.
    """
    where = where or archive.name
    try:
        with zipfile.ZipFile(archive) as packed:
            members = _checked_members(packed, archive, limits, where)
            _check_size(members, archive, limits, where)
            _write(packed, members, into, limits, where)
    except _DAMAGE as error:
        raise ArchiveError("the archive is damaged", where=where, todo="pack it again and upload it anew") from error
    return [name for name, _ in members]


def _checked_members(
    packed: zipfile.ZipFile, archive: Path, limits: Limits, where: str
) -> list[tuple[str, zipfile.ZipInfo]]:
    members: dict[str, zipfile.ZipInfo] = {}
    entries = packed.infolist()
    if len(entries) > limits.max_files:
        raise LimitError(
            f"it holds {len(entries):,} entries",
            where=where,
            expected=f"at most {limits.max_files:,}",
            todo="pack fewer files, or raise DAYLIGHT_MAX_FILES on the server",
        )
    for entry in entries:
        name = safe_name(readable_name(entry), where)
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise ArchiveError(
                f"{shorten(name)!r} is a link", where=where, expected="plain files", todo="pack the file itself"
            )
        if entry.is_dir() or is_clutter(name):
            continue
        if entry.flag_bits & _ENCRYPTED_FLAG:
            raise ArchiveError("it is encrypted", where=where, todo="pack it again without a password")
        if name in members:
            raise ArchiveError(f"{shorten(name)!r} is in it twice", where=where, todo="pack it again")
        members[name] = entry
    return list(members.items())


def readable_name(entry: zipfile.ZipInfo) -> str:
    """Return the name of an entry, also where a packer wrote it in another encoding without saying so."""
    if entry.flag_bits & _UTF8_FLAG:
        return entry.filename
    raw = entry.filename.encode("cp437", errors="replace")  # what zipfile decoded from
    try:
        return raw.decode("utf-8")  # many packers write UTF-8 without the flag
    except UnicodeDecodeError:
        pass
    text = raw.decode("latin-1")
    return entry.filename if any(0x80 <= ord(letter) < 0xA0 for letter in text) else text


def safe_name(name: str, where: str) -> str:
    """Return a relative name with forward slashes.

    Raises
    ------
    ArchiveError
        If it leads outside the folder it is unpacked into.
    """
    plain = name.replace("\\", "/")
    parts = plain.split("/")
    outside = plain.startswith("/") or re.match(r"^[A-Za-z]:", plain) or ".." in parts
    if outside or any(ord(letter) < 32 for letter in plain) or max(map(len, parts)) > 240:
        raise ArchiveError(
            f"{shorten(name)!r} is not a safe path",
            where=where,
            expected="relative paths that stay inside",
            todo="pack the folder itself, without '..' or absolute paths",
        )
    return str(PurePosixPath(plain))


def _check_size(members: list[tuple[str, zipfile.ZipInfo]], archive: Path, limits: Limits, where: str) -> None:
    total = sum(entry.file_size for _, entry in members)
    ratio = total / max(1, archive.stat().st_size)
    if total > limits.max_unpacked_mb * MEGABYTE or (total > _RATIO_FROM and ratio > limits.max_ratio):
        raise _too_large(f"{total / MEGABYTE:,.0f} MB ({ratio:,.0f} times its size)", limits, where)


def _too_large(size: str, limits: Limits, where: str) -> LimitError:
    return LimitError(
        f"it unpacks to {size}",
        where=where,
        expected=f"at most {limits.max_unpacked_mb:,} MB and {limits.max_ratio} times its size",
        todo="upload a part of it, or smaller images",
    )


def _write(
    packed: zipfile.ZipFile, members: list[tuple[str, zipfile.ZipInfo]], into: Path, limits: Limits, where: str
) -> None:
    written = 0
    for name, entry in members:
        target = into / name
        with storage_errors(where):
            target.parent.mkdir(parents=True, exist_ok=True)
        with packed.open(entry) as source, storage_errors(where), open(target, "wb") as file:
            while block := source.read(_BLOCK):
                written += len(block)
                if written > limits.max_unpacked_mb * MEGABYTE:
                    raise _too_large(f"more than {limits.max_unpacked_mb:,} MB", limits, where)
                file.write(block)
