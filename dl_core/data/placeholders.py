"""Numbers that stand for missing values, by how they lie: -999 and its like, and ages or years of 0."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.findings import few
from dl_core.errors import shorten

_CODE = re.compile(r"-?(9{2,}|8{3,}|7{3,}|99+\.9+|9{3,}\.0*|32768|32767|2147483648|1e\+?(20|30|36))")
_CLEAR = 3.0  # as far as so many times the range of all others from the nearest of them
_LIKELY = 0.5
_MOST = 0.4  # share of values
_LEAST = 3  # values of an age or a year
_VALLEY = 5  # times as many as lie in the next quarter of the way to the median
_AGES, _YEARS = (0, 130), (1850, 2100)
_OLD = 10  # median of ages, which counts seldom have
_DISTINCT = 15  # other values of a column, below which each may be a level


def check_placeholders(table: pd.DataFrame) -> list[Finding]:
    """Return a warning where numbers of a column seem to stand for missing values, with how many there are."""
    shown = []
    for name in table.select_dtypes("number"):
        values = table[name].to_numpy(dtype=np.float64, na_value=np.nan)
        code = find_placeholder(values)
        if code is not None:
            others = values[np.isfinite(values) & (values != code)]
            apart = f"{code:g} in {int((values == code).sum()):,} rows, all others {others.min():g} to {others.max():g}"
            shown.append(f"{shorten(name, 40)!r}: {apart}")
    if not shown:
        return []
    text = (
        f"Values apart from all others, which may stand for missing ones: {few(shown, 5, 200)}. They are used as "
        "numbers; leave the cells empty if they mean missing."
    )
    return [Finding("warning", "placeholder", text)]


def find_placeholder(values: np.ndarray) -> float | None:
    """Return the number that seems to stand for missing among those of one column (n,), if any.

    Besides `find_code`, the least or greatest of whole numbers that are ages or years by their size, where it comes
    again and again although hardly any value lies near it.
    """
    known = values[np.isfinite(values)]
    if not len(known):
        return None
    for code in (float(known.min()), float(known.max())):
        count = int((known == code).sum())
        if not _LEAST <= count <= _MOST * len(known):
            continue
        others = known[known != code]
        if len(np.unique(others)) >= _DISTINCT and (find_code(known)[0] == code or _is_apart(code, count, others)):
            return code
    return None


def _is_apart(code: float, count: int, others: np.ndarray) -> bool:
    """Return whether a number beyond ages or years comes far more often than what lies between it and them."""
    low, middle, high = np.quantile(others, [0.01, 0.5, 0.99])
    ages = _AGES[0] <= low and high <= _AGES[1] and middle >= _OLD
    if not (ages or (_YEARS[0] <= low and high <= _YEARS[1])) or (others != np.floor(others)).any():
        return False
    near = np.abs(others - code) <= abs(middle - code) / 4
    return bool(_VALLEY * near.sum() < count)


def find_code(value: np.ndarray) -> tuple[float | None, bool]:
    """Return the number that stands for missing, if any, and whether that is clear.

    A code of nines, a negative hundred that comes again (or -1 where nothing else is negative) is one where it is the
    least or the greatest value, and as far from the next one as the others range; far more than that is clear.
    """
    known = value[np.isfinite(value)]
    if len(known) < 8:
        return None, False
    for code in (float(known.min()), float(known.max())):
        others = known[known != code]
        number = len(known) - len(others)
        if not len(others) or number > _MOST * len(known):
            continue
        spread = float(others.max() - others.min())
        away = float(others.min() - code if code < others.min() else code - others.max())
        size = max(spread, 1e-9 * float(np.abs(others).max()))
        rounded = code < 0 and code % 100 == 0 and number > 2
        if (_is_code(code) or rounded) and away >= _LIKELY * size and (number > 1 or away >= size):
            return code, away >= _CLEAR * size
        whole = (others == np.floor(others)).all()
        if code == -1 and number > 1 and others.min() >= 0 and whole and others.max() > 1:
            return code, False
    return None, False


def _is_code(code: float) -> bool:
    texts = (f"{code:g}", f"{code:.0f}", f"{code:.1f}", f"{code:.2f}")
    return any(_CODE.fullmatch(text) and float(text) == code for text in texts)
