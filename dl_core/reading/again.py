"""Writing the rows of a data set as files, so that they can be read again with their given split."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.reading.request import Rows


def write_rows(dataset: Dataset, table: pd.DataFrame, path: Path) -> Rows:
    """Write ``table``, whose first rows are those of ``dataset``; the given test rows into a file of their own.

    Rows beyond those of the data set (what is known ahead) go with the last part.
    """
    fixed = dataset.fixed_split
    if fixed is None or not (fixed == "test").any():
        table.to_parquet(path, index=False)
        return Rows(path)
    held = pd.Series(True, index=range(len(table)))
    held.iloc[: len(dataset)] = (fixed == "test").to_numpy()
    test = path.with_name(f"test_{path.name}")
    table[~held.to_numpy()].to_parquet(path, index=False)
    table[held.to_numpy()].to_parquet(test, index=False)
    return Rows(path, test)


def with_given_split(found: Dataset, dataset: Dataset) -> Dataset:
    """Return what was read from `write_rows` with the whole split that was given, validation rows too.

    Where rows were left out since, the test alone is known by its file.
    """
    fixed = dataset.fixed_split
    if fixed is None or len(found) != len(fixed):
        return found
    held = (fixed == "test").to_numpy()
    order = [*fixed[~held], *fixed[held]]
    return replace(found, fixed_split=pd.Series(order, index=found.ids, dtype="object"))
