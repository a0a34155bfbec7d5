"""The tables of both sides (data, test) and of arrays, joined to one line an image."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from dl_core.errors import SchemaError, shorten
from dl_core.reading.images.collect import Collected
from dl_core.reading.images.entries import Entry
from dl_core.reading.images.joined import Joined, Table
from dl_core.reading.images.tables import join, read_all
from dl_core.reading.limits import Limits
from dl_core.reading.request import ReadRequest
from dl_core.schema import Role


def join_sides(
    entries: Sequence[Entry],
    sides: Sequence[tuple[str, Collected]],
    request: ReadRequest,
    keys: pd.DataFrame,
    limits: Limits,
) -> Joined:
    """Return the tables joined to the entries; each side has its own, or those of the other."""
    column = str(request.options.get("file") or next(iter(request.roles.get(Role.IMAGE, ())), ""))
    tables, errors = {}, []
    for side, collected in sides:
        tables[side], wrong = read_all((*collected.tables, *collected.texts), limits)
        errors += wrong
    whole = Joined(pd.DataFrame(index=range(len(entries))), errors=errors)
    _arrays_into(whole, entries)
    for side, _ in sides:
        own = tables[side] or next((found for found in tables.values() if found), [])
        at = [position for position, entry in enumerate(entries) if entry.side == side]
        if not own or not at:
            continue
        if all(entries[position].array for position in at):
            _merge(whole, _by_position(own, len(at)), at)
        else:
            files = [entries[position].file for position in at]
            _merge(whole, join(own, files, keys.loc[at].reset_index(drop=True), column), at)
    every = [table for found in tables.values() for table in found if not table.maybe]
    alone = keys.nunique().max() < 2 and not any(entry.columns for entry in entries)
    if request.labelled and alone and not whole.origin and not whole.files and every:
        _raise_unmatched(every, [entry.file for entry in entries], column)
    if request.labelled and not whole.origin and errors and alone:
        raise errors[0]
    return whole


def _arrays_into(whole: Joined, entries: Sequence[Entry]) -> None:
    """Put what arrays say beside the images into the frame."""
    for name in dict.fromkeys(name for entry in entries for name in entry.columns):
        values = [None if (v := entry.columns.get(name)) is None else str(v) for entry in entries]
        whole.frame[name] = pd.Series(values, dtype=object)
        whole.origin[name] = ("arrays", name)


def _merge(whole: Joined, part: Joined, at: Sequence[int]) -> None:
    """Add one side's joined tables to those of all entries."""
    for name in part.frame:
        if name not in whole.frame:
            whole.frame[name] = pd.Series([None] * len(whole.frame), dtype=object)
        whole.frame.loc[list(at), name] = part.frame[name].to_numpy(dtype=object)
        whole.origin.setdefault(name, part.origin[name])
        whole.sources.setdefault(name, part.sources.get(name, (part.origin[name][1],)))
    for name, told in part.several.items():
        moved = [tuple(at[image] for image in images) for images in (told.images, told.ties)]
        whole.several.setdefault(name, type(told)(moved[0], moved[1], told.rows, told.readers))
    whole.files |= part.files
    whole.keys |= part.keys
    whole.keyed |= part.keyed
    whole.pairs |= part.pairs
    whole.parts |= {at[image]: part_ for image, part_ in part.parts.items()}
    whole.abouts += [about for about in part.abouts if about.name not in {one.name for one in whole.abouts}]
    whole.notes += part.notes


def _by_position(tables: Sequence[Table], count: int) -> Joined:
    """Return the table whose rows go with an npz's images in order."""
    for table in tables:
        if len(table.frame) == count:
            origin = {str(name): (table.name, str(name)) for name in table.frame}
            about = table.about.as_part("table", "one row an image, in the order of the arrays")
            return Joined(table.frame.reset_index(drop=True), origin, abouts=[about])
    table = tables[0]
    raise SchemaError(
        f"the table has {len(table.frame)} rows for {count} images",
        where=table.name,
        expected="one row an image, in the order of the npz",
        todo="leave the table out or complete it",
    )


def _raise_unmatched(tables: Sequence[Table], files: Sequence[str], column: str) -> None:
    names = [str(name) for table in tables for name in table.frame.columns]
    shown = ", ".join(repr(shorten(file.rsplit("/", 1)[-1], 40)) for file in files[:2])
    found = f"no match in {shorten(column, 40)!r}" if column else f"the columns {', '.join(map(repr, names[:6]))}"
    raise SchemaError(
        f"no column names any of the {len(files)} files",
        where=", ".join(table.name for table in tables),
        expected=f"names such as {shown}; found {found}",
        todo="add a column with the file names, with or without extension",
    )
