"""Values as tables hold them to numbers: marks of missing values, decimal commas and thousands over a whole block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.findings import rows_named
from dl_core.errors import SchemaError, counted, shorten
from dl_core.reading.tables.values import parse_numbers

_MISSING = (
    "* ** *** **** ***** "
    "-- --- - – — . .. … ... na n/a n.a. n.a nan null none missing unknown nil x : #n/a #value! #div/0! nd n.d. k.a."
)
MISSING = frozenset(_MISSING.split()) | {""}
_SAMPLE = 400
_NOTED = r"^\s*[<>≤≥~≈?*]+\s*(?=[-+]?[.,]?\d)|(?<=\d)\s*\*+$|(?<=\d)\s+[bcdefnprsuz]{1,3}$"  # "<1", "12.5 p", "7*"
_LEAST_ROWS = 4
_FIRST = 64
_PLAIN_COMMA = r"[-+]?\d+(?:,\d+)?"
_GROUPS_OF_COMMAS = r"[-+]?(?:[1-9]\d{0,2}(?:,\d{3})+|\d{1,3})(?:\.\d+)?"  # no group starts with a zero


def blanked(column: pd.Series) -> pd.Series:
    """Return a column of text with None where only a mark of a missing value stands; others as they are."""
    if pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column
    plain = column.str.strip().str.casefold() if hasattr(column, "str") else column
    marks = plain.isin(MISSING)
    return column.mask(marks, None) if marks.any() else column


def number_columns(frame: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Return those columns most of whose cells are numbers; of thousands only those of text are looked at."""
    typed = set(frame.columns[[_is_number(kind) for kind in frame.dtypes]])
    return [name for name in names if name in typed or is_numbers(frame[name])]


def _is_number(kind: Any) -> bool:
    return pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind)


def first_cells(frame: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    """Return the first rows of columns, (r, c) float64, NaN where missing or no number: what tells most columns."""
    head = frame[list(names)].iloc[:_FIRST]
    typed = np.array([_is_number(kind) for kind in head.dtypes], dtype=bool)
    found = np.full(head.shape, np.nan)
    found[:, typed] = head.loc[:, typed].to_numpy(dtype=np.float64, na_value=np.nan)
    return found


def is_numbers(column: pd.Series) -> bool:
    """Return whether most of what stands in a column are numbers; an empty column counts as one."""
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(column.dtype):
        return False
    if pd.api.types.is_numeric_dtype(column.dtype):
        return True
    filled = column.dropna()
    if not len(filled):
        return True
    sample = blanked(filled.iloc[:: max(1, len(filled) // _SAMPLE)].astype("str")).dropna()
    if not len(sample):
        return True
    return bool(parse_numbers(_plain(sample)).bad.mean() < 0.5)


def counts_rows(column: pd.Series) -> bool:
    """Return whether a column holds whole numbers one after the other, each once, as those of rows."""
    if not pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
        return False
    numbers = column.dropna()  # rows of other tables have none
    if len(numbers) < _LEAST_ROWS or 2 * len(numbers) < len(column) or float(numbers.iloc[0]) % 1:
        return False
    spans = float(numbers.max()) - float(numbers.min()) == len(numbers) - 1
    return spans and bool(numbers.is_unique) and bool((numbers % 1 == 0).all())


def noted_cells(frame: pd.DataFrame, columns: Sequence[str]) -> list[Finding]:
    """Return a warning where numbers stand with marks that say something of them: a bound, a doubt, a flag."""
    typed = set(frame.columns[[pd.api.types.is_numeric_dtype(kind) for kind in frame.dtypes]])
    texts = [name for name in columns if name not in typed]
    cells = [frame[name].dropna().astype("str") for name in texts]
    found = [cell[cell.str.contains(_NOTED, regex=True)] for cell in cells]
    number = sum(map(len, found))
    if not number:
        return []
    one = next(shorten(cell.iloc[0].strip(), 20) for cell in found if len(cell))
    text = f"{counted(number, 'cell')} with a mark beside the number, such as {one!r}, read as the number alone."
    return [Finding("warning", "noted-cells", text)]


def _plain(text: pd.Series) -> pd.Series:
    """Return cells without marks of bounds, doubts and flags beside their numbers."""
    return text.str.replace(_NOTED, "", regex=True)


def read_numbers(frame: pd.DataFrame, columns: Sequence[str], strict: bool = True) -> np.ndarray:
    """Return the numbers of columns, (n, c) float64, NaN where missing; what a comma means is decided for all at once.

    Raises
    ------
    SchemaError
        If ``strict`` and something that stands there is no number, naming columns and rows.
    """
    found = np.full((len(frame), len(columns)), np.nan)
    block = frame[list(columns)]
    typed = np.array([pd.api.types.is_numeric_dtype(kind) for kind in block.dtypes], dtype=bool)
    if typed.any():
        found[:, typed] = block.loc[:, typed].to_numpy(dtype=np.float64, na_value=np.nan)
    texts = [int(at) for at in np.flatnonzero(~typed) if block.iloc[:, at].notna().any()]
    if texts:
        cells = [blanked(block.iloc[:, at].astype("str")) for at in texts]
        values, bad = _parsed(pd.concat(cells, ignore_index=True))
        found[:, texts] = values.reshape(len(texts), len(frame)).T
        if strict:
            _check(bad.reshape(len(texts), len(frame)), [columns[at] for at in texts])
    found[np.isinf(found)] = np.nan
    return found


def _parsed(text: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return numbers and where there are none; whole blocks of one plain notation are read at once."""
    filled = text.dropna()
    comma = filled.str.contains(",", regex=False)
    plain = None
    if not comma.any():
        plain = text
    elif filled.str.fullmatch(_PLAIN_COMMA).all() and not filled[comma].str.fullmatch(_GROUPS_OF_COMMAS).all():
        plain = text.str.replace(",", ".", regex=False)
    elif filled.str.fullmatch(_GROUPS_OF_COMMAS).all():
        plain = text.str.replace(",", "", regex=False)
    if plain is not None:
        numbers = pd.to_numeric(plain, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        if not (np.isnan(numbers) & text.notna().to_numpy()).any():
            return numbers, np.zeros(len(text), dtype=bool)
    numbers = parse_numbers(text)
    if numbers.bad.any():
        numbers = parse_numbers(_plain(text))
    return numbers.values, numbers.bad


def _check(bad: np.ndarray, names: Sequence[str]) -> None:
    if not bad.any():
        return
    wrong = [name for name, cells in zip(names, bad, strict=True) if cells.any()]
    shown = ", ".join(repr(shorten(name, 40)) for name in wrong[:3]) + (" …" if len(wrong) > 3 else "")
    raise SchemaError(
        f"{counted(int(bad.sum()), 'cell')} with text instead of a number ({rows_named(np.any(bad, axis=0))})",
        where=f"column{'s' if len(wrong) > 1 else ''} {shown}",
        expected="numbers such as 1234.5, 1.234,5 or 1,234.5; missing values empty, NA or --",
        todo="correct or empty these cells, or choose another column for the values",
    )
