"""A table read whole by pandas: those beside images, Excel, and texts that Arrow refuses."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pandas as pd

from dl_core.errors import FileError
from dl_core.reading.listing import suffix_of
from dl_core.reading.tables.text import marked_encoding, separator_of

_ENCODINGS = ("utf-8-sig", "cp1252", "latin-1")


def read_table(path: Path, where: str = "", *, keep_text: bool = False) -> pd.DataFrame:
    """Read CSV, TSV, Parquet, Excel or JSON lines; blank cells become NaN, columns of numbers become numbers.

    Parameters
    ----------
    path : Path
    where : str
        Name for messages; the file's by default.
    keep_text : bool
        Leave the cells of text files and of Excel as they stand.

    Raises
    ------
    FileError
        If it cannot be read or is empty.
    """
    where, suffix = where or path.name, suffix_of(where or path)
    try:
        if suffix == ".parquet":
            table = pd.read_parquet(path)
        elif suffix == ".xlsx":
            table = pd.read_excel(path, dtype=str, keep_default_na=False, engine="openpyxl")
        elif suffix in (".jsonl", ".ndjson"):
            table = pd.read_json(path, lines=True, dtype=False, convert_dates=False)
        else:
            table = _read_separated(path, "\t" if suffix == ".tsv" else None)
    except (ValueError, OSError, KeyError, zipfile.BadZipFile, pd.errors.ParserError) as error:
        raise FileError(
            "the table cannot be read",
            where=where,
            expected="one header line and the same number of columns in every row",
            todo="save it again as CSV (UTF-8)",
        ) from error
    if table.empty:
        raise FileError("the table has no rows", where=where, todo="export it again")
    table = table.rename(columns=lambda name: str(name).strip())
    table = table.loc[:, ~table.columns.duplicated()]
    return table.apply(_stripped) if keep_text else table.apply(_typed)


def _read_separated(path: Path, separator: str | None) -> pd.DataFrame:
    data, text = path.read_bytes(), ""
    for encoding in _ENCODINGS:
        try:
            text = data.decode(marked_encoding(data) or encoding)
            break
        except UnicodeDecodeError:
            continue
    separator = separator or separator_of(text[:100_000])
    return pd.read_csv(io.StringIO(text), sep=separator, dtype=str, keep_default_na=False, index_col=False)


def _stripped(column: pd.Series) -> pd.Series:
    """Return text without outer blanks, None where nothing is left."""
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return column
    text = column.map(lambda value: value.strip() if isinstance(value, str) else value).astype(object)
    return text.where(text.map(lambda value: value is not None and value == value and value != ""), None)


def _typed(column: pd.Series) -> pd.Series:
    """Return numbers where every filled cell is one, else stripped text with NaN for blanks."""
    if not (pd.api.types.is_object_dtype(column) or pd.api.types.is_string_dtype(column)):
        return column
    text = _stripped(column)
    filled = text.dropna()
    numbers = pd.to_numeric(filled, errors="coerce")
    leading_zero = filled.astype(str).str.fullmatch(r"0\d+").any()  # "007" is a name and not a number
    if len(filled) and numbers.notna().all() and not leading_zero:
        return pd.to_numeric(text, errors="coerce")
    return text
