"""A table summed up for people, so that a page never loads a million rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.rows import describe_columns, row_values, shown_columns
from dl_core.data.splits import PARTS, Splits
from dl_core.schema import Role, Schema

FIRST_ROWS = 12  # rows of each class in the preview
VIEWS = ("overview",)
WIDEST = 40  # columns of the preview
STEPS = ((40, "day", "D"), (1200, "week", "W"), (10**9, "month", "M"))  # up to so many days, one point a …


def describe(
    view: str,
    dataset: Dataset,
    splits: Splits | None,
    schema: Schema,
    options: Mapping[str, Any],
    arguments: Mapping[str, Any],
) -> dict[str, Any]:
    """Sum up a table; it has one view.

    Returns
    -------
    dict
        ``rows``; ``columns`` (see `describe_columns`); ``first`` rows by class; ``balance`` (class to part to rows);
        ``time`` (None where there is no time): ``step``, ``points`` (start, rows, positives), ``parts`` (part, start,
        end, rows, positives) and ``left_out`` (rows that belong to no part).
    """
    columns = shown_columns(dataset)[:WIDEST]
    return {
        "rows": len(dataset),
        "columns": describe_columns(dataset, schema, columns),
        "derived": len(dataset.roles.get(Role.HISTORY, ())),
        "first": _first_rows(dataset, columns),
        "balance": balance(dataset, splits),
        "time": _in_time(dataset, splits),
    }


def first_views(answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the arguments of the views that are asked first."""
    return [{"view": "overview"}]


def _first_rows(dataset: Dataset, columns: list[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the first rows of each class, in the file's order; under ``""`` where there is no label."""
    labels = dataset.values(Role.LABEL)
    if labels is None:
        return {"": row_values(dataset.subset(dataset.ids[:FIRST_ROWS]), columns)}
    found = {}
    for name in dataset.classes:
        rows = labels.index[(labels == name).to_numpy()][:FIRST_ROWS]
        found[name] = [{"row": str(row)} for row in rows]
        for line, values in zip(found[name], row_values(dataset.subset(rows), columns), strict=True):
            line.update(values)
    return found


def balance(dataset: Dataset, splits: Splits | None) -> dict[str, dict[str, int]]:
    """Return how many rows of each class every part of the split has, under ``"rows"`` before there is a split."""
    labels = dataset.values(Role.LABEL)
    if labels is None:
        return {}
    if splits is None:
        counts = labels.value_counts()
        return {name: {"rows": int(counts.get(name, 0))} for name in dataset.classes}
    counted = splits.count_values(labels)
    return {name: {part: int(counted[part].get(name, 0)) for part in PARTS} for name in dataset.classes}


def _in_time(dataset: Dataset, splits: Splits | None) -> dict[str, Any] | None:
    """Return rows and positives by day, week or month, and when each part of the split begins and ends."""
    time = dataset.values(Role.TIME)
    if time is None or not pd.api.types.is_datetime64_any_dtype(time) or time.notna().sum() == 0:
        return None
    labels = dataset.values(Role.LABEL)
    positive = (labels == dataset.classes[-1]) if labels is not None else pd.Series(False, index=time.index)
    days = (time.max() - time.min()).days
    step, rule = next((name, rule) for most, name, rule in STEPS if days <= most)
    start = time.dt.to_period(rule).dt.start_time
    counted = pd.DataFrame({"start": start, "positive": positive}).groupby("start")["positive"].agg(["size", "sum"])
    points = [
        {"start": at.isoformat(), "rows": int(n), "positives": int(hits)}
        for at, n, hits in zip(counted.index, counted["size"], counted["sum"], strict=True)
    ]
    found = {"step": step, "labelled": labels is not None, "points": points, "parts": [], "left_out": 0}
    if splits is not None:
        found["parts"] = [_span(part, time, positive, getattr(splits, part)) for part in PARTS if getattr(splits, part)]
        found["left_out"] = len(dataset) - sum(splits.counts().values())
    return found


def _span(part: str, time: pd.Series, positive: pd.Series, rows: tuple[str, ...]) -> dict[str, Any]:
    at = time.index.get_indexer(pd.Index(rows))
    own = time.iloc[at]
    return {
        "part": part,
        "start": own.min().isoformat(),
        "end": own.max().isoformat(),
        "rows": len(rows),
        "positives": int(positive.iloc[at].sum()),
    }
