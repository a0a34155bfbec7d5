"""Unpack a bundle that nobody vouches for: every name, size and checksum is checked, and nothing surplus is let in."""

from __future__ import annotations

import hashlib
import json
import re
import stat
import zipfile
import zlib
from pathlib import Path
from typing import Any

from dl_core.errors import ArchiveError, RunError, shorten
from dl_core.files import storage_errors

FORMAT, VERSION = "daylight-bundle", 1
MOST_FILES, MOST_BYTES, MOST_MANIFEST = 1000, 2 * 2**30, 2**20
ENDINGS = (".json", ".keras", ".h5", ".npz", ".npy", ".parquet", ".tflite", ".skops", ".md", ".txt", ".csv")
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,99}")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # Windows takes these for devices
_TODO = "use a bundle as Daylight exported it"


def is_safe_name(name: str) -> bool:
    """Return whether a path inside a bundle is relative, plain ASCII and of a kind that bundles hold."""
    parts = name.split("/")
    plain = all(_PART.fullmatch(part) and not _RESERVED.fullmatch(part) and part[-1] != "." for part in parts)
    return plain and len(parts) <= 8 and name.lower().endswith(ENDINGS)


def extract(path: Path, into: Path) -> dict[str, Any]:
    """Unpack the bundle at ``path`` into the empty folder ``into`` and return its manifest.

    Raises
    ------
    ArchiveError
        If the zip is damaged or unsafe, or differs from its manifest.
    RunError
        If it is not a bundle of a version we know.
    """
    try:
        with zipfile.ZipFile(path) as packed:
            entries = _entries(packed, path.name)
            manifest = _manifest(packed, entries, path.name)
            for name, about in manifest["files"].items():
                _unpack(packed, entries[name], about, into / name, path.name)
    except FileNotFoundError:
        raise RunError("there is no such bundle", where=path.name) from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise ArchiveError("it is no zip, or a damaged one", where=path.name, todo=_TODO) from error
    return manifest


def _entries(packed: zipfile.ZipFile, where: str) -> dict[str, zipfile.ZipInfo]:
    """Return the members by name, once every name and declared size is found safe."""
    members = packed.infolist()
    if len(members) > MOST_FILES:
        raise ArchiveError(f"it holds {len(members)} files", where=where, expected=f"at most {MOST_FILES}", todo=_TODO)
    if sum(member.file_size for member in members) > MOST_BYTES:
        raise ArchiveError("it unpacks to more than 2 GiB", where=where, todo=_TODO)
    entries: dict[str, zipfile.ZipInfo] = {}
    for member in members:
        mode = member.external_attr >> 16
        odd = member.is_dir() or stat.S_IFMT(mode) not in (0, stat.S_IFREG) or member.flag_bits & 1
        if odd or not is_safe_name(member.filename) or member.filename.lower() in map(str.lower, entries):
            raise ArchiveError(f"it holds {shorten(member.filename)!r}, which no bundle has", where=where, todo=_TODO)
        entries[member.filename] = member
    return entries


def _manifest(packed: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo], where: str) -> dict[str, Any]:
    """Return the manifest, once it is ours and lists exactly the files that are there."""
    if "manifest.json" not in entries or entries["manifest.json"].file_size > MOST_MANIFEST:
        raise RunError("it is not an exported bundle", where=where, todo=_TODO)
    try:
        with packed.open("manifest.json") as file:
            manifest = json.loads(file.read(MOST_MANIFEST + 1))
        form, version, files = manifest["format"], manifest["version"], manifest["files"]
        listed = {str(name): (int(about["bytes"]), str(about["sha256"])) for name, about in files.items()}
        named = isinstance(manifest["model"], str) and isinstance(manifest["domain"], str)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError("its manifest is damaged", where=where, todo=_TODO) from error
    if form != FORMAT or not named:
        raise RunError("it is not an exported bundle", where=where, todo=_TODO)
    if version != VERSION:
        raise RunError(f"the bundle has version {shorten(version)}", where=where, expected=str(VERSION))
    if set(listed) != set(entries) - {"manifest.json"}:
        odd = sorted(set(listed) ^ (set(entries) - {"manifest.json"}))[0]
        raise ArchiveError(f"its files differ from its manifest ({shorten(odd)})", where=where, todo=_TODO)
    return manifest


def _unpack(packed: zipfile.ZipFile, member: zipfile.ZipInfo, about: dict[str, Any], to: Path, where: str) -> None:
    """Write one member, counting bytes, since declared sizes may lie, and compare its checksum."""
    digest, left = hashlib.sha256(), int(about["bytes"])
    with storage_errors(where):
        to.parent.mkdir(parents=True, exist_ok=True)
        with packed.open(member) as file, open(to, "xb") as out:
            while block := file.read(1 << 20):
                left -= len(block)
                if left < 0:
                    break
                digest.update(block)
                out.write(block)
    if left != 0 or digest.hexdigest() != about["sha256"]:
        raise ArchiveError(f"{shorten(member.filename)!r} was changed since it was exported", where=where, todo=_TODO)
