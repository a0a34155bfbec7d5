"""Ids of users and items as text, exactly as written; 12.0 from a column of floats is "12"."""

from __future__ import annotations

import numpy as np
import pandas as pd

_SAMPLE = 1_000


def as_ids(column: pd.Series) -> pd.Series:
    """Return ids as text, missing where nothing stands.

    Leading zeros stay. Where every id ends in ".0", as a spreadsheet writes whole numbers beside a gap, the ending
    goes; where only some do, they are names and stay.

    Parameters
    ----------
    column : pandas.Series
        (n,) text, numbers or times.
    """
    if pd.api.types.is_bool_dtype(column.dtype):
        return column.astype("str")
    if pd.api.types.is_float_dtype(column.dtype):
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
        known = np.isfinite(numbers)
        if (numbers[known] == np.floor(numbers[known])).all() and (np.abs(numbers[known]) < 2**53).all():
            whole = pd.Series(np.where(known, numbers, 0).astype(np.int64), index=column.index).astype("str")
            return whole.where(known, None).astype("str")
    text = column.astype("str")
    sample = text.dropna().iloc[:_SAMPLE]
    if len(sample) and sample.str.fullmatch(r"-?\d+\.0+").all() and text.dropna().str.fullmatch(r"-?\d+\.0+").all():
        text = text.str.replace(r"\.0+$", "", regex=True)
    blank = text.str.strip() == ""
    return text.mask(blank, None) if blank.any() else text


def is_damaged(ids: pd.Series) -> bool:
    """Return whether most ids look as a spreadsheet shortens long numbers ("1.23E+11"): several have become one."""
    sample = ids.dropna().iloc[:_SAMPLE]
    return bool(len(sample)) and bool(sample.str.fullmatch(r"\d(\.\d+)?[eE]\+\d{2}").mean() > 0.5)
