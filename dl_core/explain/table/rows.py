"""Any model of tables seen through its table: columns of a row are put back to another row's and scored."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.explain.table.values import shown
from dl_core.explain.table.view import FeatureView, passes
from dl_core.models.base import Classifier
from dl_core.schema import Role

ROWS_A_CALL = 8_192
MOST_FEATURES = 40  # above it, windows of one aggregate are one feature
READ = (Role.AMOUNT, Role.FEATURE, Role.HISTORY)  # what models of tables are meant to read
WINDOW = re.compile(r"^(.*), (\d+(?:\.\d+)?) (hours?|days?)$")


class RowsView(FeatureView):
    """Rows of a table for a model without a graph; a feature is a column or a group of columns.

    Parameters
    ----------
    model : Classifier
    data, references : Dataset
        Explained rows, and rows compared with (the typical row last); as `without_label` returns them.
    targets : numpy.ndarray
        (n,) class indices.
    groups : mapping of str to sequence of str
        Columns of ``table``, or keys of ``arrays``, by feature name.
    """

    def __init__(
        self,
        model: Classifier,
        data: Dataset,
        references: Dataset,
        targets: np.ndarray,
        groups: Mapping[str, Sequence[str]],
        temperature: float = 1.0,
    ) -> None:
        super().__init__(tuple(groups), targets, len(references), temperature)
        self.model, self.pool = model, stacked(data, references)
        place = {column: number for number, columns in enumerate(groups.values()) for column in columns}
        self.feature_of = {key: place.get(key) for key in (*self.pool.table.columns, *self.pool.arrays)}

    def uncalibrated(self, rows: np.ndarray, others: np.ndarray, kept: np.ndarray) -> np.ndarray:
        """Return the model's own probabilities (m, k) of mixed rows, see `FeatureView`."""
        found = [
            np.asarray(self.model.scores(self._mixed(rows[part], others[part], kept[part])), dtype=np.float64)
            for part in passes(len(rows), ROWS_A_CALL)
        ]
        return np.concatenate(found)

    def _mixed(self, rows: np.ndarray, others: np.ndarray, kept: np.ndarray) -> Dataset:
        """Return mixed rows as a data set; a column of no feature stays the explained row's own."""
        others = others + len(self)
        sources = np.where(kept, rows[:, None], others[:, None])  # (m, P) place in the pool

        def place(key: str) -> np.ndarray:
            feature = self.feature_of[key]
            return rows if feature is None else sources[:, feature]

        table = self.pool.table
        columns = {column: table[column].take(place(column)).array for column in table.columns}
        return replace(
            self.pool,
            table=pd.DataFrame(columns, index=pd.RangeIndex(len(rows)).astype(str)),
            arrays={key: array[place(key)] for key, array in self.pool.arrays.items()},
            fingerprint="mixed",
        )


def feature_groups(model: Classifier, data: Dataset, references: Dataset) -> dict[str, tuple[str, ...]]:
    """Return the columns that speak for themselves or belong together, by feature name.

    They are the columns that models read by their role, and any other column or array that moves this model's score
    when it is put to a reference's. Above 40 features, the windows of one aggregate ("count, 1 day", "count, 7 days")
    are one: they move together, and single ones would cost more than they tell.
    """
    columns = list(dict.fromkeys(name for role in READ for name in data.roles.get(role, ())))
    columns = [column for column in data.table.columns if column in columns]
    rest = [key for key in (*data.table.columns, *data.arrays) if key not in columns]
    columns += _read_anyway(model, data, references, rest)
    if len(columns) <= MOST_FEATURES:
        return {column: (column,) for column in columns}
    groups: dict[str, list[str]] = {}
    for column in columns:
        found = WINDOW.match(column)
        groups.setdefault(found[1] if found else column, []).append(column)
    return {_family_name(name, members): tuple(members) for name, members in groups.items()}


def stacked(first: Dataset, second: Dataset) -> Dataset:
    """Return the rows of both, ids made new; only columns and arrays of ``first`` are kept."""
    columns = {column: _joined(first.table[column], second.table[column]).array for column in first.table.columns}
    ids = pd.RangeIndex(len(first) + len(second)).astype(str)
    arrays = {key: np.concatenate([array, second.arrays[key]]) for key, array in first.arrays.items()}
    return replace(
        first,
        table=pd.DataFrame(columns, index=ids),
        arrays=arrays,
        fixed_split=None,
        notes=(),
        fingerprint="stacked",
    )


def without_label(data: Dataset, like: Dataset | None = None) -> Dataset:
    """Return ``data`` without its label, and with no other columns and arrays than ``like``'s."""
    like = like or data
    label = data.column(Role.LABEL)
    table = data.table[[c for c in data.table.columns if c != label and c in like.table.columns]]
    roles = {role: tuple(c for c in names if c in table) for role, names in data.roles.items()}
    roles.pop(Role.LABEL, None)
    return replace(
        data,
        table=table,
        arrays={key: array for key, array in data.arrays.items() if key in like.arrays},
        roles=roles,
        fixed_split=None,
        notes=(),
        fingerprint="unlabelled",
    )


def _read_anyway(model: Classifier, data: Dataset, references: Dataset, keys: Sequence[str]) -> list[str]:
    """Return which of ``keys`` move the score when one of them is put to a reference's value."""
    if not keys:
        return []
    view = RowsView(model, data, references, np.zeros(len(data), dtype=int), {key: (key,) for key in keys})
    rows = np.repeat(np.arange(min(len(data), 4)), len(keys) + 1)
    swapped = np.tile(np.arange(-1, len(keys)), len(rows) // (len(keys) + 1))
    kept = swapped[:, None] != np.arange(len(keys))
    moved: set[str] = set()
    for other in {0, view.typical}:
        found = view.probabilities(rows, np.full(len(rows), other), kept).reshape(-1, len(keys) + 1, len(model.classes))
        differs = np.abs(found[:, 1:] - found[:, :1]).max(axis=(0, 2)) > 1e-9
        moved |= {key for key, does in zip(keys, differs, strict=True) if does}
    return [key for key in keys if key in moved]


def _family_name(name: str, members: Sequence[str]) -> str:
    if len(members) == 1:
        return members[0]
    found = [WINDOW.match(member) for member in shown(members)]
    spans = ", ".join(each[2] for each in found if each)
    return f"{name} ({spans} days{', …' if len(members) > len(found) else ''})"


def _joined(first: pd.Series, second: pd.Series) -> pd.Series:
    """Return both below each other in ``first``'s type, or as plain values where their types do not fit."""
    if isinstance(first.dtype, pd.CategoricalDtype):
        both = pd.concat([first.astype(object), second.astype(object)], ignore_index=True)
        categories = first.cat.categories.union(pd.Index(second.dropna().unique()), sort=False)
        return both.astype(pd.CategoricalDtype(categories))
    if first.dtype != second.dtype:
        numeric = all(pd.api.types.is_numeric_dtype(each.dtype) for each in (first, second))
        if not numeric:
            first, second = first.astype(object), second.astype(object)
    return pd.concat([first, second], ignore_index=True)
