"""Interactions that lie otherwise than a row each: a column an item, or a list of items in a cell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from dl_core.reading.interactions.content import is_time
from dl_core.reading.interactions.ids import as_ids
from dl_core.reading.interactions.schema import INTERACTION_SCHEMA
from dl_core.reading.tables.about import TableAbout
from dl_core.reading.tables.names import Roles, plain_name, words_of
from dl_core.reading.tables.read import RawTable
from dl_core.schema import Role

ITEM, VALUE = "item", "value"
WIDE, LISTS, LONG = "a row a user, a column an item", "a list of items in a cell", "a row an interaction"
ROW = "user"  # column of rows that name nobody
_LEAST_ITEMS = 4
_COMMON = 0.02  # share of cells that a number which means nothing stands in
_SEPARATORS = "|;,"
_LOOKED = 2_000
_BRACKETS = re.compile(r"^[\[({]|[\])}]$")


class Shaped(NamedTuple):
    """A table with a row an interaction, its roles, how it lay, and what was assumed of it, if anything."""

    table: RawTable
    roles: Roles
    layout: str = LONG
    assumed: str = ""


def melted(table: RawTable, roles: Roles) -> Shaped:
    """Return a table with a row an interaction; as it is where it has columns of users and of items.

    Parameters
    ----------
    table : RawTable
    roles : dict of Role to tuple of str
        By name, or as the user says.
    """
    if table.about.header is None and (matrix := _unnamed_matrix(table.frame)) is not None:
        table, roles = replace(table, frame=matrix), {Role.USER: (ROW,)}
    if Role.ITEM in roles and (Role.USER not in roles or not _lists(table.frame[roles[Role.ITEM][0]])):
        return Shaped(table, roles)
    user = roles.get(Role.USER, (_names_rows(table.frame),))[0]
    if not user:
        return Shaped(table, roles)
    others = [name for name in table.frame.columns if name != user]
    in_lists = roles[Role.ITEM][0] if Role.ITEM in roles else _list_column(table.frame, others)
    if in_lists:
        frame = _of_lists(table.frame, in_lists)
        about = table.about.with_roles({Role.ITEM: (in_lists,)}, {Role.ITEM: "a list of items in each cell"})
        return Shaped(_with(table, frame, about), {**roles, Role.USER: (user,), Role.ITEM: (in_lists,)}, LISTS)
    table, mark = _without_mark(table, others)
    items = _item_columns(table.frame, others, roles)
    if len(items) < _LEAST_ITEMS or table.frame[user].duplicated().any():
        return Shaped(table, roles)
    rest = [name for name in others if name not in items]
    frame = table.frame.melt([user, *rest], items, var_name=ITEM, value_name=VALUE).dropna(subset=[VALUE])
    if not table.frame[items].isna().to_numpy().any() and (frame[VALUE] == 0).mean() >= 0.5:
        frame = frame[frame[VALUE] != 0]  # where no cell is empty, most zeros mean nothing
    about = table.about.with_columns({name: {"role": str(Role.ITEM), "why": "a column an item"} for name in items})
    roles = {role: names for role, names in roles.items() if not set(names) & set(items)}
    found = {**roles, Role.USER: (user,), Role.ITEM: (ITEM,), Role.VALUE: (VALUE,)}
    return Shaped(_with(table, frame.reset_index(drop=True), about), found, WIDE, mark)


def _unnamed_matrix(frame: pd.DataFrame) -> pd.DataFrame | None:
    """Return a table of numbers alone on one scale with a column `ROW` in front, None for any other table.

    A first column that counts the cells that are filled is left out, as in Jester's ratings of jokes.
    """
    if frame.shape[1] <= _LEAST_ITEMS:
        return None
    numbers = frame.apply(pd.to_numeric, errors="coerce")  # the columns that position took for ids are text
    if (numbers.isna() & frame.notna()).to_numpy().any():
        return None
    frame, values = numbers, numbers.to_numpy(dtype=float)
    mark = _mark_of(values[:, 1:])
    filled = np.isfinite(values[:, 1:]) & (values[:, 1:] != mark)
    counts = bool((values[:, 0] == filled.sum(axis=1)).all())
    fractions = (values[:, 1:] % 1 != 0)[filled].mean() > 0.5 if filled.any() else False
    if not counts and not fractions:
        return None
    kept = frame.iloc[:, 1:] if counts else frame
    kept = kept.set_axis([f"item {at + 1}" for at in range(kept.shape[1])], axis=1)
    return kept.assign(**{ROW: [f"row {at + 1}" for at in range(len(kept))]})[[ROW, *kept.columns]]


def _without_mark(table: RawTable, columns: Sequence[str]) -> tuple[RawTable, str]:
    """Return a table whose numbers that mean "not rated" are missing, and what was assumed; see `_mark_of`."""
    numbers = [name for name in columns if pd.api.types.is_numeric_dtype(table.frame[name].dtype)]
    mark = _mark_of(table.frame[numbers].to_numpy(dtype=float)) if len(numbers) >= _LEAST_ITEMS else None
    if mark is None:
        return table, ""
    frame = table.frame.assign(**{name: table.frame[name].where(table.frame[name] != mark) for name in numbers})
    return replace(table, frame=frame), f"{mark:g} lies far outside all other values and was taken for not rated."


def _mark_of(values: np.ndarray) -> float | None:
    """Return the number that stands for nothing in a matrix: common, and farther from the others than these spread."""
    known = values[np.isfinite(values)]
    for mark in (known.max(), known.min()) if len(known) else ():
        rest = known[known != mark]
        if len(rest) and len(rest) < (1 - _COMMON) * len(known):
            away = min(abs(mark - rest.max()), abs(mark - rest.min()))
            if away > max(np.ptp(rest), 1.0):
                return float(mark)
    return None


def _with(table: RawTable, frame: pd.DataFrame, about: TableAbout) -> RawTable:
    return replace(table, frame=frame, about=about)


def _names_rows(frame: pd.DataFrame) -> str:
    """Return the first column where it names each row once, and is not a quantity."""
    first = frame.columns[0]
    ids = as_ids(frame[first])
    named = plain_name(first).startswith(("column_1", "unnamed")) or not pd.api.types.is_float_dtype(frame[first].dtype)
    return str(first) if named and len(frame) > 1 and ids.notna().all() and ids.is_unique else ""


def _item_columns(frame: pd.DataFrame, columns: Sequence[str], roles: Roles) -> list[str]:
    """Return the columns of numbers on one scale, which nothing else is known of."""
    known = {word for field in INTERACTION_SCHEMA.fields for word in words_of(INTERACTION_SCHEMA, field.role)}
    taken = {name for role, names in roles.items() if role not in (Role.VALUE, Role.FEATURE) for name in names}
    numbers = [
        name
        for name in columns
        if name not in taken
        and plain_name(name) not in known
        and pd.api.types.is_numeric_dtype(frame[name].dtype)
        and frame[name].notna().any()
        and not is_time(frame[name])
    ]
    if len(numbers) < _LEAST_ITEMS or len(numbers) < 0.5 * len(columns):
        return []
    tops = frame[numbers].abs().max().to_numpy(dtype=float)
    alike = tops <= 10 * max(1.0, float(np.median(tops)))
    sparse = frame[numbers].isna().to_numpy().mean() + (frame[numbers] == 0).to_numpy().mean()
    few = len(np.unique(frame[numbers].to_numpy(dtype=float)[~frame[numbers].isna().to_numpy()])) <= 25
    return numbers if alike.all() and (sparse > 0.3 or few) else []


def _lists(column: pd.Series) -> str:
    """Return what parts the items in the cells of a column: most hold several, and items recur; nothing for others."""
    if pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(column.dtype):
        return ""
    cells = column.dropna().astype("str").iloc[:_LOOKED].map(_bare)
    if cells.nunique() < 0.5 * len(cells):  # a list is hardly ever the same twice, a name with a comma is
        return ""
    for separator in (*_SEPARATORS, " "):
        if cells.str.contains(separator, regex=False).mean() < 0.5:
            continue
        parts = [_parts(cell, separator) for cell in cells]
        sizes = np.array([len(part) for part in parts])
        if not len(sizes) or (sizes > 1).mean() < 0.5 or sizes.mean() < 1.8:
            continue
        every = [item for part in parts for item in part]
        plain = all(re.search(r"\d", item) for item in every[:200]) if separator == " " else True
        if plain and len(set(every)) <= 0.5 * len(every) and max(map(len, every)) <= 60:
            return separator
    return ""


def _bare(cell: str) -> str:
    return _BRACKETS.sub("", _BRACKETS.sub("", cell.strip()))


def _parts(cell: str, separator: str) -> list[str]:
    found = cell.split(separator) if separator != " " else cell.split()
    return [item for part in found if (item := part.strip().strip("'\""))]


def _list_column(frame: pd.DataFrame, columns: Sequence[str]) -> str:
    """Return the only column whose cells hold lists, empty where there is none, or several."""
    if frame.shape[1] > 12:
        return ""
    known = {plain for role in (Role.GROUP, Role.FEATURE) for plain in words_of(INTERACTION_SCHEMA, role)}
    found = [name for name in columns if plain_name(name) not in known and _lists(frame[name])]
    return str(found[0]) if len(found) == 1 else ""


def _of_lists(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    separator = _lists(frame[column])
    cells = frame[column].astype("str").where(frame[column].notna(), "")
    parts = cells.map(lambda cell: _parts(_bare(cell), separator) or [""])
    return frame.assign(**{column: parts}).explode(column, ignore_index=True).astype({column: "str"})
