"""Amounts and other numbers as people and banks write them: "1.234,56 €", "$1,234.56", "(12.00)"."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dl_core.data.findings import rows_named
from dl_core.errors import SchemaError, shorten

_CURRENCY = r"(?:[$€£¥₹₽₩₺₴₪฿₫₦¢]|[A-Za-z]{1,3}[$€£]|[A-Z]{3}|kr\.?|zł|Kč|Ft|lei|Rs\.?|Fr\.?|R)"
_NUMBER = re.compile(
    rf"(?P<open>\()?\s*(?P<sign>[-+\u2212\u2013])?\s*{_CURRENCY}?\s*(?P<second>[-+\u2212])?\s*"
    r"(?P<digits>\d[\d.,'\u2019\u00a0\u202f\u2009 ]*|[.,]\d+)(?P<exponent>[eE][-+]?\d{1,3})?"
    rf"\s*(?:{_CURRENCY}|%)?\s*(?P<after>[-\u2212])?\s*(?P<close>\))?"
)
_LETTERS_AT_DIGITS = re.compile(r"[A-Za-z]\d|\d[A-Za-z]")
_GROUPED = r"\d{1,3}(?:%s\d{2,3})*%s\d{3}"  # 12,34,567 in India
_BLANKS = re.compile(r"[ '\u2019\u00a0\u202f\u2009]")
_IN_THREES = re.compile(r"\d{1,3}(?:[ '\u2019\u00a0\u202f\u2009]\d{3})*(?:[.,]\d*)?")
_SPECIAL = {"inf": np.inf, "+inf": np.inf, "infinity": np.inf, "-inf": -np.inf, "-infinity": -np.inf, "nan": np.nan}


@dataclass(frozen=True)
class Numbers:
    """A column read as numbers.

    Parameters
    ----------
    values : numpy.ndarray
        (n,) float64; NaN where nothing stands or what stands is no number.
    bad : numpy.ndarray
        (n,) bool, where something stands that is no number.
    ambiguous : bool
        Whether every separator may be read either way ("1,234").
    decimal : str
        The decimal mark that was taken where a value alone does not tell.
    """

    values: np.ndarray
    bad: np.ndarray
    ambiguous: bool = False
    decimal: str = "."


def parse_numbers(column: pd.Series) -> Numbers:
    """Read a column of numbers in any notation.

    The decimal mark is decided value by value where it shows ("1.234,56", "12,5"), and by the column's majority where
    it does not ("1,234"); without any sign a comma before three digits groups thousands and a point is decimal.
    Brackets and a minus before or after mean negative.

    Parameters
    ----------
    column : pandas.Series
        (n,) numbers or text.
    """
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_numeric_dtype(column.dtype):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return Numbers(values, np.zeros(len(values), dtype=bool))
    codes, texts = pd.factorize(column)
    texts = np.asarray(texts, dtype=object)
    plain = pd.to_numeric(pd.Series(texts, dtype=object), errors="coerce").to_numpy(dtype=np.float64)
    if "," not in "".join(map(str, texts)) and not np.isnan(plain).any():
        return Numbers(spread(plain, codes), np.zeros(len(codes), dtype=bool))
    parsed, bad, ambiguous, decimal = _parse_texts([str(text) for text in texts])
    return Numbers(spread(parsed, codes), spread(bad, codes, False), ambiguous, decimal)


def read_numbers(column: pd.Series, expected: str, todo: str) -> Numbers:
    """Read a column that must hold numbers, as `parse_numbers` does; infinite ones count as none.

    Raises
    ------
    SchemaError
        If most of its values are none.
    """
    numbers = parse_numbers(column)
    bad = numbers.bad | np.isinf(numbers.values)
    if bad.sum() > 0.5 * max(1, column.notna().sum()):
        raise SchemaError(
            f"{int(bad.sum()):,} values are no numbers ({rows_named(bad)})",
            where=f"column {shorten(column.name, 40)}",
            expected=expected,
            todo=todo,
        )
    return numbers


def is_amount(text: str) -> bool:
    """Return whether a cell is a number, perhaps with the sign of a currency; a code such as "ABC123" is none."""
    match = _NUMBER.fullmatch(text)
    if match is None or not _fits(match["digits"].strip()):
        return False
    return not _LETTERS_AT_DIGITS.search(text.removesuffix(match["exponent"] or ""))


def spread(values: np.ndarray, codes: np.ndarray, missing: object = np.nan) -> np.ndarray:
    """Return the values (k,) of codes (n,) as `pandas.factorize` gives them; ``missing`` where a code is -1."""
    return np.append(values, np.array([missing], dtype=values.dtype))[codes]


def sampled(column: pd.Series, most: int = 200) -> pd.Series:
    """Return about ``most`` evenly spaced cells of those that are filled."""
    filled = column.dropna()
    return filled.iloc[:: max(1, len(filled) // most)]


def _parse_texts(texts: list[str]) -> tuple[np.ndarray, np.ndarray, bool, str]:
    matches = [_NUMBER.fullmatch(text.strip()) for text in texts]
    matches = [match if match and _fits(match["digits"].strip()) else None for match in matches]
    digits = [_BLANKS.sub("", match["digits"]).rstrip(".,") if match else "" for match in matches]
    marks = [_mark(text) for text in digits]
    points, commas = marks.count("."), marks.count(",")
    decimal = "," if commas > points else "."
    undecided = [text for text, mark in zip(digits, marks, strict=True) if mark == "?"]
    values = np.full(len(texts), np.nan)
    bad = np.zeros(len(texts), dtype=bool)
    for at, (text, match) in enumerate(zip(texts, matches, strict=True)):
        special = _SPECIAL.get(text.strip().casefold())
        if special is not None:
            values[at] = special
            continue
        found = None if match is None else _value(match, digits[at], marks[at], decimal if points != commas else "")
        if found is None:
            bad[at] = True
        else:
            values[at] = found
    return values, bad, bool(undecided) and points == commas, decimal


def _fits(digits: str) -> bool:
    """Return whether blanks and apostrophes, if any, part groups of three."""
    return not _BLANKS.search(digits) or bool(_IN_THREES.fullmatch(digits))


def _mark(digits: str) -> str:
    """Return the decimal mark that a value shows: "." or ",", "" if there is none, "?" if it may be either."""
    kinds = [mark for mark in ".," if mark in digits]
    if not kinds:
        return ""
    if len(kinds) == 2:
        return max(kinds, key=digits.rfind)
    mark = kinds[0]
    if digits.count(mark) > 1:
        return "," if mark == "." else "."  # 1.234.567 groups with points
    before, _, after = digits.partition(mark)
    return "?" if len(after) == 3 and 1 <= len(before) <= 3 and before[0] != "0" else mark


def _value(match: re.Match[str], digits: str, mark: str, majority: str) -> float | None:
    """Return one number, or None where the separators make no sense or a bracket is missing."""
    if bool(match["open"]) != bool(match["close"]):
        return None
    if mark == "?":
        mark = majority or "."
    group = "," if mark == "." else "."
    whole, _, part = digits.rpartition(mark) if mark and mark in digits else (digits, "", "")
    if mark in whole and mark:
        return None
    if group in part or (group in whole and not re.fullmatch(_GROUPED % (re.escape(group), re.escape(group)), whole)):
        return None
    text = f"{whole.replace(group, '') or '0'}.{part or '0'}{match['exponent'] or ''}"
    negative = bool(match["open"]) ^ any(match[key] in ("-", "\u2212", "\u2013") for key in ("sign", "second", "after"))
    return -float(text) if negative else float(text)
