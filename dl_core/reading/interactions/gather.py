"""From what was uploaded to one table of interactions, with the tables of items and of users beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding, Source
from dl_core.reading.collect import Collected
from dl_core.reading.interactions.layouts import Headless, joined_genres, untyped
from dl_core.reading.interactions.recognise import Recognised, recognise
from dl_core.reading.interactions.schema import KEYS, is_key_name
from dl_core.reading.limits import Limits
from dl_core.reading.request import ReadRequest
from dl_core.reading.sources import source_of
from dl_core.reading.tables.append import appended, skipped_note, split_column
from dl_core.reading.tables.files import TABLES, Given, TableFile, find_tables
from dl_core.reading.tables.formats import RawTable, read_file
from dl_core.reading.tables.names import listed, plain_name
from dl_core.reading.tables.room import TableKind
from dl_core.schema import Role

ROW_BYTES = 560  # at the peak, measured while the data set's fingerprint is made
_ADVICE = "keep the latest months, or draw some of the users with all of their rows"
_SUFFIXES = (*TABLES, ".dat", ".item", ".user", ".inter", ".base", ".test")


@dataclass(frozen=True)
class Gathered:
    """All interactions as read, which part of a given split each belongs to ("" without one), and what lay beside."""

    frame: pd.DataFrame
    part: np.ndarray  # (n,) object
    roles: dict[Role, tuple[str, ...]]
    source: Source
    items: tuple[RawTable, ...] = ()
    users: tuple[RawTable, ...] = ()
    notes: list[Finding] = field(default_factory=list)


@dataclass(frozen=True)
class Tables:
    """All tables of a request, with whether each is test data."""

    tables: list[tuple[RawTable, bool]]
    notes: list[Finding]
    source: Source


def gather(request: ReadRequest, workspace: Path, limits: Limits) -> Gathered:
    """Read all tables of a request and tell which is which; rows come in the order of the files, test rows last.

    Raises
    ------
    DaylightError
        If a file cannot be read, is too large, or no table holds interactions.
    """
    read = read_tables(request, workspace, limits)
    return _joined(recognise(read.tables, request), read)


def read_tables(request: ReadRequest, workspace: Path, limits: Limits) -> Tables:
    """Read all tables of a request.

    Raises
    ------
    DaylightError
        If a file cannot be read or is too large.
    """
    data = _find(request.paths, workspace / "data", limits)
    test = _find(request.test_paths, workspace / "test", limits) if request.test_paths else None
    headless = Headless(_mentioned(request))
    kind = TableKind(lambda name: is_key(name, request), ROW_BYTES, _ADVICE, headless)
    files = [(file, file.test and test is None) for file in _chosen(data.tables)]
    files += [(file, True) for file in (test.tables if test else ())]
    raw, rows = [], 0
    for file, is_test in files:
        table = read_file(file, kind, limits, rows)
        rows += len(table.frame)
        raw.append((RawTable(table.name, _tidy(table.frame, table.name in headless.found), table.skipped), is_test))
    notes = [*headless.notes(), *(note for table, _ in raw for note in skipped_note(table)), *_other_note(data, raw)]
    return Tables(raw, notes, source_of([("data", Collected(source=data.source))]))


def is_key(column: str, request: ReadRequest) -> bool:
    """Return whether a column holds ids by its name, by the user's word or by what training had."""
    like = request.options.get("like") or {}
    wished = {name for role in KEYS for name in request.roles.get(role, ())}
    wished |= {name for role in KEYS for name in like.get("roles", {}).get(str(role), ())}
    return column in wished or is_key_name(untyped(column))


def _find(paths: Sequence[Path], workspace: Path, limits: Limits) -> Given:
    workspace.mkdir()
    return find_tables([Path(path) for path in paths], workspace, limits, _SUFFIXES)


def _mentioned(request: ReadRequest) -> list[str]:
    like = request.options.get("like") or {}
    trained = [name for names in like.get("roles", {}).values() for name in names]
    return [*trained, *(name for names in request.roles.values() for name in names)]


def _chosen(files: Sequence[TableFile]) -> list[TableFile]:
    """Return the files to read: beside MovieLens 100k's u.data, the splits of it are the same rows again."""
    if not any(PurePosixPath(file.name).name.casefold() == "u.data" for file in files):
        return list(files)
    return [file for file in files if PurePosixPath(file.name).suffix.casefold() not in (".base", ".test")]


def _tidy(frame: pd.DataFrame, headless: bool) -> pd.DataFrame:
    frame = frame.rename(columns={name: untyped(name) for name in frame.columns})
    return joined_genres(frame) if headless else frame


def _other_note(data: Given, raw: Sequence[tuple[RawTable, bool]]) -> list[Finding]:
    read = {table.name for table, _ in raw}
    other = [*data.other, *(file.name for file in data.tables if file.name not in read)]
    if not other:
        return []
    return [Finding("info", "other-files", f"Files that were not needed were left out: {listed(other, 3)}.")]


def _joined(found: Recognised, read: Tables) -> Gathered:
    notes = [*read.notes, *found.notes]
    main = found.rows[0][0].frame
    frames = []
    for table, _ in found.rows:
        spelling = {plain_name(column): column for column in reversed(main.columns)}
        frame = table.frame.rename(columns={c: spelling.get(plain_name(c), c) for c in table.frame.columns})
        frames.append(frame)
    part = np.concatenate([np.full(len(t.frame), "test" if is_test else "", dtype=object) for t, is_test in found.rows])
    frame = appended(frames)
    part = split_column(frame, part, notes)
    return Gathered(frame, part, found.roles, read.source, found.items, found.users, notes)
