"""What a row of a table is compared with: one typical row, and a draw of ordinary rows.

"Ordinary" are the rows of the first class (honest, in fraud detection) where there are labels, else all rows.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.errors import RunError
from dl_core.schema import Role

MOST_ROWS = 20_000  # rows that a typical row is taken from; a median needs no more
TYPICAL_ID = "typical"


def typical_row(data: Dataset) -> Dataset:
    """Return one row of typical values: each column's median or most frequent value over the ordinary rows.

    Medians are lower medians, so that each typical value is one that occurs (a flag stays 0 or 1). A column that is
    missing in more than half of the rows is typically missing. Arrays get the lower median of each place.

    Parameters
    ----------
    data : Dataset
        Training rows; the label is used where there is one.

    Returns
    -------
    Dataset
        One row, ``"typical"``, without a label.

    Raises
    ------
    RunError
        If there are no rows.
    """
    at = _ordinary(data)
    if len(at) > MOST_ROWS:
        at = at[np.linspace(0, len(at) - 1, MOST_ROWS).astype(int)]
    label = data.column(Role.LABEL)
    columns = [column for column in data.table.columns if column != label]
    part = data.table[columns].iloc[at]
    found = {column: part[column].iloc[[_typical_place(part[column])]].to_numpy(copy=True) for column in columns}
    table = pd.DataFrame(index=pd.Index([TYPICAL_ID]))
    for column, value in found.items():
        table[column] = pd.Series(value, index=table.index).astype(part[column].dtype)
    arrays = {key: _lower_median(np.asarray(array[at]))[None] for key, array in data.arrays.items()}
    return replace(
        data,
        table=table,
        arrays=arrays,
        roles={role: names for role, names in data.roles.items() if role != Role.LABEL},
        fixed_split=None,
        notes=(),
        fingerprint="typical",
    )


def draw_background(data: Dataset, count: int, seed: int = 0) -> Dataset:
    """Return up to ``count`` ordinary rows, drawn without replacement.

    Parameters
    ----------
    data : Dataset
    count : int
    seed : int

    Returns
    -------
    Dataset

    Raises
    ------
    RunError
        If there are no rows to draw from.
    """
    at = _ordinary(data)
    chosen = np.sort(np.random.default_rng(seed).choice(at, size=min(int(count), len(at)), replace=False))
    return data.subset(data.ids[chosen])


def _ordinary(data: Dataset) -> np.ndarray:
    """Return the positions of the ordinary rows, or of all where none is labelled ordinary."""
    if not len(data):
        raise RunError("there are no rows to compare with", where=data.name)
    label = data.values(Role.LABEL)
    if label is None or not data.classes:
        return np.arange(len(data))
    ordinary = np.flatnonzero((label.astype(object) == data.classes[0]).to_numpy(dtype=bool))
    return ordinary if len(ordinary) else np.arange(len(data))


def _typical_place(column: pd.Series) -> int:
    """Return the position of an entry that holds the column's typical value."""
    missing = column.isna().to_numpy()
    if 2 * missing.sum() > len(column):
        return int(np.flatnonzero(missing)[0])
    known = np.flatnonzero(~missing)
    values = column.iloc[known]
    if pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(column.dtype):
        order = np.argsort(values.to_numpy(), kind="stable")
        return int(known[order[(len(order) - 1) // 2]])
    codes, uniques = pd.factorize(values)
    return int(known[np.flatnonzero(codes == np.bincount(codes, minlength=len(uniques)).argmax())[0]])


def _lower_median(array: np.ndarray) -> np.ndarray:
    return np.quantile(array, 0.5, axis=0, method="lower").astype(array.dtype)
