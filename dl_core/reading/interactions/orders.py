"""Interactions that stand in several tables: whose an order is in one of them, a kind of events in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

import pandas as pd

from dl_core.reading.interactions.content import kind_of
from dl_core.reading.interactions.ids import as_ids
from dl_core.reading.interactions.schema import INTERACTION_SCHEMA
from dl_core.reading.request import ReadRequest
from dl_core.reading.tables.about import columns_about
from dl_core.reading.tables.names import Roles, guess_others, plain_name
from dl_core.reading.tables.read import RawTable
from dl_core.schema import Role

EVENT = "event"  # column made of the names of files
_KNOWN = 0.9  # share of a table's keys that the table of orders must have


def row_roles(frame: pd.DataFrame, request: ReadRequest) -> Roles:
    """Return the roles of one table's columns: as the user says, the rest by name; no columns means no such role."""
    filled = [name for name in frame.columns if frame[name].notna().any()] if len(frame) else list(frame.columns)
    roles = guess_others(INTERACTION_SCHEMA, list(frame.columns), request)
    roles |= guess_others(INTERACTION_SCHEMA, filled, request)  # rather than empty ones
    here = set(frame.columns)
    roles |= {role: columns for role, columns in request.wished.items() if columns and set(columns) <= here}
    return {role: columns if role in (Role.GROUP, Role.FEATURE) else columns[:1] for role, columns in roles.items()}


def with_users(tables: Sequence[RawTable], request: ReadRequest) -> tuple[list[RawTable], list[RawTable]]:
    """Return the tables, and those of orders that were joined to them.

    To each table that names items and no users the columns are joined that tell whose its rows are.

    They come from a table that names users and no items, whose key of the same name is another in each row.
    """
    roles = [row_roles(table.frame, request) for table in tables]
    heads = [table for table, found in zip(tables, roles, strict=True) if Role.USER in found and Role.ITEM not in found]
    joined: list[RawTable] = []
    used: list[RawTable] = []
    for table, found in zip(tables, roles, strict=True):
        alone = Role.ITEM in found and Role.USER not in found
        whole, head = _joined(table, heads, request) if alone else (table, None)
        joined.append(whole)
        used += [head] if head is not None and not any(head is one for one in used) else []
    return [one for one in joined if not any(one is head for head in used)], used


def with_events(tables: Sequence[RawTable], request: ReadRequest) -> list[RawTable]:
    """Return the tables; where each of several of interactions is named by a kind of events, with that in a column.

    Clicks in one file and purchases in another are not the same, and which of them counts is to be asked.
    """
    rows = [
        table for table in tables if not table.test and {Role.USER, Role.ITEM} <= set(row_roles(table.frame, request))
    ]
    kinds = [kind_of(PurePosixPath(table.name).stem) for table in rows]
    if len(rows) < 2 or not all(kinds) or len(set(kinds)) < len(kinds) or any(EVENT in table.frame for table in rows):
        return list(tables)
    by_name = dict(zip([table.name for table in rows], kinds, strict=True))
    return [_of_kind(table, by_name[table.name]) if table.name in by_name else table for table in tables]


def _of_kind(table: RawTable, kind: str) -> RawTable:
    frame = table.frame.assign(**{EVENT: kind})
    told = columns_about(frame[[EVENT]], table.about.columns[0].file if table.about.columns else table.name)
    return replace(table, frame=frame, about=replace(table.about, columns=(*table.about.columns, *told)))


def _joined(table: RawTable, heads: Sequence[RawTable], request: ReadRequest) -> tuple[RawTable, RawTable | None]:
    for head in heads:
        for key in head.frame.columns:
            own = next((name for name in table.frame if plain_name(name) == plain_name(key)), None)
            if own is None or head.test != table.test:
                continue
            ids, known = as_ids(table.frame[own]), as_ids(head.frame[key])
            if known.is_unique and known.notna().all() and ids.isin(known).mean() >= _KNOWN:
                told = {name for names in row_roles(head.frame, request).values() for name in names}
                return _with(table, ids, replace(head, frame=head.frame[list(told)]), known, str(key)), head
    return table, None


def _with(table: RawTable, ids: pd.Series, head: RawTable, known: pd.Series, key: str) -> RawTable:
    """Return the table with the columns of ``head`` that it lacks, by its ``ids`` (n,) among the ``known`` ones."""
    at = pd.Index(known).get_indexer(pd.Index(ids))
    further = [name for name in head.frame.columns if name not in table.frame and name != key]
    rows = head.frame[further].take(at.clip(0)).set_axis(table.frame.index, axis=0)
    rows = rows.where(pd.Series(at >= 0, index=rows.index), axis=0) if (at < 0).any() else rows
    told = [replace(one, why=f"from {head.name}, by {key}") for one in head.about.columns if one.name in further]
    about = replace(table.about, columns=(*table.about.columns, *told))
    return replace(table, frame=pd.concat([table.frame, rows], axis=1), about=about)
