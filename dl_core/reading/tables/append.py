"""Tables of the same columns to one; the split that a column or a file's name gives."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.errors import shorten
from dl_core.reading.given_split import part_of
from dl_core.reading.tables.names import plain_name, respelled
from dl_core.reading.tables.read import RawTable

_SCANNED, _MOST_FOLDS = 50_000, 20
_FLAGS = {"is_test": 1, "test": 1, "is_holdout": 1, "holdout": 1, "is_train": 0, "train": 0, "is_training": 0}
_FOLD_NAMES = ("fold", "folds", "kfold", "k_fold", "cv_fold", "fold_id", "fold_number", "fold_no", "cv")


def joined_rows(
    tables: Sequence[RawTable], columns: Iterable[str], notes: list[Finding], wanted: Container[str] = ()
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
    wanted : container of str
        Columns that the user wants for something else.

    Returns
    -------
    frame : pandas.DataFrame
    part : numpy.ndarray
        ``"test"`` for rows of test tables, what a column of the split says, else ``""``.
    """
    frame = appended([respelled(table.frame, columns) for table in tables])
    part = np.concatenate([np.full(len(t.frame), "test" if t.test else "", dtype=object) for t in tables])
    return frame, _split_column(frame, part, notes, wanted)


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


def _split_column(frame: pd.DataFrame, part: np.ndarray, notes: list[Finding], wanted: Container[str]) -> np.ndarray:
    """Return the parts that a column gives, and remove that column: words of parts, or a flag or folds by its name."""
    if (part != "").any():
        return part
    for name in frame.columns:
        found = None if name in wanted else _parts_of(frame[name])
        if found is None:
            continue
        frame.drop(columns=name, inplace=True)
        notes.append(Finding("info", "given-split", f"The split is the one given in column {shorten(name, 40)!r}."))
        if plain_name(name) in _FOLD_NAMES:
            text = f"The last fold of {shorten(name, 40)!r} is the test, the one before it chooses models."
            notes.append(Finding("info", "fold-split", text))
        return found.to_numpy(dtype=object)
    return part


def _parts_of(column: pd.Series) -> pd.Series | None:
    """Return the part of each row, where a column names them; None where it does not."""
    few = column.iloc[:_SCANNED]
    if few.nunique() > _MOST_FOLDS or pd.api.types.is_datetime64_any_dtype(column.dtype):
        return None
    plain, values = plain_name(column.name), column.dropna().unique()
    if len(values) < 2 or len(values) > _MOST_FOLDS or column.isna().any():
        return None
    words = {value: part_of(value) for value in values}
    if "train" in words.values() and "test" in words.values() and None not in words.values():
        return column.map(words)
    numbers = pd.to_numeric(pd.Series(values), errors="coerce")
    if numbers.isna().any():
        return None
    if plain in _FLAGS and sorted(numbers) == [0, 1]:
        held = pd.to_numeric(column) == _FLAGS[plain]
        return pd.Series(np.where(held, "test", "train"), index=column.index)
    if plain in _FOLD_NAMES and (numbers % 1 == 0).all():
        folds = pd.to_numeric(column).rank(method="dense", ascending=False)
        chosen = 2 if len(values) > 2 else 0
        return pd.Series(np.select([folds == 1, folds == chosen], ["test", "validation"], "train"), index=column.index)
    return None
