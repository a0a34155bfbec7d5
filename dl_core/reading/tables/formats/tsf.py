"""The ``.tsf`` files of the Monash forecasting archive: a header of attributes, then a line a series."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from dl_core.errors import FileError
from dl_core.reading.tables.formats.base import Parsed, TableFormat
from dl_core.reading.tables.room import Room
from dl_core.reading.tables.text import decode_table

_PERIODS = {"yearly": "Y", "quarterly": "Q", "monthly": "M"}
_OFFSETS = {"weekly": "7D", "daily": "D", "hourly": "h", "half_hourly": "30min", "minutely": "min"}
_UNITS = {"seconds": "s", "minutes": "min", "hours": "h"}  # "10_minutes"
_HEADER = 1 << 16  # bytes in which the header ends
_CLOCK = re.compile(r"(\d{4}-\d{2}-\d{2}) (\d{2})-(\d{2})-(\d{2})")


def read(path: Path, room: Room) -> tuple[Parsed, ...]:
    """Return a row a step: the attributes of its series, its time where the file tells a start, and its value."""
    encoding, _ = decode_table(path)
    text = path.read_text(encoding=encoding)
    header, body = re.split(r"(?mi)^@data\s*$", text, maxsplit=1)
    names = re.findall(r"(?mi)^@attribute\s+(\S+)", header)
    step = re.search(r"(?mi)^@frequency\s+(\S+)", header)
    lines = [line.strip().split(":") for line in body.splitlines() if line.strip() and line[:1] != "#"]
    room.check(body.count(","), len(names) + 2)
    if any(len(line) != len(names) + 1 for line in lines):
        raise FileError("a line has more or fewer attributes than the header", where=room.where, todo="export it again")
    values = [pd.to_numeric(pd.Series(line[-1].split(",")), errors="coerce").to_numpy(float) for line in lines]
    lengths = [len(one) for one in values]
    told = {name: np.repeat([line[at] for line in lines], lengths) for at, name in enumerate(names)}
    start = next((name for name in names if _CLOCK.fullmatch(lines[0][names.index(name)])), "")
    if start and step:
        starts = [_CLOCK.sub(r"\1 \2:\3:\4", line[names.index(start)]) for line in lines]
        del told[start]
        told["time"] = np.concatenate([_times(*one, step[1].lower()) for one in zip(starts, lengths, strict=True)])
    return (Parsed(pd.DataFrame({**told, "value": np.concatenate(values)}), header=None),)


def _times(start: str, length: int, step: str) -> np.ndarray:
    """Return the times of a series; months, quarters and years by their first days."""
    if step in _PERIODS:
        return pd.period_range(start, periods=length, freq=_PERIODS[step]).start_time.to_numpy()
    number, _, unit = step.partition("_")
    offset = f"{number}{_UNITS.get(unit, '')}" if number.isdigit() else _OFFSETS.get(step, "D")
    return pd.date_range(start, periods=length, freq=offset).to_numpy()


def _claims(head: bytes, path: Path) -> bool:
    """Return whether a file has the header of this format, whatever its name."""
    if not head or head[:1] not in b"#@":
        return False
    with open(path, "rb") as opened:
        start = opened.read(_HEADER).lower()
    return b"\n@data" in start and b"@attribute" in start and (b"@frequency" in start or b"@equallength" in start)


READER = TableFormat("time series file", ".tsf", (".tsf",), read, claims=_claims)
