"""How files were understood, as text: in full for `read`, in short for `train`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from dl_core.domain import Domain
from dl_core.pipeline import LEFT_OUT, ColumnReading, Question, Reading, Verdict

WIDEST = 48  # characters of a cell, so that a line of the table of columns stays readable
MARKS = {Verdict.CERTAIN: "", Verdict.ASSUMED: "~", Verdict.OPEN: "?"}
VALUES = 12  # values of the target that are named


def in_short(domain: Domain, reading: Reading) -> list[str]:
    """Return what a training goes by: layout, columns in use, target, unit, split, and what was assumed."""
    used = [f"{one.name} ({one.role})" for one in reading.columns if one.role not in (LEFT_OUT, "feature")]
    features = sum(one.role == "feature" for one in reading.columns)
    gone = [one.name for one in reading.columns if one.role == LEFT_OUT]
    return [
        _headline(domain, reading),
        *([f"  columns: {_few(used)}" + (f"; {features} features" if features else "")] if used or features else []),
        *([f"  left out: {_few(gone)}"] if gone else []),
        *_facts(reading),
        *(f"  assumed: {sentence}" for sentence in reading.assumed),
    ]


def in_full(domain: Domain, reading: Reading) -> list[str]:
    """Return all that a reading says, the open questions first."""
    return [
        _headline(domain, reading),
        *(line for question in reading.questions for line in _asked(question)),
        *(f"  ~ {sentence}" for sentence in reading.assumed),
        *_table("Files", ([one.name, one.part, one.rows, one.written, one.why] for one in reading.files), FILES),
        *_table("Columns", (_column(one) for one in reading.columns), COLUMNS),
        *_facts(reading),
        *([""] if reading.findings else []),
        *(_finding(one["level"], one["text"], one["count"]) for one in reading.findings),
    ]


FILES = ("file", "part", "rows", "written", "why")
COLUMNS = ("", "column", "role", "type", "first values", "why")


def _headline(domain: Domain, reading: Reading) -> str:
    rows = f"{reading.rows:,} {domain.called.row[1]}" if reading.rows or not reading.open else "A question is open"
    classes = f" · {len(reading.target.values)} classes" if reading.target else ""
    return rows + classes + (f" · {reading.layout}" if reading.layout else "")


def _asked(question: Question) -> list[str]:
    width = max(len(choice.text) for choice in question.choices)
    answers = (f"      {choice.text:<{width}}   {choice.arguments()}" for choice in question.choices)
    return ["", f"  ? {question.text}", *answers]


def _column(one: ColumnReading) -> list[str]:
    of = f"{one.type}, {one.unit}" if one.unit else one.type
    shown = "(hidden)" if one.locked else ", ".join(one.examples)
    return [MARKS[one.verdict], one.name, one.role + (" (locked)" if one.locked else ""), of, shown, one.why]


def _facts(reading: Reading) -> list[str]:
    """Return a line each for target, unit and split."""
    lines = []
    if (target := reading.target) is not None:
        shown = [f"{value}: {count:,}" for value, count in target.values.items()]
        positive = f"; positive: {target.positive}" if target.positive else ""
        unlabelled = f"; {target.unlabelled:,} unlabelled" if target.unlabelled else ""
        lines.append(f"  target: {target.column} ({_few(shown)}{positive}{unlabelled})")
    if reading.unit:
        lines.append(f"  grouped by: {reading.unit['name']} ({reading.unit['units']:,})")
    if reading.split.get("given"):
        parts = ", ".join(f"{count:,} {part}" for part, count in reading.split["counts"].items() if count)
        lines.append(f"  split given with the data: {parts}")
    return lines


def _finding(level: str, text: str, count: int) -> str:
    return f"{level}: {text}" + (f" ({count:,})" if count > 1 else "")


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - VALUES:,} more" if len(names) > VALUES else ""
    return ", ".join(names[:VALUES]) + more


def _table(title: str, rows: Iterable[Sequence[object]], names: Sequence[str]) -> list[str]:
    """Return a table with a heading, its columns as wide as their cells; nothing where there are no rows."""
    frame = pd.DataFrame([["" if cell is None else _cut(str(cell)) for cell in row] for row in rows], columns=names)
    if frame.empty:
        return []
    frame = frame.loc[:, [bool(frame[name].any()) or name == "" for name in names]]
    widths = [max(len(str(name)), int(frame[name].str.len().max())) for name in frame]
    lines = [list(map(str, frame)), *frame.to_numpy().tolist()]
    padded = ("  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)) for line in lines)
    return ["", title, *(line.rstrip() for line in padded)]


def _cut(text: str) -> str:
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"
