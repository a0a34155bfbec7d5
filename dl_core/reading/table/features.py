"""What the remaining columns are: numbers, categories, or something a model must not learn from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.findings import listed, rows_named
from dl_core.data.table.suspects import leaking_columns
from dl_core.errors import shorten
from dl_core.reading.secrets.find import secret_of
from dl_core.reading.table.accounts import are_kinds, is_personal_column
from dl_core.reading.table.made import indicators
from dl_core.reading.table.schema import CODES
from dl_core.reading.tables.names import plain_name
from dl_core.reading.tables.times import looks_like_time
from dl_core.reading.tables.values import Numbers, parse_numbers, read_numbers, sampled

MOST_CATEGORIES = 1_000
_FEW_CATEGORIES = 10  # always few enough, however few rows there are
_NUMBERS_FROM = 0.95  # share of cells that are numbers, from which a column of text is one of numbers
_MONOTONE = 0.999
_UNNAMED = re.compile(r"(column|unnamed)_\d+")  # a blank header, or what pandas makes of it
_RUN, _FILES = 20, 20  # fewest rows of a file that counts its own, and most files
_MOST_COUNTED = 1_000  # a number of something, smaller than a post code or a year


@dataclass
class Features:
    """The typed columns, those to learn from, and what is to say about the others."""

    columns: dict[str, pd.Series] = field(default_factory=dict)
    chosen: list[str] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)  # why a column is no feature


def read_features(
    frame: pd.DataFrame, time: np.ndarray | None, wished: tuple[str, ...] = (), groups: tuple[str, ...] = ()
) -> Features:
    """Type all given columns and choose the features among them.

    Parameters
    ----------
    frame : pandas.DataFrame
        (n, columns) as read.
    time : numpy.ndarray or None
        (n,) datetime64[ns], to find columns that only restate it.
    wished : tuple of str
        Features that the user names; none other is chosen then.
    groups : tuple of str
        Groups, which are typed and not chosen.
    """
    features = Features()
    left: dict[str, list[str]] = {}
    order = _time_order(time)
    headed = not all(_UNNAMED.fullmatch(plain_name(name)) for name in frame.columns)
    for name in frame.columns:
        why, column = _type_column(frame[name], features.notes, name in wished or name in groups)
        if name not in wished and name not in groups:
            unnamed = headed and bool(_UNNAMED.fullmatch(plain_name(name)))
            why = why or ("number" if _is_row_number(column, unnamed) else _restates(column, order))
        if why not in ("personal", "text", "secret"):
            features.columns[name] = column
        if why and name not in wished:
            left.setdefault(why, []).append(name)
        elif name in wished or (not wished and name not in groups):
            features.chosen.append(name)
    if not wished:
        extra = indicators(features.columns, features.chosen)
        features.columns |= extra
        features.chosen += extra
    features.notes += [_left_note(why, names) for why, names in left.items()]
    features.left = {name: _WHY[why] for why, names in left.items() for name in names}
    return features


def leave_leaks(features: Features, targets: np.ndarray) -> None:
    """Take out what is nearly identical to the label, (n,) 1, 0 or -1, and say so."""
    leaks = leaking_columns(pd.DataFrame(features.columns), features.chosen, targets)
    for name, how in leaks.items():
        text = (
            f"Column {shorten(name, 40)!r} is nearly identical to the label ({how}), target leakage, and was "
            "dropped. If it is known before the decision, set its role to feature."
        )
        features.notes.append(Finding("warning", "leaking-column", text))
        features.left[name] = f"nearly identical to the label ({how})"
    features.chosen = [name for name in features.chosen if name not in leaks]


def read_features_like(frame: pd.DataFrame, kinds: Mapping[str, str], chosen: tuple[str, ...]) -> Features:
    """Type columns as the training data had them (``kinds``: data type by column)."""
    features = Features(chosen=list(chosen))
    for name in frame.columns:
        numeric = str(kinds.get(name, "")).startswith(("int", "uint", "float", "bool", "Int", "Float"))
        if numeric:
            features.columns[name] = read_number(frame[name], parse_numbers(frame[name]), features.notes)
        else:
            features.columns[name] = _as_text(frame[name])
    return features


def read_number(column: pd.Series, numbers: Numbers, notes: list[Finding]) -> pd.Series:
    """Return a numeric column without infinities, and note what was no number."""
    values, where = numbers.values, f"Column {shorten(column.name, 40)!r}"
    if numbers.bad.any():
        count = f"{int(numbers.bad.sum()):,} values are no numbers ({rows_named(numbers.bad)})"
        text = f"{where}: {count}; they count as missing."
        notes.append(Finding("warning", "not-a-number", text, _ids(column, numbers.bad)))
    infinite = np.isinf(values)
    if infinite.any():
        text = f"{where}: {int(infinite.sum()):,} values are infinite ({rows_named(infinite)}); they count as missing."
        notes.append(Finding("warning", "infinite-values", text, _ids(column, infinite)))
        values = np.where(infinite, np.nan, values)
    if numbers.ambiguous:
        word = "a decimal mark" if numbers.decimal == "," else "grouping thousands"
        text = f"{where}: a comma before three digits was read as {word}; the column does not tell."
        notes.append(Finding("warning", "ambiguous-numbers", text))
    kind = column.dtype
    if pd.api.types.is_integer_dtype(kind) and not pd.api.types.is_extension_array_dtype(kind):
        return column
    return pd.Series(values, index=column.index, name=column.name)


def read_amount(column: pd.Series, notes: list[Finding]) -> pd.Series:
    """Return amounts in any notation, float64; negative ones are noted.

    Raises
    ------
    SchemaError
        If most of them are no numbers.
    """
    expected, todo = "numbers such as 1234.56 or 1.234,56 €", "choose another amount column, or none"
    amount = read_number(column, read_numbers(column, expected, todo), notes).astype("float64")
    negative = (amount < 0).to_numpy()
    if negative.any():
        count = f"{int(negative.sum()):,} amounts are negative"
        text = f"Column {shorten(column.name, 40)!r}: {count}, interpreted as refunds."
        notes.append(Finding("info", "negative-amounts", text, _ids(column, negative)))
    return amount


def _ids(column: pd.Series, mask: np.ndarray) -> tuple[str, ...]:
    return tuple(column.index[mask][:100])


def _type_column(column: pd.Series, notes: list[Finding], wanted: bool) -> tuple[str, pd.Series]:
    """Return why a column is no feature ("" if it may be one), and the column typed."""
    if is_personal_column(str(column.name)) and not wanted and not _only_counts(column) and not are_kinds(column):
        return "personal", column
    kind = column.dtype
    if pd.api.types.is_datetime64_any_dtype(kind):
        return "time", _as_text(column) if wanted else column
    if pd.api.types.is_bool_dtype(kind):
        return "", column.astype("int8") if not column.isna().any() else column.astype("float64")
    if pd.api.types.is_numeric_dtype(kind):
        return "", read_number(column, parse_numbers(column), notes)
    filled = column.dropna()
    if filled.empty:
        return "", pd.Series(np.nan, index=column.index, name=column.name)
    sample = sampled(column)
    if parse_numbers(sample).bad.mean() <= 1 - _NUMBERS_FROM and not _codes(sample):
        numbers = parse_numbers(column)
        if numbers.bad.sum() <= (1 - _NUMBERS_FROM) * len(filled):
            return "", read_number(column, numbers, notes)
    if not wanted and looks_like_time(column):
        return "time", column
    text = _as_text(column)
    count = text.nunique()
    if not wanted and count <= MOST_CATEGORIES and secret_of(pd.Series(text.dropna().unique(), name=column.name)):
        return "secret", text
    if not wanted and count > max(_FEW_CATEGORIES, min(MOST_CATEGORIES, len(filled) // 5)):
        return "text", text
    return "", text


def _only_counts(column: pd.Series) -> bool:
    """Return whether a column that is named like something personal holds a share, a score, a flag or a small count."""
    kind = column.dtype
    if pd.api.types.is_bool_dtype(kind):
        return True
    if not pd.api.types.is_numeric_dtype(kind):
        return False
    some = column.dropna().iloc[:20_000]
    return len(some) > 0 and bool((some % 1 != 0).any() or some.nunique() <= 2 or some.abs().max() < _MOST_COUNTED)


def _codes(sample: pd.Series) -> bool:
    """Return whether a text column holds codes such as "007" or numbers of keys, which are no quantities."""
    return bool(sample.astype(str).str.fullmatch(r"0\d+").any()) or sample.name in CODES


def _as_text(column: pd.Series) -> pd.Series:
    if pd.api.types.is_float_dtype(column.dtype) and (column.dropna() % 1 == 0).all():
        column = column.astype("Int64")  # 3.0 and "3" are one category
    return column.astype("str")


def _time_order(time: np.ndarray | None) -> np.ndarray | None:
    """Return up to 50,000 row positions in order of time."""
    if time is None:
        return None
    timed = np.flatnonzero(~np.isnat(time))
    timed = timed[:: max(1, len(timed) // 50_000)]
    return timed[np.argsort(time[timed], kind="stable")] if len(timed) >= 20 else None


def _is_row_number(column: pd.Series, unnamed: bool) -> bool:
    """Return whether whole numbers count the rows, in one go, in any order, or anew in each of a few files."""
    if not pd.api.types.is_numeric_dtype(column.dtype):
        return False
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    if len(values) < 20 or not np.isfinite(values).all() or (values % 1 != 0).any():
        return False
    distinct = len(np.unique(values))
    if distinct == len(values) and (unnamed or values.max() - values.min() + 1 == distinct):
        return True
    runs = np.flatnonzero(np.diff(values) != 1) + 1
    again = len(runs) * _RUN <= len(values) and bool((values[runs] == values[0]).all())
    return again or (unnamed and distinct > len(values) / _FILES)


def _restates(column: pd.Series, order: np.ndarray | None) -> str:
    """Return whether a numeric column is the time in other words."""
    if order is None or not pd.api.types.is_numeric_dtype(column.dtype):
        return ""
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)[order]
    steps = np.diff(values)
    steps = steps[np.isfinite(steps)]
    if len(steps) < 19 or len(np.unique(values)) <= 2:
        return ""
    return "restates" if max((steps >= 0).mean(), (steps <= 0).mean()) >= _MONOTONE else ""


_LEFT = {
    "personal": ("personal-columns", "may identify persons and were dropped"),
    "time": ("other-times", "hold further timestamps and are not used as features"),
    "text": ("many-values", "are high-cardinality text and were dropped"),
    "secret": ("secrets", "hold secrets in some of their values (mail addresses, card numbers …) and were dropped"),
    "number": ("row-numbers", "are row numbers and are not used as features"),
    "restates": ("restates-time", "are monotone in time and are not used as features"),
}


_WHY = {
    "personal": "may identify a person",
    "time": "a further time, which is not used",
    "text": "too many different texts",
    "number": "a row number: it counts the rows",
    "restates": "rises with time, so it only restates it",
    "secret": "some of its values are secrets",
}


def _left_note(why: str, names: list[str]) -> Finding:
    kind, words = _LEFT[why]
    return Finding("info", kind, f"Columns that {words}: {listed(names)}.")
