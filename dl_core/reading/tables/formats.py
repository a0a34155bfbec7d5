"""One table file of any format to a data frame, with Arrow and with its size checked before it is read."""

from __future__ import annotations

import csv
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.json as arrow_json
import pyarrow.parquet as parquet

from dl_core.errors import FileError
from dl_core.reading.file_types import suffix_of
from dl_core.reading.images.tables import read_table
from dl_core.reading.limits import Limits
from dl_core.reading.tables.arrow import to_frame
from dl_core.reading.tables.files import TableFile
from dl_core.reading.tables.room import Room, TableKind
from dl_core.reading.tables.separated import SAMPLE, read_separated


@dataclass(frozen=True)
class RawTable:
    """A table as it stands in its file; ``skipped`` lines did not fit the header."""

    name: str
    frame: pd.DataFrame
    skipped: int = 0


def read_file(file: TableFile, kind: TableKind, limits: Limits, rows_before: int = 0) -> RawTable:
    """Read one table.

    Parameters
    ----------
    file : TableFile
    kind : TableKind
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
    suffix, room, skipped = suffix_of(file.name), Room(file.name, kind, limits, rows_before), 0
    try:
        with open(file.path, "rb") as opened:
            magic = opened.read(4)
        if magic == b"PAR1":
            frame = _read_parquet(file, room)
        elif suffix == ".xlsx":
            frame = read_table(file.path, file.name, keep_text=True)
        elif suffix in (".jsonl", ".ndjson", ".json"):
            frame = _read_json(file, room)
        else:
            frame, skipped = read_separated(file.path, room)
    except (pa.ArrowException, ValueError, OSError, csv.Error) as error:
        raise FileError(
            "the table cannot be read",
            where=file.name,
            expected="one header line and the same number of columns in every row",
            todo="save it again as CSV (UTF-8) or Parquet",
        ) from error
    if frame.empty or not len(frame.columns):
        raise FileError("the table has no rows", where=file.name, todo="export it again")
    room.check(len(frame), frame.shape[1])
    return RawTable(file.name, frame, skipped)


def _read_parquet(file: TableFile, room: Room) -> pd.DataFrame:
    about = parquet.ParquetFile(file.path)
    room.check(about.metadata.num_rows, len(about.schema_arrow))
    return to_frame(about.read(), room.kind.as_text)


def _read_json(file: TableFile, room: Room) -> pd.DataFrame:
    with open(file.path, "rb") as opened:
        sample = opened.read(SAMPLE)
    size = file.path.stat().st_size
    if sample.lstrip()[:1] == b"[":  # a JSON array, read whole
        room.check(sample.count(b"}") * size // len(sample), 1, about=True)
        return pd.read_json(file.path, dtype=False, convert_dates=False)
    room.check(sample.count(b"\n") * size // max(1, len(sample)), sample.split(b"\n")[0].count(b":"), about=True)
    try:
        table = arrow_json.read_json(file.path, read_options=arrow_json.ReadOptions(block_size=16 << 20))
    except pa.ArrowInvalid:  # a column that is a number here and a text there
        return read_table(file.path, file.name)
    for _ in range(2):  # {"card": {"number": …}} becomes card.number
        table = table.flatten()
    return to_frame(table, room.kind.as_text)
