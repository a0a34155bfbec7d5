"""The table of an image data set: what was understood, a line an image, without anything personal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.privacy import pseudonyms, tidy_sex
from dl_core.errors import shorten
from dl_core.reading.images.understand import Roles, Understanding
from dl_core.schema import Role

HEADER_GROUPS = ("sex", "age", "site", "scanner", "modality", "body_part", "view")
_MOST_TEXTS = 50  # a text column with more values, nearly one a row, groups nothing
_OWN = ("file", "width", "height", "mode")
_WORDS = {"StudyInstanceUID": "study", "SeriesInstanceUID": "series"}


def build_table(
    records: Sequence[Mapping[str, Any]], found: Understanding, notes: list[Finding], groups_asked: bool
) -> tuple[pd.DataFrame, Roles]:
    """Return the table, a row an image that was read, and the roles of its columns.

    Parameters
    ----------
    records : sequence of mapping
        One a row, with ``entry``: its position in ``found.entries``.
    found : Understanding
    notes : list of Finding
        Grows by what is to be said.
    groups_asked : bool
        Whether the groups are the user's word, and none are added from headers.
    """
    index = pd.Index(_unique([record["id"] for record in records], records), name="row")
    frame = pd.DataFrame({key: [record[key] for record in records] for key in _OWN}, index=index)
    at = [record["entry"] for record in records]
    roles: Roles = {}
    meta = _without_personal(found, notes)
    for column in meta:
        frame[_free(column)] = _typed(meta[column]).iloc[at].to_numpy()
    if found.target.values is not None:
        name = _free(found.label_name)
        frame[name] = found.target.values.iloc[at].to_numpy(dtype=object)
        roles[Role.LABEL] = (name,)
    groups = [_free(name) for name in found.groups if _free(name) in frame]
    for level in found.folders.levels:
        taken = level.name in (*found.target.columns, found.unit.name) or level.count > _MOST_TEXTS
        if not taken and level.score >= 0:
            frame[level.name] = level.values.iloc[at].to_numpy(dtype=object)
            groups.append(level.name)
    groups += _add_headers(frame, [found.entries[one].about for one in at], groups_asked)
    _add_unit(frame, roles, found, at, records)
    wanted = tuple(name for name in dict.fromkeys(groups) if name in frame and _groups(frame[name]))
    for column in frame:
        if str(column).casefold() in ("sex", "gender", "patient_sex", "patient_gender"):
            frame[column] = tidy_sex(frame[column])
    return frame, roles | ({Role.GROUP: wanted} if wanted else {})


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


def _without_personal(found: Understanding, notes: list[Finding]) -> pd.DataFrame:
    """Return the metadata without columns that name persons; only an id that becomes a pseudonym may stay."""
    meta = found.joined.frame
    personal = [column for column in meta if column in found.locked and column != found.unit.name]
    if personal:
        shown = ", ".join(shorten(column, 40) for column in personal)
        notes.append(Finding("info", "personal-columns", f"Columns that may identify persons were dropped: {shown}."))
    return meta.drop(columns=personal)


def _typed(column: pd.Series) -> pd.Series:
    """Return numbers where every filled cell is one; "007" is a name and not a number."""
    filled = column.dropna()
    numbers = pd.to_numeric(filled, errors="coerce")
    if len(filled) and numbers.notna().all() and not filled.astype(str).str.fullmatch(r"0\d+").any():
        return pd.to_numeric(column, errors="coerce")
    return column


def _free(column: str) -> str:
    """Return the column's name, or another where every data set has one of its own by that name."""
    return f"{column} (table)" if column in _OWN else column


def _add_headers(frame: pd.DataFrame, abouts: Sequence[Mapping[str, Any]], groups_asked: bool) -> list[str]:
    """Add what headers say, a table's own columns first, and return the groups among it."""
    added = []
    for key in HEADER_GROUPS:
        values = [about.get(key) for about in abouts]
        if any(value is not None for value in values) and key not in frame:
            frame[key] = pseudonyms(values, "site") if key == "site" else values  # an institution's name may identify
            added.append(key)
    return [] if groups_asked else added


def _add_unit(
    frame: pd.DataFrame, roles: Roles, found: Understanding, at: Sequence[int], records: Sequence[Mapping[str, Any]]
) -> None:
    """Add the unit under pseudonyms; the file where files hold several images and nothing else is known."""
    unit = found.unit
    if unit.values is not None and unit.values.notna().any():
        name = _free(unit.name)
        frame[name] = pseudonyms(unit.values.iloc[at], _WORDS.get(unit.name, "patient"))
        frame[name] = frame[name].astype(object).where(frame[name].notna(), frame["file"])
        roles[Role.UNIT] = (name,)
    elif any(record["many"] for record in records) and unit.why != "as asked":
        frame["source_file"] = frame["file"]
        roles[Role.UNIT] = ("source_file",)


def _groups(column: pd.Series) -> bool:
    count = column.nunique()
    return count > 1 and (pd.api.types.is_numeric_dtype(column) or count <= _MOST_TEXTS)
