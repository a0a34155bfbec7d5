"""Numbers that stand for missing values: -999 and its like, far from all others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from dl_core.data.dataset import Finding
from dl_core.data.reading import Choice, Question
from dl_core.errors import OptionError, counted
from dl_core.reading.series.long import Long

_CODE = re.compile(r"-?(9{2,}|8{3,}|7{3,}|99+\.9+|9{3,}\.0*|32768|32767|2147483648|1e\+?(20|30|36))")
_CLEAR = 3.0  # as far as so many times the range of all others from the nearest of them
_LIKELY = 0.5
_MOST = 0.4  # share of values


def with_missing(long: Long, options: Mapping[str, Any]) -> tuple[Long, list[Finding], Question | None]:
    """Return values without numbers that mean missing, what was found, and the question where that is not clear.

    Parameters
    ----------
    long : Long
    options : mapping
        ``missing``: such numbers as the user tells them, "none" for none, empty to have them found.

    Raises
    ------
    OptionError
        If the option holds no numbers.
    """
    told = str(options.get("missing") or "").strip()
    if told.casefold() == "none":
        return long, [], None
    if told:
        codes = _read(told)
        found = np.isin(long.value, codes)
        return _without(long, found), _notes(codes, found, "as the option missing says"), None
    code, clear = _find(long.value)
    if code is None:
        return long, [], None
    found = long.value == code
    if clear:
        why = "it stands far from all other values; the option missing says otherwise"
        return _without(long, found), _notes(np.array([code]), found, why), None
    text = f"Does {code:g} ({counted(int(found.sum()), 'value')}) mean that the value is missing?"
    choices = (
        Choice(f"{code:g} means missing", options={"missing": f"{code:g}"}),
        Choice(f"{code:g} is a value", options={"missing": "none"}),
    )
    return long, [], Question("missing", text, choices)


def _read(told: str) -> np.ndarray:
    try:
        return np.array([float(part) for part in re.split(r"[;,\s]+", told) if part])
    except ValueError as error:
        raise OptionError(
            "it holds no numbers", where="option missing", expected='numbers such as -999, or "none"'
        ) from error


def _find(value: np.ndarray) -> tuple[float | None, bool]:
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


def _without(long: Long, found: np.ndarray) -> Long:
    return replace(long, value=np.where(found, np.nan, long.value)) if found.any() else long


def _notes(codes: np.ndarray, found: np.ndarray, why: str) -> list[Finding]:
    if not found.any():
        return []
    words = ", ".join(f"{code:g}" for code in codes)
    many = counted(int(found.sum()), f"value of {words} was", f"values of {words} were")
    text = f"{many} read as missing: {why}."
    return [Finding("warning", "missing-codes", text)]
