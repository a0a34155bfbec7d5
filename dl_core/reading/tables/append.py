"""Tables of the same columns to one; the split that a column or a file's name gives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.errors import shorten
from dl_core.reading.given_split import PART_WORDS, part_of
from dl_core.reading.tables.names import plain_name, respelled
from dl_core.reading.tables.read import RawTable

_SPLIT_NAMES = ("split", "subset", "partition", "data_set")


def joined_rows(
    tables: Sequence[RawTable], columns: Iterable[str], notes: list[Finding]
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the rows of tables of one kind, and the part of a given split that each belongs to, (n,) object.

    Parameters
    ----------
    tables : sequence of RawTable
        In the order of their rows.
    columns : iterable of str
        How columns are spelled.
    notes : list of Finding
        Gets where the split comes from.

    Returns
    -------
    frame : pandas.DataFrame
    part : numpy.ndarray
        ``"test"`` for rows of test tables, what a column of the split says, else ``""``.
    """
    frame = appended([respelled(table.frame, columns) for table in tables])
    part = np.concatenate([np.full(len(t.frame), "test" if t.test else "", dtype=object) for t in tables])
    return frame, _split_column(frame, part, notes)


def appended(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of all frames; a column that is a number here and a text there becomes text."""
    if len(frames) == 1:
        return frames[0]
    for column in dict.fromkeys(name for frame in frames for name in frame.columns):
        kinds = {_kind(frame[column]) for frame in frames if column in frame and frame[column].notna().any()}
        if len(kinds) > 1:  # a number here and a text there: all as text, typed together later
            frames = [
                frame.assign(**{column: frame[column].astype("str")}) if column in frame else frame for frame in frames
            ]
    return pd.concat(frames, ignore_index=True)


def _kind(column: pd.Series) -> str:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return f"time {column.dt.tz is not None}"
    return "number" if pd.api.types.is_numeric_dtype(column.dtype) else "text"


def _split_column(frame: pd.DataFrame, part: np.ndarray, notes: list[Finding]) -> np.ndarray:
    """Return the parts that a column named split (subset, partition) gives, and remove that column."""
    name = next((c for c in frame.columns if plain_name(c) in _SPLIT_NAMES), None)
    if name is None or (part != "").any() or frame[name].nunique() > len(PART_WORDS):
        return part
    found = frame[name].map(part_of)
    if found.isna().any() or found.nunique() < 2:
        return part
    frame.drop(columns=name, inplace=True)
    notes.append(Finding("info", "given-split", f"The split is the one given in column {shorten(name, 40)!r}."))
    return found.to_numpy(dtype=object)
