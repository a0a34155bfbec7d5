"""Tables of the same columns to one; the split that a column or a file's name gives."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.errors import shorten
from dl_core.reading.tables.formats import RawTable
from dl_core.reading.tables.names import plain_name

_PARTS = {"train": "train", "training": "train", "val": "validation", "valid": "validation"} | {
    "validation": "validation",
    "test": "test",
    "testing": "test",
}


def appended(frames: list[pd.DataFrame]) -> pd.DataFrame:
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


def split_column(frame: pd.DataFrame, part: np.ndarray, notes: list[Finding]) -> np.ndarray:
    """Return the parts that a column named split (subset, partition) gives, and remove that column."""
    name = next((c for c in frame.columns if plain_name(c) in ("split", "subset", "partition", "data_set")), None)
    if name is None or (part != "").any() or frame[name].nunique() > len(_PARTS):
        return part
    found = frame[name].map(lambda value: _PARTS.get(str(value).strip().casefold()))
    if found.isna().any() or found.nunique() < 2:
        return part
    frame.drop(columns=name, inplace=True)
    notes.append(Finding("info", "given-split", f"The split is the one given in column {shorten(name, 40)!r}."))
    return found.to_numpy(dtype=object)


def skipped_note(table: RawTable) -> list[Finding]:
    """Return a warning where lines did not fit the header."""
    if not table.skipped:
        return []
    text = f"{table.skipped:,} lines of {shorten(table.name)} have more or fewer cells than the header"
    return [Finding("warning", "broken-lines", f"{text} and were left out.")]
