"""Parquet, with its size known from the footer."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as parquet

from dl_core.reading.tables.arrow import to_frame
from dl_core.reading.tables.formats.base import Parsed, TableFormat
from dl_core.reading.tables.room import Room


def read(path: Path, room: Room) -> tuple[Parsed, ...]:
    """Return the rows of a Parquet file."""
    about = parquet.ParquetFile(path)
    room.check(about.metadata.num_rows, len(about.schema_arrow))
    return (Parsed(to_frame(about.read(), room.kind.as_text), header=None),)


READER = TableFormat("Parquet", "Parquet", (".parquet", ".pq"), read, lambda head, path: head[:4] == b"PAR1")
