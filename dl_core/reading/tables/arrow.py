"""Arrow tables to data frames of numbers, times and texts."""

from __future__ import annotations

from collections.abc import Callable, Collection

import pandas as pd
import pyarrow as pa
import pyarrow.compute as compute

MINUS = "−"  # stands for a dash beside plus signs
LIST = "|"  # parts the members of a list in a text


def unique_names(header: Collection[object]) -> list[str]:
    """Return column names without outer blanks; unnamed ones get a number, repeated ones too."""
    names: dict[str, None] = {}
    for at, cell in enumerate(header, start=1):
        name = str(cell).strip().strip("\ufeff") or f"column {at}"
        count, wanted = 2, name
        while name in names:
            name, count = f"{wanted} ({count})", count + 1
        names[name] = None
    return list(names)


def to_frame(table: pa.Table, as_text: Callable[[str], bool]) -> pd.DataFrame:
    """Return a data frame of numbers, times and texts; lists of these become texts, other structures are left out."""
    table = table.rename_columns(unique_names(table.column_names))
    plain = {name: _plain(table[name], as_text(name)) for name in table.column_names}
    kept = {name: column for name, column in plain.items() if column is not None}
    return pa.table(kept).to_pandas() if kept else pd.DataFrame(index=pd.RangeIndex(len(table)))


def _plain(column: pa.ChunkedArray, as_text: bool) -> pa.ChunkedArray | None:
    """Return a column as number, time or text, or None if it is neither."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_decimal(kind):
        column, kind = column.cast(pa.float64()), pa.float64()
    if pa.types.is_list(kind) and not pa.types.is_nested(kind.value_type):
        column = compute.binary_join(column.cast(pa.list_(pa.string())), LIST)
        kind = column.type
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
        if column.null_count and compute.min_max(column).as_py() == {"min": "+", "max": "+"}:
            column = compute.fill_null(column, MINUS)  # a dash is nothing but where the rest are plus signs
    return column
