"""The table of an image data set: metadata from tables, headers and folders, without anything personal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.privacy import is_personal, pseudonyms, tidy_sex
from dl_core.errors import SchemaError, shorten
from dl_core.reading.given_split import part_of
from dl_core.reading.images.collect import Collected
from dl_core.reading.images.match import TableMatch, match_files
from dl_core.reading.request import ReadRequest
from dl_core.reading.tables.whole import read_table
from dl_core.schema import Role, Schema

Roles = dict[Role, tuple[str, ...]]
HEADER_COLUMNS = {"patient": Role.UNIT, "sex": Role.GROUP, "age": Role.GROUP, "site": Role.GROUP, "scanner": Role.GROUP}
_MORE_HEADER = ("modality", "body_part", "view")
_MOST_TEXTS = 50  # a text column with more values, nearly one a row, groups nothing


def describe_rows(
    records: Sequence[dict[str, Any]], sides: Sequence[tuple[str, Collected]], request: ReadRequest, schema: Schema
) -> tuple[pd.DataFrame, Roles, list[Finding]]:
    """Return the table, the roles of its columns, and what is to say about them.

    Parameters
    ----------
    records : sequence of dict
        One a row, from `dl_core.reading.images.rows`; their ``part`` is filled from a table's
        split column where there is one.

    Raises
    ------
    SchemaError
        If tables are given and none of them names a file, or a named column does not exist.
    """
    frame = pd.DataFrame(
        {key: [record[key] for record in records] for key in ("file", "width", "height", "mode")},
        index=pd.Index(_unique([record["id"] for record in records], records), name="row"),
    )
    notes: list[Finding] = []
    meta, listed = _from_tables(records, sides, request, notes)
    wished = request.wished
    if request.options.get("label"):
        wished.setdefault(Role.LABEL, (str(request.options["label"]),))
    _check_wished(wished, meta, bool(listed))
    roles = schema.guess([column for column in meta.columns if column not in listed])
    roles.pop(Role.IMAGE, None)
    roles.update({role: columns for role, columns in wished.items() if role != Role.IMAGE})
    meta = _without_personal(meta, roles, listed, notes)
    for column in meta:
        if column not in listed:
            frame[_free(column, frame)] = meta[column].to_numpy()
    roles = {role: tuple(_free_was(column, meta) for column in columns) for role, columns in roles.items()}
    _add_folders_and_headers(frame, roles, records, wished)
    _hide_ids(frame, roles)
    _keep_files_together(frame, roles, records)
    return frame, _tidy_roles(frame, roles), notes


def _unique(ids: Sequence[str], records: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return ids that do not repeat: those of test data get a prefix, then a number decides."""
    seen: set[str] = set()
    unique = []
    for row, record in zip(ids, records, strict=True):
        new = row if row not in seen else (f"test/{row}" if record.get("side") == "test" else f"{record['file']}/{row}")
        count = 2
        while new in seen:
            new, count = f"{row} ({count})", count + 1
        seen.add(new)
        unique.append(new)
    return unique


def _from_tables(
    records: Sequence[Mapping[str, Any]],
    sides: Sequence[tuple[str, Collected]],
    request: ReadRequest,
    notes: list[Finding],
) -> tuple[pd.DataFrame, set[str]]:
    """Return metadata by row position, and the columns that name files."""
    named = str(request.options.get("file") or next(iter(request.roles.get(Role.IMAGE, ())), ""))
    parts, listed = [], set()
    tables = {side: [(item.name, read_table(item.path, item.name)) for item in c.tables] for side, c in sides}
    for side in tables:
        rows = [at for at, record in enumerate(records) if record["side"] == side]
        own = tables[side] or next((found for found in tables.values() if found), [])
        files = list(dict.fromkeys(records[at]["file"] for at in rows))
        if not own or not files:
            continue
        if all(str(name).endswith(".npz") for name in files):
            parts.append(_by_position(own, rows, side))
            continue
        match = match_files(own, files, named)
        listed.add(match.column)
        notes += _match_notes(match, files, request.labelled)
        at_row = [match.rows.get(records[at]["file"], -1) for at in rows]
        found = match.table.reindex(at_row)
        found.index = pd.Index(rows)
        parts.append(found)
    if not parts:
        return pd.DataFrame(index=range(len(records))), listed
    return pd.concat(parts).reindex(range(len(records))), listed


def _by_position(tables: Sequence[tuple[str, pd.DataFrame]], rows: Sequence[int], side: str) -> pd.DataFrame:
    """Return the table whose rows go with an npz's images in order."""
    for _, table in tables:
        if len(table) == len(rows):
            return table.set_axis(pd.Index(rows))
    name, table = tables[0]
    raise SchemaError(
        f"the table has {len(table)} rows for {len(rows)} images",
        where=name,
        expected="one row an image, in the order of the npz",
        todo="leave the table out or complete it",
    )


def _match_notes(match: TableMatch, files: Sequence[str], labelled: bool) -> list[Finding]:
    notes = [
        Finding(
            "info",
            "table",
            f"Column {shorten(match.column)!r} of {shorten(match.name)} names {len(match.rows)} of {len(files)} files.",
        )
    ]
    if match.unmatched:
        text = f"{len(match.unmatched)} rows of {shorten(match.name)} name no file that was uploaded."
        notes.append(Finding("warning", "table-without-file", text))
    if match.ambiguous:
        text = (
            f"{len(match.ambiguous)} names in {shorten(match.name)} fit several files and were not used; "
            "write them with their folder."
        )
        notes.append(Finding("warning", "ambiguous-name", text))
    missing = tuple(file for file in files if file not in match.rows)
    if missing and labelled:
        text = f"{len(missing)} files are not named in {shorten(match.name)}, such as {shorten(missing[0], 60)}."
        notes.append(Finding("warning", "file-without-row", text, missing))
    return notes


def _check_wished(wished: Mapping[Role, tuple[str, ...]], meta: pd.DataFrame, any_table: bool) -> None:
    for role, columns in wished.items():
        for column in columns:
            if role != Role.IMAGE and column not in meta.columns and column not in (*HEADER_COLUMNS, *_MORE_HEADER):
                raise SchemaError(
                    f"there is no column {shorten(column)!r}",
                    where=f"role {role}",
                    expected=", ".join(map(str, list(meta.columns)[:12])) if any_table else "a table beside the images",
                    todo="choose one of these",
                )


def _without_personal(meta: pd.DataFrame, roles: Roles, listed: set[str], notes: list[Finding]) -> pd.DataFrame:
    """Return the metadata without columns that name persons; only an id that becomes a pseudonym may stay."""
    unit = roles.get(Role.UNIT, ())
    personal = [column for column in meta if is_personal(column) and column not in (*listed, *unit)]
    for role, columns in list(roles.items()):
        kept = tuple(column for column in columns if column not in personal)
        roles[role] = kept
        if not kept:
            roles.pop(role)
    if personal:
        text = (
            f"Columns that may identify persons were dropped: {', '.join(shorten(column, 40) for column in personal)}."
        )
        notes.append(Finding("info", "personal-columns", text))
    return meta.drop(columns=personal)


def _free(column: str, frame: pd.DataFrame) -> str:
    """Return the column's name, or another where the table has one of its own by that name."""
    return column if column not in frame.columns else f"{column} (table)"


def _free_was(column: str, meta: pd.DataFrame) -> str:
    return f"{column} (table)" if column in ("file", "width", "height", "mode") and column in meta else column


def _add_folders_and_headers(
    frame: pd.DataFrame, roles: Roles, records: Sequence[dict[str, Any]], wished: Mapping[Role, tuple[str, ...]]
) -> None:
    """Add labels from folders, fields from headers, and a split column's parts; a table's own columns win."""
    folder_labels = _folder_labels(records)
    if Role.LABEL not in roles and any(label is not None for label in folder_labels):
        frame[_free("label", frame)] = folder_labels
        roles[Role.LABEL] = (frame.columns[-1],)
    for key in (*HEADER_COLUMNS, *_MORE_HEADER):
        values = [record["about"].get(key) for record in records]
        role = HEADER_COLUMNS.get(key, Role.GROUP)
        taken = key in frame or (role == Role.UNIT and Role.UNIT in roles)
        if any(value is not None for value in values) and not taken:
            frame[key] = pseudonyms(values, "site") if key == "site" else values  # an institution's name may identify
            roles[role] = (*roles.get(role, ()), key)
    flags = list(dict.fromkeys(key for record in records for key in record["about"].get("flags", {})))
    for key in flags:
        frame[_free(key, frame)] = [record["about"].get("flags", {}).get(key) for record in records]
    _take_split_column(frame, records)


def _folder_labels(records: Sequence[Mapping[str, Any]]) -> list[str | None]:
    """Return labels from folders; where all images lie in one folder, that folder is the one class there is."""
    labels = [record["label"] for record in records]
    if any(label is not None for label in labels):
        return labels
    folders = {record["file"].rsplit("/", 2)[-2] if "/" in record["file"] else None for record in records}
    return [next(iter(folders))] * len(records) if len(folders) == 1 else labels


def _take_split_column(frame: pd.DataFrame, records: Sequence[dict[str, Any]]) -> None:
    for column in ("split", "subset", "partition", "fold", "set"):
        name = next((c for c in frame if str(c).casefold() == column), None)
        if name is None or any(record["part"] for record in records):
            continue
        parts = [part_of(value) for value in frame[name]]
        if all(parts) and len(set(parts)) > 1:
            for record, part in zip(records, parts, strict=True):
                record["part"] = part


def _hide_ids(frame: pd.DataFrame, roles: Roles) -> None:
    """Replace patients' ids by numbers, and letters for sex by words."""
    for column in roles.get(Role.UNIT, ()):
        frame[column] = pseudonyms(frame[column], "patient")
    for column in frame:
        if str(column).casefold() in ("sex", "gender", "patient_sex", "patient_gender"):
            frame[column] = tidy_sex(frame[column])


def _keep_files_together(frame: pd.DataFrame, roles: Roles, records: Sequence[Mapping[str, Any]]) -> None:
    """Make the file the unit where files hold several images and no patient is known; fill gaps with files."""
    many = [record["many"] for record in records]
    if Role.UNIT not in roles and any(many):
        frame["source_file"] = frame["file"]
        roles[Role.UNIT] = ("source_file",)
    for column in roles.get(Role.UNIT, ()):
        frame[column] = frame[column].astype(object).where(frame[column].notna(), frame["file"])


def _tidy_roles(frame: pd.DataFrame, roles: Roles) -> Roles:
    """Return roles without groups that group nothing (one value, or nearly one text a row)."""
    groups = tuple(c for c in dict.fromkeys(roles.get(Role.GROUP, ())) if c in frame and _groups(frame[c]))
    tidy = {role: columns for role, columns in roles.items() if role != Role.GROUP}
    return tidy | ({Role.GROUP: groups} if groups else {})


def _groups(column: pd.Series) -> bool:
    count = column.nunique()
    return count > 1 and (pd.api.types.is_numeric_dtype(column) or count <= _MOST_TEXTS)
