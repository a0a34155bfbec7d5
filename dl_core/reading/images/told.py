"""How images were read, for people: a line a file, all columns of tables, levels of folders and tags of headers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import pandas as pd

from dl_core.data.dataset import Dataset, Finding
from dl_core.data.labels import means_nothing_found
from dl_core.data.reading import LEFT_OUT, NAMED, ColumnReading, FileReading, Reading, Verdict
from dl_core.errors import DaylightError
from dl_core.reading.images.rows import Readable
from dl_core.reading.images.table import HEADER_GROUPS
from dl_core.reading.images.understand import Understanding
from dl_core.reading.images.units import PATH, STEM, TAGS
from dl_core.reading.request import ReadRequest
from dl_core.reading.tables.about import examples_of, readings
from dl_core.reading.understood import understood
from dl_core.schema import Role

_MOST_LINES = 30  # folders with a line of their own
_KEPT = "kept beside the images; models see pixels alone"
ARRAYS, FOLDERS, HEADERS, NAMES = "arrays", "folders", "headers", "file names"


def tell(
    found: Understanding,
    dataset: Dataset | None,
    request: ReadRequest,
    masks: Sequence[Readable] = (),
    errors: Sequence[DaylightError] = (),
    notes: Sequence[Finding] = (),
) -> Reading:
    """Return the reading; without a data set where a question is open."""
    roles = {} if dataset is None else dict(dataset.roles)
    files, columns = readings(_tables(found, roles))
    target = found.target
    asked = {role: names for role, names in request.wished.items() if not names}  # none, as the user says
    said: dict[Role, Sequence[str]] = {**{role: n for role, n in roles.items() if role != Role.IMAGE}, **asked}
    if target.columns and Role.LABEL in roles:
        said[Role.LABEL] = target.columns if len(target.columns) > 1 else roles[Role.LABEL]
    named = next(iter(found.joined.files.values()), ())
    if named:
        said[Role.IMAGE] = named[:1]
    unlabelled = 0 if dataset is None or target.values is None else int(target.values.isna().sum())
    told = Reading(
        "images",
        layout=_layout(found),
        files=(*_images(found), *_mask_lines(masks), *files, *_left_out(errors)),
        columns=(*columns, *_arrays(found, roles), *_levels(found), *_headers(found), *_stems(found)),
        questions=tuple(found.questions) if request.labelled else (),
        assumed=tuple(found.assumed),
    )
    positive = target.positive or _positive(dataset)
    reading = understood(told, dataset, request, roles=said, positive=positive, unlabelled=unlabelled, notes=notes)
    units = found.unit.values
    if dataset is None and units is not None:
        return replace(reading, unit={"name": found.unit.name, "units": int(units.nunique())})
    return reading


def _layout(found: Understanding) -> str:
    """Return the layout in words."""
    tables, target = found.joined.files or found.joined.keys, found.target
    if any(entry.array for entry in found.entries):
        return "arrays of images and labels"
    if len(target.columns) > 1:
        return "images and a one-hot table"
    if target.columns and target.columns[0] in found.joined.frame:
        return "images and a table that names them"
    if target.columns and target.columns[0] in found.name_parts:
        return "images whose names tell the class"
    folders = "class folders" if target.columns else "images"
    return f"{folders} and a table" if tables else folders


def _positive(dataset: Dataset | None) -> str:
    """Return the class that is looked for: of two, the one beside what means that nothing was found."""
    classes = () if dataset is None else dataset.classes
    if len(classes) != 2 or not means_nothing_found(classes[0]):
        return ""
    return classes[1]


def _images(found: Understanding) -> list[FileReading]:
    """Return a line for each outermost folder of images."""
    tops = [_top(entry.file) for entry in found.entries]
    counts = pd.Series(tops, dtype=object).value_counts(sort=False)
    if len(counts) > _MOST_LINES:
        return [FileReading("images", "images", f"images in {len(counts)} folders", len(tops))]
    lines = []
    for top, count in counts.items():
        here = [at for at, one in enumerate(tops) if one == top]
        parts = set(found.parts.iloc[here])
        part = next(iter(parts)) if len(parts) == 1 else None
        why = f"images; a given split: {part}" if part else "images"
        test = all(found.entries[at].side == "test" for at in here)
        lines.append(FileReading(str(top), "test" if test else "images", why, int(count)))
    return lines


def _top(name: str) -> str:
    parts = PurePosixPath(name).parts
    return f"{parts[0]}/" if len(parts) > 1 else ("images" if not name.endswith(".npz") else name)


def _mask_lines(masks: Sequence[Readable]) -> list[FileReading]:
    if not masks:
        return []
    folders = sorted({str(PurePosixPath(mask.item.name).parent) for mask in masks})
    name = f"{folders[0]}/" if folders[0] != "." else masks[0].item.name
    name += f" and {len(folders) - 1} more" if len(folders) > 1 else ""
    return [FileReading(name, "masks", "few values, beside an image of the same name", len(masks))]


def _left_out(errors: Sequence[DaylightError]) -> list[FileReading]:
    """Return a line for each file that could not be read, those after the first ones in one."""
    lines = [FileReading(error.where, LEFT_OUT, error.problem) for error in errors[:_MOST_LINES]]
    if len(errors) > _MOST_LINES:
        lines.append(FileReading(f"{len(errors) - _MOST_LINES} more", LEFT_OUT, "could not be read"))
    return lines


def _tables(found: Understanding, roles: Mapping[Role, Sequence[str]]) -> list[Any]:
    """Return the tables' descriptions with the roles of their columns."""
    joined = found.joined
    told: dict[str, dict[str, dict[str, Any]]] = {}
    for about in joined.abouts:
        told[about.name] = {
            name: {"role": str(Role.IMAGE), "why": about.why} for name in joined.files.get(about.name, ())
        }
        key = joined.keys.get(about.name)
        if key:
            told[about.name][key] = {"why": "joins this table to the others"}
    for name, (table, own) in joined.origin.items():
        if table in told:
            told[table] |= dict.fromkeys(found.joined.sources.get(name, (own,)), _role(name, found, roles))
    return [about.with_columns(told.get(about.name, {})) for about in joined.abouts]


def _role(name: str, found: Understanding, roles: Mapping[Role, Sequence[str]]) -> dict[str, Any]:
    """Return role and reason of a column of the joined tables."""
    target, unit = found.target, found.unit
    if name in target.columns:
        return {"role": str(Role.LABEL), "why": target.why}
    if target.question is not None and name in target.fit:
        return {"why": "may be the target: asked", "verdict": Verdict.OPEN, "alternatives": (str(Role.LABEL),)}
    if name == unit.name:
        return {"role": str(Role.UNIT), "why": unit.why, "examples": ()}
    if name == found.split_column:
        return {"role": "split", "why": "its values are the parts of a split"}
    if name in found.locked:
        return {"why": "may identify persons: never used, stored or shown", "examples": (), "locked": True}
    group = {"role": str(Role.GROUP), "why": NAMED} if name in roles.get(Role.GROUP, ()) else {}
    readers = name in {several.readers for several in found.joined.several.values()}
    why = "tells who read the image" if readers else "few values too" if name in target.fit else _KEPT
    return {"why": why, "alternatives": (str(Role.LABEL),) if name in target.fit else (), **group}


def _arrays(found: Understanding, roles: Mapping[Role, Sequence[str]]) -> list[ColumnReading]:
    """Return a line for each array that stands beside the images."""
    columns = []
    for name in (name for name, (where, _) in found.joined.origin.items() if where == ARRAYS):
        said = {"role": LEFT_OUT, "examples": examples_of(found.joined.frame[name]), **_role(name, found, roles)}
        columns.append(ColumnReading(ARRAYS, name, type="text", **said))
    return columns


def _levels(found: Understanding) -> list[ColumnReading]:
    columns = []
    for level in found.folders.levels:
        label, unit = level.name in found.target.columns, level.name == found.unit.name
        role = str(Role.LABEL if label else Role.UNIT if unit else Role.GROUP)
        role = role if label or unit or (level.score >= 0 and level.count <= _MOST_LINES) else LEFT_OUT
        why = found.target.why if label else found.unit.why if unit else f"{level.count} folders on one level"
        name = found.label_name if label else level.name
        fits = (str(Role.LABEL),) if level.name in found.target.fit or (level.score >= 0 and not label) else ()
        examples = () if unit else examples_of(level.values)
        asked = found.target.question is not None and level.name in found.target.fit
        verdict = Verdict.OPEN if asked else Verdict.CERTAIN
        columns.append(ColumnReading(FOLDERS, name, role, "text", why, verdict, "", fits, examples))
    return columns


def _headers(found: Understanding) -> list[ColumnReading]:
    columns = []
    for key in (*TAGS, *HEADER_GROUPS):
        values = pd.Series([entry.about.get(key) for entry in found.entries], dtype=object)
        if values.isna().all():
            continue
        name = TAGS.get(key, key)
        unit = found.unit.name in (name, key)
        role = str(Role.UNIT) if unit else LEFT_OUT if key in TAGS else str(Role.GROUP)
        same = "the same in all files" if values.nunique() == 1 else "told by the headers"
        why = found.unit.why if unit else same
        locked = key in TAGS and not unit
        examples = () if key in (*TAGS, "site") else examples_of(values)
        columns.append(
            ColumnReading(HEADERS, name, role, "text", why, examples=examples, locked=locked and key == "patient")
        )
    return columns


def _stems(found: Understanding) -> list[ColumnReading]:
    """Return a line for what file names tell, and for what they may."""
    unit = found.unit
    columns = [ColumnReading(NAMES, unit.name, str(Role.UNIT), "text", unit.why)] if unit.name in (STEM, PATH) else []
    taken = (*found.target.columns, *found.target.fit, found.unit.name)
    for name in (name for name in found.name_parts if name in taken):
        said = {"role": LEFT_OUT, "examples": examples_of(found.name_parts[name]), **_role(name, found, {})}
        where = NAMES if name.startswith(STEM) else FOLDERS
        columns.append(ColumnReading(where, name, type="text", **said))
    return columns
