"""Times and values of series as plain JSON."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from dl_core.data.rows import plain


def times_json(times: np.ndarray) -> list:
    """Return times as text, or step numbers as they are."""
    if np.issubdtype(times.dtype, np.datetime64):
        return pd.DatetimeIndex(times).strftime("%Y-%m-%d %H:%M:%S").tolist()
    return [int(one) for one in times]


def numbers(values: Any) -> list[float | None]:
    """Return numbers as plain JSON, None where missing."""
    return [None if np.isnan(one) else float(one) for one in np.asarray(values, dtype=float)]


def history_json(times: np.ndarray, values: np.ndarray) -> dict[str, list]:
    """Return steps as plain JSON."""
    return {"time": times_json(times), "value": numbers(values)}


def plain_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table as JSON records, its times as those of series."""
    return [{str(key): _cell(value) for key, value in row.items()} for row in table.to_dict("records")]


def _cell(value: Any) -> Any:
    if isinstance(value, pd.Timestamp | np.datetime64) and not pd.isna(value):
        return times_json(np.array([value], dtype="datetime64[ns]"))[0]
    return plain(value)
