"""Tables on a terminal: three significant digits, intervals in brackets."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any, TextIO

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


LONGEST = 100  # characters of a value that is no table


def print_probes(probes: Iterable[Mapping[str, Any]], stream: TextIO) -> None:
    """Print what a run can be asked: a line a probe, then one for each of its options."""
    for probe in probes:
        print(f"{probe['name']}\t{probe['purpose']}", file=stream)
        if probe["new_cases"]:
            print("    --data PATH, --out DIR: reads new cases, writes a file", file=stream)
        for option in probe["options"]:
            known = f" ({', '.join(map(str, option['choices']))})" if option["choices"] else ""
            usual = (
                "" if option["default"] in (None, "") or option["default"] == {} else f", default {option['default']}"
            )
            needed = ", required" if option["required"] else ""
            print(f"    --option {option['name']}=…  {option['help']}{known}{usual}{needed}", file=stream)


def print_answer(answer: Mapping[str, Any], stream: TextIO) -> None:
    """Print the plain JSON of a probe: lists of records as tables, all else as a line."""
    for name, value in answer.items():
        if isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
            print(f"{name}:", file=stream)
            rows = [{key: cell for key, cell in one.items() if not isinstance(cell, list | dict)} for one in value]
            print_table(pd.DataFrame(rows), stream)
        else:
            text = number(value) if not isinstance(value, list | dict) else json.dumps(value)
            print(f"{name}: {text if len(text) <= LONGEST else text[:LONGEST] + ' … (--json has it all)'}", file=stream)


def print_json(content: Mapping[str, Any]) -> None:
    """Print plain JSON on standard output."""
    json.dump(content, sys.stdout, indent=1, default=float)
    print()
