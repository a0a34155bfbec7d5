"""One table file of any format to a data frame, with Arrow and with its size checked before it is read."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.csv as arrow_csv
import pyarrow.json as arrow_json
import pyarrow.parquet as parquet

from dl_core.data.kinds import suffix_of
from dl_core.data.limits import MEGABYTE, Limits
from dl_core.data.tables import decode_table, read_table, separator_of
from dl_core.data.transactions.files import TableFile
from dl_core.errors import FileError, LimitError

BYTES_A_ROW = 1_300  # at the peak, while history is derived
BYTES_A_CELL = 16
_SAMPLE = 1 << 20  # bytes from which the length of a line is estimated
_NULLS = ["", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "#N/A", "?", "-"]


@dataclass(frozen=True)
class RawTable:
    """A table as it stands in its file; ``skipped`` lines did not fit the header."""

    name: str
    frame: pd.DataFrame
    skipped: int = 0


def read_file(file: TableFile, as_text: Callable[[str], bool], limits: Limits, rows_before: int = 0) -> RawTable:
    """Read one table.

    Parameters
    ----------
    file : TableFile
    as_text : callable
        Whether the column of this name holds names or numbers that are no quantities (accounts, ids), which must keep
        their leading zeros and all their digits.
    limits : Limits
    rows_before : int
        Rows of the files read before, which count towards the limits.

    Raises
    ------
    FileError
        If it cannot be read or has no rows.
    LimitError
        If it is larger than the limits allow; known before all of it is read.
    """
    suffix = suffix_of(file.name)
    try:
        with open(file.path, "rb") as opened:
            magic = opened.read(4)
        if magic == b"PAR1":
            raw = _read_parquet(file, as_text, limits, rows_before)
        elif suffix == ".xlsx":
            raw = RawTable(file.name, read_table(file.path, file.name, keep_text=True))
        elif suffix in (".jsonl", ".ndjson", ".json"):
            raw = _read_json(file, as_text, limits, rows_before)
        else:
            raw = _read_csv(file, as_text, limits, rows_before)
    except (pa.ArrowException, ValueError, OSError, csv.Error) as error:
        raise FileError(
            "the table cannot be read",
            where=file.name,
            expected="one header line and the same number of columns in every row",
            todo="save it again as CSV (UTF-8) or Parquet",
        ) from error
    if raw.frame.empty or not len(raw.frame.columns):
        raise FileError("the table has no rows", where=file.name, todo="export it again")
    check_size(rows_before + len(raw.frame), raw.frame.shape[1], file.name, limits)
    return raw


def check_size(rows: int, columns: int, where: str, limits: Limits, about: bool = False) -> None:
    """Check that a table and what is derived from it fit into memory.

    Raises
    ------
    LimitError
        If there are too many rows, or they need too much memory.
    """
    needed = rows * (BYTES_A_ROW + BYTES_A_CELL * columns) / MEGABYTE
    most = int(limits.max_working_mb * MEGABYTE / (BYTES_A_ROW + BYTES_A_CELL * columns))
    if rows <= limits.max_rows and needed <= limits.max_working_mb:
        return
    raise LimitError(
        f"{'about ' if about else ''}{rows:,} rows of {columns} columns need {needed:,.0f} MB of memory",
        where=where,
        expected=f"at most {min(most, limits.max_rows):,} rows ({limits.max_working_mb:,} MB)",
        todo="keep the latest months only, or all frauds and the accounts they belong to; or raise "
        "DAYLIGHT_MAX_WORKING_MB and DAYLIGHT_MAX_ROWS on a server with more memory",
    )


def _read_parquet(file: TableFile, as_text: Callable[[str], bool], limits: Limits, before: int) -> RawTable:
    about = parquet.ParquetFile(file.path)
    check_size(before + about.metadata.num_rows, len(about.schema_arrow), file.name, limits)
    return RawTable(file.name, to_frame(about.read(), as_text))


def _read_json(file: TableFile, as_text: Callable[[str], bool], limits: Limits, before: int) -> RawTable:
    with open(file.path, "rb") as opened:
        sample = opened.read(_SAMPLE)
    if sample.lstrip()[:1] == b"[":  # a JSON array, read whole
        check_size(before + sample.count(b"}") * file.path.stat().st_size // len(sample), 1, file.name, limits, True)
        return RawTable(file.name, pd.read_json(file.path, dtype=False, convert_dates=False))
    rows = sample.count(b"\n") * file.path.stat().st_size // max(1, len(sample))
    check_size(before + rows, sample.split(b"\n")[0].count(b":"), file.name, limits, about=True)
    try:
        table = arrow_json.read_json(file.path, read_options=arrow_json.ReadOptions(block_size=16 << 20))
    except pa.ArrowInvalid:  # a column that is a number here and a text there
        return RawTable(file.name, read_table(file.path, file.name))
    for _ in range(2):  # {"card": {"number": …}} becomes card.number
        table = table.flatten()
    return RawTable(file.name, to_frame(table, as_text))


def _read_csv(file: TableFile, as_text: Callable[[str], bool], limits: Limits, before: int) -> RawTable:
    """Read separated text: types are inferred, and all columns are read as text where that fails."""
    encoding, sample = decode_table(file.path, _SAMPLE)
    separator = separator_of(sample, file.name)
    header = _header(sample, separator, file.name)
    size = file.path.stat().st_size / (2 if encoding.startswith("utf-16") else 1)
    rows = int(sample.count("\n") * max(1.0, size / max(1, len(sample.encode("utf-8", "replace")))))
    check_size(before + rows, len(header), file.name, limits, about=True)
    names, text = unique_names(header), pa.large_string()
    types = {name: text for name in names if as_text(name)}
    types |= dict.fromkeys(_zero_led(sample, separator, names), text)
    for attempt in (types, dict.fromkeys(names, text)):
        skipped: list[int] = []
        try:
            table = _arrow_csv(file.path, encoding, separator, names, attempt, skipped)
            return RawTable(file.name, to_frame(table, as_text), len(skipped))
        except pa.ArrowInvalid:
            continue
    return RawTable(file.name, read_table(file.path, file.name, keep_text=True))


def _arrow_csv(
    path: Path, encoding: str, separator: str, names: list[str], types: dict[str, pa.DataType], skipped: list[int]
) -> pa.Table:
    def _skip(row: arrow_csv.InvalidRow) -> str:
        skipped.append(row.number or 0)
        return "skip"

    return arrow_csv.read_csv(
        path,
        read_options=arrow_csv.ReadOptions(encoding=encoding, column_names=names, skip_rows=1, block_size=8 << 20),
        parse_options=arrow_csv.ParseOptions(
            delimiter=separator, newlines_in_values=_has_quotes(path), invalid_row_handler=_skip
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=types, null_values=_NULLS, strings_can_be_null=True, quoted_strings_can_be_null=True
        ),
    )


def _has_quotes(path: Path) -> bool:
    """Return whether quotes stand in the first bytes: only then may a cell hold a line break."""
    with open(path, "rb") as opened:
        return b'"' in opened.read(_SAMPLE)


def _header(sample: str, separator: str, where: str) -> list[str]:
    header = next(csv.reader(io.StringIO(sample), delimiter=separator), [])
    filled = [cell.strip() for cell in header if cell.strip()]
    if not filled:
        raise FileError("the first line is empty", where=where, expected="a header line with the columns' names")
    if len(filled) > 1 and all(_is_number(cell) for cell in filled):
        raise FileError(
            "the first line holds numbers",
            where=where,
            expected="a header line with the columns' names",
            todo="add a first line that names the columns",
        )
    return header


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True


def _zero_led(sample: str, separator: str, names: list[str]) -> list[str]:
    """Return columns with values such as "007", which are names and no numbers."""
    rows = list(csv.reader(io.StringIO(sample[:50_000]), delimiter=separator))[1:-1]
    return [
        name
        for at, name in enumerate(names)
        if any(len(row) > at and len(row[at]) > 1 and row[at].isdigit() and row[at][0] == "0" for row in rows)
    ]


def unique_names(header: Collection[object]) -> list[str]:
    """Return column names without outer blanks; unnamed ones get a number, repeated ones too."""
    names: list[str] = []
    for at, cell in enumerate(header, start=1):
        name = str(cell).strip().strip("\ufeff") or f"column {at}"
        count, wanted = 2, name
        while name in names:
            name, count = f"{wanted} ({count})", count + 1
        names.append(name)
    return names


def to_frame(table: pa.Table, as_text: Callable[[str], bool]) -> pd.DataFrame:
    """Return a data frame of numbers, times and texts; lists and other structures are left out."""
    table = table.rename_columns(unique_names(table.column_names))
    columns: dict[str, pd.Series] = {}
    for name in table.column_names:
        column = _plain(table[name], as_text(name))
        if column is not None:
            columns[name] = column.to_pandas()
    return pd.DataFrame(columns, copy=False)


def _plain(column: pa.ChunkedArray, as_text: bool) -> pa.ChunkedArray | None:
    """Return a column as number, time or text, or None if it is neither."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_decimal(kind):
        column, kind = column.cast(pa.float64()), pa.float64()
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return None
    if as_text and pa.types.is_floating(kind) and compute.all(compute.equal(column, compute.floor(column))).as_py():
        column = column.cast(pa.int64(), safe=False)
    if pa.types.is_duration(kind):
        column = column.cast(pa.int64())
    if pa.types.is_null(kind) or pa.types.is_time(kind) or as_text:
        column = column.cast(pa.large_string())
    if pa.types.is_date(kind) and not as_text:
        column = column.cast(pa.timestamp("s"))
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = compute.utf8_trim_whitespace(column.cast(pa.large_string()))
        column = compute.if_else(compute.equal(column, ""), pa.scalar(None, pa.large_string()), column)
    return column
