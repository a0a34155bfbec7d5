"""The tables that one JSON object holds: lists of rows, rows by their key, cells by their key, columns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pandas as pd

from dl_core.reading.given_split import part_in
from dl_core.reading.tables.nested import exploded

KEY, VALUE = "key", "value"
_LONG = 10  # cells from which lists inside an object are the columns of a table


def is_one_object(sample: bytes) -> bool:
    """Return whether a text begins with an object that goes on over several lines, or is all there is."""
    lines = sample.strip().split(b"\n")
    if not lines[0].startswith(b"{"):
        return False
    try:
        json.loads(lines[0])
    except ValueError:
        return len(lines) > 1 or len(sample.strip()) == len(lines[0])
    return len(lines) == 1


def tables_of(held: dict[str, Any]) -> dict[str, pd.DataFrame]:
    """Return the tables of an object by name; one without a name is the object's own.

    Examples
    --------
    >>> tables_of({"a.png": "cat", "b.png": "dog"})[""].to_dict("list")
    {'key': ['a.png', 'b.png'], 'value': ['cat', 'dog']}
    """
    values = list(held.values())
    within = dict(_columns_within(held))
    if within:
        return within
    if values and isinstance(values[0], dict) and all(_is_numbered(one, len(values[0])) for one in values):
        return {"": pd.DataFrame({name: list(cells.values()) for name, cells in held.items()})}  # as pandas writes one
    lists = {name: value for name, value in held.items() if isinstance(value, list) and value}
    rows = {name: value for name, value in lists.items() if all(isinstance(one, dict | list) for one in value)}
    if rows:
        return _resolved({name: rows_of(value) for name, value in rows.items()})
    if lists and all(part_in(name)[0] for name in held):
        return {name: pd.DataFrame({"column 1": value}) for name, value in lists.items()}
    if len(lists) == len(held) and len({len(value) for value in values}) == 1 and len(values[0]) > 1:
        return {"": pd.DataFrame(held)}
    if len(held) < 2 or any(isinstance(one, dict) for one in values) != all(isinstance(one, dict) for one in values):
        return {"": rows_of([held])}
    frame = rows_of(values) if isinstance(values[0], dict) else pd.DataFrame({VALUE: values})
    frame.insert(0, KEY if KEY not in frame else f"{KEY} of the row", list(held))
    return {"": frame}


def _columns_within(held: dict[str, Any], below: str = "") -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the tables that objects inside hold as long lists side by side, as web services send series."""
    for name, inner in held.items():
        if not isinstance(inner, dict):
            continue
        path, lists = f"{below}{name}", list(inner.values())
        long = len(lists) > 1 and all(isinstance(one, list) and len(one) >= _LONG for one in lists)
        if long and len({len(one) for one in lists}) == 1 and not isinstance(lists[0][0], list | dict):
            yield path, pd.DataFrame(inner)
        elif not long:
            yield from _columns_within(inner, f"{path}.")


def _is_numbered(cells: Any, rows: int) -> bool:
    """Return whether an object's keys number its cells."""
    return isinstance(cells, dict) and rows > 1 and list(cells) == list(map(str, range(rows)))


def rows_of(rows: list[Any]) -> pd.DataFrame:
    """Return the table of a list: of objects, whose own objects become columns, of lists, or of values.

    A row that lists objects of its own (boxes, ordered items) becomes a row for each of them (`exploded`).
    """
    if not all(isinstance(row, dict) for row in rows):
        frame = pd.DataFrame([row if isinstance(row, list) else [row] for row in rows])
        return frame.set_axis([f"column {at}" for at in range(1, frame.shape[1] + 1)], axis=1)
    return exploded(pd.DataFrame(rows))


def _resolved(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return tables whose columns such as ``image_id`` are followed by what the table ``images`` says of that id.

    A table of which all is said so is left out.
    """
    found, told = dict(tables), set()
    for name, frame in tables.items():
        for other, about in tables.items():
            ones = (other.removesuffix("s"), other.removesuffix("es"), other.removesuffix("ies") + "y")
            column = next((f"{one}_id" for one in ones if f"{one}_id" in frame), "")
            if other != name and column and "id" in about and about["id"].is_unique:
                found[name] = found[name].merge(about.add_prefix(column.removesuffix("id")), how="left", on=column)
                told |= {other} if about["id"].isin(frame[column]).all() else set()
    return {name: frame for name, frame in found.items() if name not in told}
