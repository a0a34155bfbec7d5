"""Tables that say more about files: read, and matched to the files they name."""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd

from dl_core.errors import FileError, SchemaError, shorten
from dl_core.reading.file_types import suffix_of

_ENCODINGS = ("utf-8-sig", "cp1252", "latin-1")
_SEPARATORS = ",;\t|^~"


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


def decode_table(path: Path, sample_bytes: int = 1 << 20) -> tuple[str, str]:
    """Return the encoding of a text file, found by reading all of it in blocks, and its first characters.

    Without a byte order mark it is UTF-8 where that fits, else what Windows writes.
    """
    with open(path, "rb") as file:
        head = file.read(sample_bytes)
        encoding = _marked(head)
        if not encoding:
            decoder = codecs.getincrementaldecoder("utf-8")()
            encoding, block = "utf-8", head
            try:
                while block:
                    decoder.decode(block)
                    block = file.read(1 << 22)
            except UnicodeDecodeError:
                encoding = "cp1252"
    if encoding == "cp1252" and any(code in head for code in (0x81, 0x8D, 0x8F, 0x90, 0x9D)):
        encoding = "latin-1"  # codes that Windows does not use
    return encoding, head.decode(encoding, errors="replace").lstrip("\ufeff")


def _marked(head: bytes) -> str:
    """Return the encoding that a mark or the zeros of UTF-16 tell, or nothing."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if len(head) > 3 and head[1:40:2].count(0) > 10:
        return "utf-16-le"
    return "utf-16-be" if len(head) > 3 and head[0:40:2].count(0) > 10 else ""


def separator_of(sample: str, name: str = "") -> str:
    """Return the character that splits the first lines into the same number of cells, two at least."""
    if suffix_of(name) == ".tsv":
        return "\t"
    lines = [line for line in sample.splitlines()[:21] if line.strip()]
    lines = lines[:-1] if len(lines) == 21 else lines

    def _fit(separator: str) -> tuple[bool, int]:
        counts = [len(row) for row in csv.reader(lines, delimiter=separator)]
        return counts[0] > 1 and len(set(counts)) == 1, counts[0]

    return max(_SEPARATORS, key=_fit) if lines else ","


def _read_separated(path: Path, separator: str | None) -> pd.DataFrame:
    data = path.read_bytes()
    for encoding in _ENCODINGS:
        try:
            text = data.decode(_marked(data) or encoding)
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


@dataclass(frozen=True)
class TableMatch:
    """A table whose rows were found to name files.

    Parameters
    ----------
    name : str
        Of the table.
    table : pandas.DataFrame
    column : str
        The column that names the files.
    rows : dict of str to int
        Position in ``table`` by file name.
    unmatched : tuple of str
        Names in the column for which there is no file.
    ambiguous : tuple of str
        Names that fit several files and were therefore not used.
    """

    name: str
    table: pd.DataFrame
    column: str
    rows: dict[str, int]
    unmatched: tuple[str, ...]
    ambiguous: tuple[str, ...]


def match_files(tables: Sequence[tuple[str, pd.DataFrame]], files: Sequence[str], column: str = "") -> TableMatch:
    """Find the table and the column that name the files best, with or without folder and extension.

    Parameters
    ----------
    tables : sequence of (name, table)
    files : sequence of str
        Relative names with forward slashes.
    column : str
        The column to use, where the user has named it.

    Raises
    ------
    SchemaError
        If nothing names a file.
    """
    lookup = _names_of(files)
    best: TableMatch | None = None
    for name, table in tables:
        if column and column not in table.columns:
            continue
        for candidate in [column] if column else list(table.columns):
            match = _match_column(name, table, candidate, lookup)
            if match.rows and (best is None or len(match.rows) > len(best.rows)):
                best = match
    if best is None:
        raise SchemaError(
            f"no column names any of the {len(files)} files",
            where=", ".join(name for name, _ in tables),
            expected=f"names such as {_examples(files)}; found {_example_values(tables, column)}",
            todo="add a column with the file names, with or without extension",
        )
    return best


def _names_of(files: Sequence[str]) -> dict[str, list[str]]:
    """Return the files that each way of writing a name may mean; the closest way wins in `_match_column`."""
    lookup: dict[str, list[str]] = {}
    for file in files:
        for written in {_key(file), _key(PurePosixPath(file).name), _stem(file), _stem(PurePosixPath(file).name)}:
            lookup.setdefault(written, []).append(file)
    return lookup


def _key(name: str) -> str:
    return str(PurePosixPath(name.replace("\\", "/").strip())).casefold()


def _stem(name: str) -> str:
    suffix = suffix_of(name)
    return _key(name)[: -len(suffix)] if suffix else _key(name)


def _match_column(name: str, table: pd.DataFrame, column: str, lookup: dict[str, list[str]]) -> TableMatch:
    rows: dict[str, int] = {}
    unmatched, ambiguous = [], []
    for at, value in enumerate(table[column]):
        if value is None or value != value:
            continue
        written = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
        full = _key(written)
        found = lookup.get(full) or lookup.get(PurePosixPath(full).name) or lookup.get(_stem(written)) or []
        if not found:
            unmatched.append(written)
        elif len(found) > 1:
            ambiguous.append(written)
        else:
            rows.setdefault(found[0], at)
    return TableMatch(name, table, column, rows, tuple(unmatched), tuple(ambiguous))


def _examples(files: Sequence[str]) -> str:
    return ", ".join(repr(shorten(PurePosixPath(file).name, 40)) for file in files[:2])


def _example_values(tables: Sequence[tuple[str, pd.DataFrame]], column: str) -> str:
    """Return column names only: values may be personal."""
    columns = [str(name) for _, table in tables for name in table.columns]
    if column:
        return f"no match in {shorten(column, 40)!r}"
    return "the columns " + ", ".join(repr(shorten(name, 30)) for name in columns[:6])
