"""Tables on a terminal: three significant digits, intervals in brackets."""

from __future__ import annotations

from typing import TextIO

import pandas as pd


def number(value: object) -> str:
    """Return a number with three significant digits, anything else as it is."""
    if not isinstance(value, float):
        return "" if value is None else str(value)
    if value != value:
        return "–"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:#.3g}".rstrip(".")


def print_table(table: pd.DataFrame, stream: TextIO) -> None:
    """Print a table; columns ``low`` and ``high`` become one interval."""
    shown = table.map(number)
    if {"low", "high"} <= set(shown.columns):
        shown.insert(shown.columns.get_loc("low"), "interval", "[" + shown["low"] + ", " + shown["high"] + "]")
        shown = shown.drop(columns=["low", "high"])
    print(shown.to_string(index=False), file=stream)
