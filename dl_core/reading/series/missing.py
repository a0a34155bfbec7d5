"""Numbers that stand for missing values: -999 and its like, far from all others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from dl_core.data.dataset import Finding
from dl_core.data.placeholders import find_code
from dl_core.data.reading import Choice, Question
from dl_core.errors import OptionError, counted
from dl_core.reading.series.long import Long


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
    code, clear = find_code(long.value)
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


def _without(long: Long, found: np.ndarray) -> Long:
    return replace(long, value=np.where(found, np.nan, long.value)) if found.any() else long


def _notes(codes: np.ndarray, found: np.ndarray, why: str) -> list[Finding]:
    if not found.any():
        return []
    words = ", ".join(f"{code:g}" for code in codes)
    many = counted(int(found.sum()), f"value of {words} was", f"values of {words} were")
    text = f"{many} read as missing: {why}."
    return [Finding("warning", "missing-codes", text)]
