"""Public data sets that are one click away, and their download: checked, resumable, never a hang."""

from __future__ import annotations

import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dl_core.data.known import KNOWN as SETS
from dl_core.data.known import PAGE, SIZES
from dl_core.errors import CancelledError, NetworkError, OptionError
from dl_core.files import storage_errors

BASE_URL = f"{PAGE}/files"
BASE_VARIABLE = "DAYLIGHT_CATALOGUE_URL"  # a mirror of the files
TIMEOUT = 20  # seconds without a byte
_BLOCK = 1 << 18  # bytes


class Downloadable(Protocol):
    """What `fetch` needs to know of a data set."""

    name: str
    url: str
    md5: str


@dataclass(frozen=True)
class Entry:
    """One file of the catalogue.

    Parameters
    ----------
    name : str
        File stem, for instance ``"pneumoniamnist_64"``.
    title, task, licence, url, md5 : str
    size_bytes : int
        Size of the images unpacked; the download is smaller.
    """

    name: str
    title: str
    task: str
    licence: str
    url: str
    md5: str
    size_bytes: int


def entries() -> tuple[Entry, ...]:
    """Return the twelve two-dimensional MedMNIST data sets, at 28 and at 64 pixels."""
    found = []
    for known in SETS:
        for size in SIZES:
            found.append(
                Entry(
                    name=known.file(size).removesuffix(".npz"),
                    title=f"{known.title}, {size} px",
                    task=f"{known.about}; {len(known.classes)} classes, {sum(known.counts):,} images ({known.task})",
                    licence=known.licence,
                    url=f"{BASE_URL}/{known.file(size)}",
                    md5=known.md5[size],
                    size_bytes=sum(known.counts) * size * size * known.channels,
                )
            )
    return tuple(found)


KNOWN: tuple[Entry, ...] = entries()


def fetch(
    known: Downloadable | str,
    into: Path,
    progress: Callable[[float], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    timeout: float = TIMEOUT,
) -> Path:
    """Download a data set into a folder and return the file; one that is there and whole is not fetched again.

    A download that broke off goes on where it stopped, if the server allows. The file appears under its name only
    when its MD5 is right.

    Parameters
    ----------
    known : Downloadable or str
        An entry, or its name.
    into : pathlib.Path
    progress : callable, optional
        Called with a share from 0 to 1.
    should_stop : callable, optional
        Asked before every block.
    timeout : float
        Seconds without an answer after which to give up.

    Raises
    ------
    OptionError
        If there is no data set of that name.
    NetworkError
        If the server cannot be reached, refuses, or sends something else.
    CancelledError
        If ``should_stop`` says so.
    """
    if isinstance(known, str):
        known = _entry(known)
    into = Path(into)
    into.mkdir(parents=True, exist_ok=True)
    target = into / f"{known.name}.npz"
    if target.is_file() and _md5(target) == known.md5:
        return target
    part = target.with_suffix(".npz.part")
    try:
        _download(_address(known.url), part, progress or _silent, should_stop or _never, timeout, known.name)
    except urllib.error.HTTPError as error:
        raise _failed(known.name, f"the server answered {error.code}") from error
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        raise _failed(known.name, "the server cannot be reached or broke off") from error
    if _md5(part) != known.md5:
        part.unlink()
        raise _failed(known.name, "the file that came is not the one expected (its MD5 differs)")
    with storage_errors(target.name):
        part.replace(target)
    return target


def _entry(name: str) -> Entry:
    for entry in KNOWN:
        if entry.name == name:
            return entry
    raise OptionError(f"there is no known data set {name!r}", expected=", ".join(entry.name for entry in KNOWN))


def _address(url: str) -> str:
    base = os.environ.get(BASE_VARIABLE, "").strip().rstrip("/")
    return base + url.removeprefix(BASE_URL) if base and url.startswith(BASE_URL) else url


def _download(
    url: str,
    part: Path,
    progress: Callable[[float], None],
    should_stop: Callable[[], bool],
    timeout: float,
    name: str,
) -> None:
    start = part.stat().st_size if part.is_file() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={start}-"} if start else {})
    try:
        answer = urllib.request.urlopen(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        if error.code != 416:  # the part is whole already, or longer than the file: the MD5 tells
            raise
        return
    with answer:
        resumed = answer.status == 206
        done = start if resumed else 0
        total = done + int(answer.headers.get("Content-Length") or 0)
        with storage_errors(name), open(part, "ab" if resumed else "wb") as file:
            while block := answer.read(_BLOCK):
                if should_stop():
                    raise CancelledError("the download was cancelled", where=name)
                file.write(block)
                done += len(block)
                progress(min(1.0, done / total) if total else 0.0)
        if total and done < total:
            raise http.client.IncompleteRead(b"", total - done)


def _failed(name: str, problem: str) -> NetworkError:
    return NetworkError(
        problem,
        where=name,
        todo="try again later, or download the file elsewhere and upload it here; the sample data need no network",
    )


def _md5(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _silent(share: float) -> None:
    """Report nothing."""


def _never() -> bool:
    return False
