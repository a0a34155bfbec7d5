"""What if a row had other values?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data import instants
from dl_core.data.dataset import Dataset
from dl_core.data.rows import plain, row_values, shown_columns
from dl_core.data.table.derive import append_history
from dl_core.domain import Domain
from dl_core.errors import OptionError
from dl_core.evaluate.decide import moves
from dl_core.kinds import kind_of
from dl_core.models.base import Classifier
from dl_core.pipeline import Run, Work
from dl_core.probes.base import ROW, Argument, Probe, RunFacts, Values, open_as
from dl_core.schema import Role

ROOTS = (Role.TIME, Role.AMOUNT, Role.ENTITY, Role.COUNTERPARTY)  # what running aggregates are made from
FIXED = (Role.LABEL, Role.ID, Role.HISTORY, Role.UNIT)  # what a change may not touch


def changeable(dataset: Dataset) -> list[str]:
    """Return the columns whose values may be changed, in the table's order."""
    fixed = {column for role in FIXED for column in dataset.roles.get(role, ())}
    used = {column for role, columns in dataset.roles.items() if role not in FIXED for column in columns}
    return [column for column in dataset.table.columns if column in used and column not in fixed]


def what_if_row(domain: Domain, run: Run, work: Work, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return every model's decision on one row, as it is and with other values.

    Raises
    ------
    OptionError
        If a column cannot be changed, or a value does not fit it.
    """
    changes = arguments["changes"]
    before = run.load_dataset().subset([arguments["row"]])
    after = with_history(with_values(before, changes), run, changes)
    scores = {}
    for name in run.trained:
        _, model = open_as(domain, run, name, Classifier)
        scores[name] = np.concatenate([model.scores(before), model.scores(after)])
    rules = {name: run.models[name].rule for name in scores}
    shown = shown_columns(before)
    moved = {
        column: {"before": plain(before.table[column].iloc[0]), "after": plain(after.table[column].iloc[0])}
        for column in shown
        if plain(before.table[column].iloc[0]) != plain(after.table[column].iloc[0])
    }
    values = row_values(before, shown)[0]
    return {**moves(scores, rules, run.evaluation.classes, run.best), "changed": moved, "values": values}


def with_values(data: Dataset, changes: Mapping[str, Any]) -> Dataset:
    """Return ``data``, one row, with other values, typed as their columns are."""
    table, allowed = data.table.copy(), changeable(data)
    for column, value in changes.items():
        if column not in allowed:
            raise OptionError(f"{column!r} cannot be changed", expected=", ".join(allowed))
        table[column] = _typed(table[column], value, column)
    return data.with_table(table)


def with_history(data: Dataset, run: Run, changes: Mapping[str, Any]) -> Dataset:
    """Return the changed row with its running aggregates derived anew, from the rows that came before it."""
    roots = {column for role in ROOTS for column in data.roles.get(role, ())}
    history = data.roles.get(Role.HISTORY, ())
    if not history or not roots & set(changes):
        return data
    own: dict[Role, tuple[str, ...]] = {role: columns for role, columns in data.roles.items() if role != Role.HISTORY}
    options = {**run.spec.options, "history": run.folder / run.dataset["path"], "like": run.dataset}
    derived = append_history(data.table[shown_columns(data)], own, options, labelled=False)
    table = data.table.assign(**{name: derived.table[name] for name in history if name in derived.table})
    return replace(data, table=table, arrays={**data.arrays, **derived.arrays}, fingerprint="changed")


def _typed(column: pd.Series, value: Any, name: str) -> pd.Series:
    """Return a column of one value in the type of ``column``."""
    try:
        if pd.api.types.is_datetime64_any_dtype(column):
            moment = pd.NaT if value is None else instants.read(value)
            return pd.Series([moment], index=column.index).astype(column.dtype)
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            number = float("nan") if value is None else float(value)
            return pd.Series([number], index=column.index, dtype="float64")
    except (TypeError, ValueError):
        raise OptionError("the new value does not fit", where=f"column {name}", expected=str(column.dtype)) from None
    return pd.Series([None if value is None else str(value)], index=column.index, dtype=object)


def lines_of_a_table(domain: Domain, run: RunFacts) -> str:
    """Return why rows have no values to show or to change."""
    return "" if kind_of(run.dataset).pictures is None else "these rows are pictures"


PROBE = Probe(
    name="what_if_row",
    title="What if: other feature values",
    purpose="Every model's prediction for one row, original and with changed values.",
    panel="predict",
    verb=what_if_row,
    problems=("classification",),
    arguments=(ROW, Argument("changes", Values, Values(), "column to its new value, as JSON")),
    needs=lines_of_a_table,
)
