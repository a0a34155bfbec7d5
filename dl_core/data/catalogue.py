"""Public data sets that are one click away, and their download: checked, resumable, never a hang."""

from __future__ import annotations

import hashlib
import http.client
import os
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dl_core.errors import CancelledError, NetworkError
from dl_core.files import storage_errors

BASE_VARIABLE = "DAYLIGHT_CATALOGUE_URL"  # a mirror that holds the files under their names
TIMEOUT = 20  # seconds without a byte
_BLOCK = 1 << 18  # bytes


@dataclass(frozen=True)
class KnownData:
    """A public data set that is one click away where there is a network.

    Parameters
    ----------
    name : str
        Key, for instance ``"pneumoniamnist_64"``.
    title, task, licence, url : str
    file : str
        Name under which the download is kept; its ending tells the reader what it is.
    size_bytes : int
        About so much is downloaded or unpacked.
    md5 : str
        Checked after the download; empty where the server makes the file anew at each request, then ``rows`` is checked
        after reading.
    rows : int
        Rows that the data set must have; 0 where the MD5 says enough.
    """

    name: str
    title: str
    task: str
    licence: str
    url: str
    file: str
    size_bytes: int
    md5: str = ""
    rows: int = 0


def known_facts(module: str) -> list[dict[str, Any]]:
    """Return the tables ``[[set]]`` of the ``known.toml`` beside a module: facts about public data sets, as stated."""
    return tomllib.loads(Path(module).with_suffix(".toml").read_text(encoding="utf-8"))["set"]


def fetch(
    known: KnownData,
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
    known : KnownData
    into : pathlib.Path
    progress : callable, optional
        Called with a share from 0 to 1.
    should_stop : callable, optional
        Asked before every block.
    timeout : float
        Seconds without an answer after which to give up.

    Raises
    ------
    NetworkError
        If the server cannot be reached, refuses, or sends something else.
    CancelledError
        If ``should_stop`` says so.
    """
    into = Path(into)
    into.mkdir(parents=True, exist_ok=True)
    target = into / known.file
    if target.is_file() and known.md5 in ("", _md5(target)):
        return target
    part = target.with_name(f"{known.file}.part")
    try:
        _download(_address(known), part, progress or _silent, should_stop or _never, timeout, known.name)
    except urllib.error.HTTPError as error:
        raise _failed(known.name, f"the server answered {error.code}") from error
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        raise _failed(known.name, "the server cannot be reached or broke off") from error
    if known.md5 not in ("", _md5(part)):
        part.unlink()
        raise _failed(known.name, "the file that came is not the one expected (its MD5 differs)")
    with storage_errors(target.name):
        part.replace(target)
    return target


def check_rows(known: KnownData, rows: int) -> None:
    """Raise `NetworkError` where what was downloaded does not have the rows that it should have."""
    if known.rows and rows != known.rows:
        raise _failed(known.name, f"the file that came has {rows:,} rows and not {known.rows:,}")


def _address(known: KnownData) -> str:
    base = os.environ.get(BASE_VARIABLE, "").strip().rstrip("/")
    return f"{base}/{known.file}" if base else known.url


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
