"""Tables beside images: read, and joined to one line an image by what each names (files, patients, folders)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.findings import few
from dl_core.data.reading import LEFT_OUT
from dl_core.errors import DaylightError, FileError, shorten
from dl_core.reading.given_split import part_in
from dl_core.reading.images.collect import Item
from dl_core.reading.images.each_image import add_columns
from dl_core.reading.images.joined import Joined, Table
from dl_core.reading.images.links import file_links, key_links
from dl_core.reading.images.match import match_names
from dl_core.reading.limits import Limits
from dl_core.reading.listing import GivenFile
from dl_core.reading.tables.about import columns_about
from dl_core.reading.tables.names import plain_name
from dl_core.reading.tables.read import read_file
from dl_core.reading.tables.room import TableKind

LOG = logging.getLogger(__name__)
KIND = TableKind(
    as_text=lambda name: True, row_bytes=200, advice="give fewer rows", sheets="all", nulls=("", "NaN", "nan", "NULL")
)  # "None" and "NA" may be classes


def read_all(items: Sequence[Item], limits: Limits) -> tuple[list[Table], list[DaylightError]]:
    """Return the tables that can be read, all cells as text so that 1.10 stays 1.10, and what was wrong with others."""
    tables: list[Table] = []
    errors: list[DaylightError] = []
    for item in items:
        maybe = item.kind != "table"
        try:
            raws, _ = read_file(GivenFile(item.path, item.name, item.name), KIND, limits)
            tables += [Table(replace(raw.about, file=raw.name, member=""), _texts(raw.frame), maybe) for raw in raws]
        except DaylightError as error:
            errors += [] if maybe else [error]
        except Exception as error:  # noqa: BLE001  (one bad file never ends an upload)
            LOG.warning("a table beside images cannot be read: %s", type(error).__name__)
            wrong = FileError("the table cannot be read", where=item.name, todo="save it again as CSV (UTF-8)")
            errors += [] if maybe else [wrong]
    return tables, errors


def _texts(frame: pd.DataFrame) -> pd.DataFrame:
    """Return all cells as text without outer blanks, None where nothing stands."""
    told = {name: [_text(cell) for cell in frame[name]] for name in frame}
    return pd.DataFrame({str(name): pd.Series(cells, dtype=object) for name, cells in told.items()})


def _text(cell: object) -> str | None:
    return None if cell is None or cell != cell else str(cell).strip() or None


def join(tables: Sequence[Table], names: Sequence[str], keys: pd.DataFrame, column: str = "") -> Joined:
    """Join tables to images: first those that name files, then those that name what is known of the images already.

    Parameters
    ----------
    tables : sequence of Table
    names : sequence of str
        Files, (images,).
    keys : pandas.DataFrame
        (images, …) text: folders, and what headers say of patient and study.
    column : str
        The column that names the files, as the user says.
    """
    joined = Joined(pd.DataFrame(index=range(len(names))))
    waiting = _without_submissions([_with_header(table, names) for table in tables], joined)
    for most in (True, False):  # a table that names few files may as well speak of patients
        for table in list(waiting):
            links = file_links(table, names, column, joined, most)
            if links is not None:
                add_columns(joined, table, links, names)
                waiting.remove(table)
        progress = True
        while waiting and progress:
            keyed = {table.name: key_links(table, keys, joined) for table in waiting}
            progress = any(links is not None for links in keyed.values())
            for table in list(waiting):
                if (links := keyed[table.name]) is not None:
                    add_columns(joined, table, links, names)
                    waiting.remove(table)
    joined.parts = _listed_parts(joined)
    _say_unnamed(joined, names)
    spare = [table.name for table in waiting if table.maybe]
    if spare:
        text = f"Texts that name no images were left out: {few(spare, 3, 40)}."
        joined.notes.append(Finding("info", "other-files", text, tuple(spare)))
    for table in (table for table in waiting if not table.maybe):
        why = "no column names a file, a folder or a patient of this upload"
        joined.abouts.append(table.about.as_part(LEFT_OUT, why))
        joined.notes.append(Finding("warning", "table-left-out", f"{shorten(table.name)} was left out: {why}."))
    return joined


def _without_submissions(tables: Sequence[Table], joined: Joined) -> list[Table]:
    """Return tables without forms to fill in: like a table of labels, but called submission or with one number alone.

    What stands in such a form are no labels.
    """
    kept = []
    for table in tables:
        alike = [one for one in tables if one is not table and set(one.frame) == set(table.frame)]
        called = "submission" in plain_name(PurePosixPath(table.name).stem).split("_")
        if not any(called or _is_blank_form(table.frame, one.frame) for one in alike):
            kept.append(table)
            continue
        why = "it has the columns of another table and the same value in every row: a form for answers, no labels"
        why = "a form for answers, by its name, with the columns of another table: no labels" if called else why
        joined.abouts.append(table.about.as_part(LEFT_OUT, why))
        joined.notes.append(Finding("info", "table-left-out", f"{shorten(table.name)} was left out: {why}."))
    return kept


def _is_blank_form(frame: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Return whether, beside names of its own, a table has one number alone where another table has several."""
    rest = [name for name in frame if frame[name].nunique() < len(frame)]
    constant = all(frame[name].nunique() == 1 and str(frame[name].iloc[0]).strip("0.") == "" for name in rest)
    return bool(rest and len(rest) < frame.shape[1] and constant and any(other[name].nunique() > 1 for name in rest))


def _say_unnamed(joined: Joined, names: Sequence[str]) -> None:
    """Note the files that no table names, where one names files."""
    named = {at for images in joined.named.values() for at in images}
    missing = tuple(name for at, name in enumerate(names) if at not in named)
    if missing and joined.named:
        tables = " and ".join(shorten(name) for name in joined.named)
        text = f"{len(missing)} files are not named in {tables}, such as {shorten(missing[0], 60)}."
        joined.notes.append(Finding("warning", "file-without-row", text, missing))


def _with_header(table: Table, names: Sequence[str]) -> Table:
    """Return the table with names for its columns where its first line is a row like the others."""
    header = pd.Series([str(name) for name in table.frame.columns], dtype=object)
    here = match_names(header, names).target
    if not (here >= 0).any():
        return table
    frame = pd.concat([pd.DataFrame([list(header)], columns=table.frame.columns), table.frame], ignore_index=True)
    frame.columns = pd.Index([f"column {at}" for at in range(1, frame.shape[1] + 1)])
    about = replace(table.about, header=None, rows=len(frame), columns=columns_about(frame, table.name))
    return replace(table, frame=frame, about=about)


def _listed_parts(joined: Joined) -> dict[int, str]:
    """Return the part of every image where tables called train, test … list different ones; else nothing."""
    parts = {name: part_in(PurePosixPath(name).stem)[0] for name in joined.named}
    told = [(parts[name], images) for name, images in joined.named.items() if parts[name]]
    if len({part for part, _ in told}) < 2 or "train" not in {part for part, _ in told}:
        return {}
    found: dict[int, str] = {}
    for part, images in told:
        if any(found.get(at, part) != part for at in images):
            return {}
        found |= dict.fromkeys(images, str(part))
    return found
