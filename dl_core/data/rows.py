"""Rows of a table as plain JSON: which columns tell a row apart, what stands in them, and what is usual there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.instants import is_relative, said
from dl_core.schema import Role, Schema

FIRST = (Role.ID, Role.TIME, Role.AMOUNT, Role.ENTITY, Role.COUNTERPARTY, Role.FEATURE, Role.GROUP)
SAMPLE = 50_000  # rows from which the usual value of a column is taken
CHOICES = 30  # commonest values of a text column that a form offers


def main_columns(dataset: Dataset, most: int = 8) -> list[str]:
    """Return the columns by which people know a row: its id, when, how much, who, where, then features and groups."""
    label = dataset.column(Role.LABEL)
    ordered = dict.fromkeys(column for role in FIRST for column in dataset.roles.get(role, ()))
    return [column for column in ordered if column != label][:most]


def shown_columns(dataset: Dataset) -> list[str]:
    """Return the columns that the user brought, in the table's order: all but those the reader derived."""
    derived = set(dataset.roles.get(Role.HISTORY, ()))
    return [column for column in dataset.table.columns if column not in derived]


def plain(value: Any) -> Any:
    """Return one cell as JSON knows it: a date as ISO text, a time since a start in words, nothing known as None."""
    if value is None or value is pd.NaT:
        return None
    if isinstance(value, pd.Timestamp | np.datetime64):
        if pd.isna(value):
            return None
        return said(value) if is_relative(value) else pd.Timestamp(value).isoformat()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if isinstance(value, bool | int | str):
        return value
    return None if pd.isna(value) else str(value)


def plain_rows(rows: pd.DataFrame | Iterable[Mapping[Any, Any]]) -> list[dict[str, Any]]:
    """Return a table, or rows, as JSON records with anything missing as None."""
    lines = rows.to_dict("records") if isinstance(rows, pd.DataFrame) else rows
    return [{str(key): plain(value) for key, value in line.items()} for line in lines]


def row_values(dataset: Dataset, columns: Sequence[str]) -> list[dict[str, Any]]:
    """Return ``columns`` of every row as plain values."""
    if not columns:
        return [{} for _ in range(len(dataset))]
    part = dataset.table[list(columns)]
    return [
        {column: plain(value) for column, value in zip(columns, line, strict=True)}
        for line in part.itertuples(index=False, name=None)
    ]


def describe_columns(dataset: Dataset, schema: Schema, columns: Sequence[str]) -> list[dict[str, Any]]:
    """Return what a page needs to show and to edit each of ``columns``.

    Returns
    -------
    list of dict
        ``name``, ``role``, ``kind`` (``"number"``, ``"time"`` or ``"text"``), ``unit``, ``missing`` (share), and from a
        sample of the rows ``distinct``, ``typical`` (median, or the commonest value), ``low`` and ``high`` (1 % and
        99 % of the values) and ``choices`` (commonest values of a text).
    """
    role_of = {column: role for role, names in reversed(list(dataset.roles.items())) for column in names}
    step = max(1, len(dataset) // SAMPLE)
    return [
        {
            "name": column,
            "role": str(role_of[column]) if column in role_of else "",
            "unit": _unit(schema, role_of.get(column)),
            "missing": float(dataset.table[column].isna().mean()) if len(dataset) else 0.0,
            **_usual(dataset.table[column].iloc[::step]),
        }
        for column in columns
    ]


def usual_values(dataset: Dataset, schema: Schema) -> dict[str, Any]:
    """Return the usual value of every column, by name."""
    columns = describe_columns(dataset, schema, list(dataset.table.columns))
    return {one["name"]: one.get("typical") for one in columns}


def _unit(schema: Schema, role: Role | None) -> str:
    field = schema.field(role) if role else None
    return field.unit if field else ""


def _usual(values: pd.Series) -> dict[str, Any]:
    """Return kind, number of different values, the usual value, and range or choices of one column."""
    known = values.dropna()
    found: dict[str, Any] = {"kind": "text", "distinct": int(known.nunique()), "typical": None, "choices": []}
    if pd.api.types.is_datetime64_any_dtype(values):
        if len(known) and is_relative(known.iloc[0]):
            return found  # a text to read and to edit, as `said` returns it
        found["kind"] = "time"
        ends = (known.min(), known.max()) if len(known) else (None, None)
        return {**found, "low": plain(ends[0]), "high": plain(ends[1])}
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        finite = known.to_numpy(dtype=float)
        finite = finite[np.isfinite(finite)]
        low, middle, high = np.quantile(finite, [0.01, 0.5, 0.99]) if len(finite) else (None, None, None)
        whole = bool(len(finite)) and bool((finite == np.round(finite)).all())
        return {**found, "kind": "number", "whole": whole, "typical": plain(middle), "low": low, "high": high}
    common = known.astype(str).value_counts().head(CHOICES)
    return {**found, "choices": list(common.index), "typical": common.index[0] if len(common) else None}
