"""Interactions that lie otherwise than a row each: a column an item, or a list of items in a cell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

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
_LEAST_ITEMS = 4
_SEPARATORS = "|;,"
_LOOKED = 2_000
_BRACKETS = re.compile(r"^[\[({]|[\])}]$")


def melted(table: RawTable, roles: Roles) -> tuple[RawTable, Roles, str]:
    """Return a table with a row an interaction, its roles, and how it lay; as it is where it has columns of both.

    Parameters
    ----------
    table : RawTable
    roles : dict of Role to tuple of str
        By name, or as the user says.
    """
    if Role.ITEM in roles and (Role.USER not in roles or not _lists(table.frame[roles[Role.ITEM][0]])):
        return table, roles, LONG
    user = roles.get(Role.USER, (_names_rows(table.frame),))[0]
    if not user:
        return table, roles, LONG
    others = [name for name in table.frame.columns if name != user]
    in_lists = roles[Role.ITEM][0] if Role.ITEM in roles else _list_column(table.frame, others)
    if in_lists:
        frame = _of_lists(table.frame, in_lists)
        about = table.about.with_roles({Role.ITEM: (in_lists,)}, {Role.ITEM: "a list of items in each cell"})
        return _with(table, frame, about), {**roles, Role.USER: (user,), Role.ITEM: (in_lists,)}, LISTS
    items = _item_columns(table.frame, others, roles)
    if len(items) < _LEAST_ITEMS or table.frame[user].duplicated().any():
        return table, roles, LONG
    rest = [name for name in others if name not in items]
    frame = table.frame.melt([user, *rest], items, var_name=ITEM, value_name=VALUE).dropna(subset=[VALUE])
    if not table.frame[items].isna().to_numpy().any() and (frame[VALUE] == 0).mean() >= 0.5:
        frame = frame[frame[VALUE] != 0]  # where no cell is empty, most zeros mean nothing
    about = table.about.with_columns({name: {"role": str(Role.ITEM), "why": "a column an item"} for name in items})
    roles = {role: names for role, names in roles.items() if not set(names) & set(items)}
    found = {**roles, Role.USER: (user,), Role.ITEM: (ITEM,), Role.VALUE: (VALUE,)}
    return _with(table, frame.reset_index(drop=True), about), found, WIDE


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
