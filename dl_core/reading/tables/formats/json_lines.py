"""JSON lines, a JSON array of objects, and one object that holds tables."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.json as arrow_json

from dl_core.reading.tables.arrow import to_frame
from dl_core.reading.tables.formats.base import Parsed, TableFormat
from dl_core.reading.tables.json_objects import is_one_object, rows_of, tables_of
from dl_core.reading.tables.nested import exploded
from dl_core.reading.tables.room import Room

_SAMPLE = 1 << 20  # bytes from which the number of rows is estimated


def read(path: Path, room: Room) -> tuple[Parsed, ...]:
    """Return the rows of a JSON file; ``{"card": {"number": …}}`` becomes the column card.number.

    A list of objects in each row becomes a row an object (`exploded`).
    """
    with open(path, "rb") as opened:
        sample = opened.read(_SAMPLE).removeprefix(b"\xef\xbb\xbf")
    if is_one_object(sample):
        room.check(sample.count(b",") * path.stat().st_size // len(sample), 1, about=True)
        found = tables_of(json.loads(path.read_text(encoding="utf-8-sig")))
        return tuple(Parsed(frame, header=None, sheet=name) for name, frame in found.items())
    return (Parsed(_frame(path, sample, room), header=None),)


def _frame(path: Path, sample: bytes, room: Room) -> pd.DataFrame:
    size = path.stat().st_size
    if sample.lstrip()[:1] == b"[":  # a JSON array, read whole
        room.check(sample.count(b"}") * size // len(sample), 1, about=True)
        return rows_of(json.loads(path.read_text(encoding="utf-8-sig")))
    room.check(sample.count(b"\n") * size // max(1, len(sample)), sample.split(b"\n")[0].count(b":"), about=True)
    try:
        table = arrow_json.read_json(path, read_options=arrow_json.ReadOptions(block_size=16 << 20))
    except pa.ArrowInvalid:  # a column that is a number here and a text there
        return exploded(pd.read_json(path, lines=True, dtype=False, convert_dates=False))
    if any(pa.types.is_list(kind) and pa.types.is_struct(kind.value_type) for kind in table.schema.types):
        return exploded(pd.DataFrame(table.to_pylist()))
    for _ in range(2):
        table = table.flatten()
    return to_frame(table, room.kind.as_text)


READER = TableFormat("JSON", "JSON lines", (".jsonl", ".ndjson", ".json"), read, quiet=(".json",))
