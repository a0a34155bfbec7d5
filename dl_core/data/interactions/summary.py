"""Interactions summed up for people: who, what, how often, when, and what is held out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.interactions.catalogue import ITEMS, TITLE, USERS
from dl_core.data.interactions.histories import POSITIVE, positive_rows
from dl_core.data.rows import describe_columns, plain, row_values
from dl_core.data.splits import PARTS, Splits
from dl_core.schema import Role, Schema

VIEWS = ("overview",)
FIRST_ROWS = 12  # rows of the preview
POINTS = 60  # points of the long tail
HEAD = 10  # items that are named
LENGTHS = (1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610)  # lower ends of the bars of history lengths
MOST_VALUES = 20  # distinct ratings drawn one by one
DRAWN = 10  # users whose split is drawn
DRAWN_ITEMS = 40  # of each, the latest so many rows
STEPS = ((40, "day", "D"), (1200, "week", "W"), (10**9, "month", "M"))  # up to so many days, one point a …
SHOWN_OPTIONS = ("positive_from", "repeats", "min_user", "min_item", "split", "held_out")


def describe(
    view: str,
    dataset: Dataset,
    splits: Splits | None,
    schema: Schema,
    options: Mapping[str, Any],
    arguments: Mapping[str, Any],
) -> dict[str, Any]:
    """Sum up interactions; they have one view.

    Returns
    -------
    dict
        Counts (``rows, users, items, positives, density``), ``columns``, ``first`` rows, ``tail`` (share of
        interactions by share of items), ``lengths`` (of histories), ``values`` (ratings or counts and the threshold),
        ``time``, ``sides`` (tables of items and users), ``split`` (what is held out, and users drawn) and ``options``.
    """
    user, item, positive = dataset.require(Role.USER), dataset.require(Role.ITEM), positive_rows(dataset)
    users, items = user.nunique(), item.nunique()
    told = [dataset.column(role) for role in (Role.USER, Role.ITEM, Role.VALUE, Role.TIME)]
    columns = [name for name in told if name]
    columns += [name for name in dataset.table if name not in columns and name != POSITIVE]
    return {
        "rows": len(dataset),
        "users": int(users),
        "items": int(items),
        "positives": int(positive.sum()),
        "density": len(dataset.table[[user.name, item.name]].drop_duplicates()) / max(1, users * items),
        "columns": describe_columns(dataset, schema, columns),
        "first": _first(dataset, columns),
        "tail": _tail(dataset, item[positive]),
        "lengths": _lengths(user[positive]),
        "values": _values(dataset, positive),
        "time": _in_time(dataset),
        "sides": _sides(dataset, user, item),
        "split": None if splits is None else _split(dataset, splits, user, item, positive),
        "options": {name: plain(options[name]) for name in SHOWN_OPTIONS if name in options},
    }


def first_views(answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the arguments of the views that are asked first."""
    return [{"view": "overview"}]


def _first(dataset: Dataset, columns: list[str]) -> list[dict[str, Any]]:
    """Return the first rows in the file's order, with the items' titles where there are any."""
    part = dataset.subset(dataset.ids[:FIRST_ROWS])
    rows = row_values(part, columns)
    titles = _titles(dataset)
    if titles is not None:
        for row, item in zip(rows, part.require(Role.ITEM).astype(str), strict=True):
            row["title"] = plain(titles.get(item))
    return rows


def _titles(dataset: Dataset) -> pd.Series | None:
    side = dataset.side.get(ITEMS)
    return side[TITLE] if side is not None and TITLE in side else None


def _tail(dataset: Dataset, items: pd.Series) -> dict[str, Any]:
    """Return the share of interactions that the most taken items have, and these items by name."""
    counts = items.astype(str).value_counts()
    share = counts.cumsum().to_numpy() / max(1, counts.sum())
    at = (
        np.unique(np.linspace(0, len(counts) - 1, min(POINTS, len(counts))).astype(int)).tolist() if len(counts) else []
    )
    few = max(1, round(0.1 * len(counts)))
    titles = _titles(dataset)
    named = [
        (item, int(n), None if titles is None else plain(titles.get(item))) for item, n in counts.head(HEAD).items()
    ]
    return {
        "items": [(place + 1) / len(counts) for place in at],
        "share": [float(share[place]) for place in at],
        "top_tenth": float(share[few - 1]) if len(counts) else None,
        "once": int((counts == 1).sum()),
        "n": len(counts),
        "head": [{"item": item, "title": title or item, "n": n} for item, n, title in named],
    }


def _lengths(users: pd.Series) -> dict[str, Any]:
    """Return how many users took how many items."""
    counts = users.value_counts().to_numpy()
    if not len(counts):
        return {"bars": [], "median": None, "single": 0, "longest": 0}
    ends = [*LENGTHS, np.inf]
    bars = []
    for low, high in zip(ends[:-1], ends[1:], strict=True):
        n = int(((counts >= low) & (counts < high)).sum())
        label = f"{low}" if high - low == 1 else f"{low}+" if np.isinf(high) else f"{low} to {int(high) - 1}"
        bars.append({"label": label, "n": n})
    there = [at for at, bar in enumerate(bars) if bar["n"]]
    longest, middle = int(counts.max()), float(np.median(counts))
    return {
        "bars": bars[there[0] : there[-1] + 1],
        "median": middle,
        "single": int((counts == 1).sum()),
        "longest": longest,
    }


def _values(dataset: Dataset, positive: np.ndarray) -> dict[str, Any] | None:
    """Return the distribution of ratings or counts, and from which one on a row counts."""
    values = dataset.values(Role.VALUE)
    if values is None:
        return None
    known = values.dropna()
    counts = known.value_counts().sort_index()
    if len(counts) > MOST_VALUES:
        edges = np.unique(np.quantile(known, np.linspace(0, 1, 11)))
        at = np.clip(np.searchsorted(edges, known.to_numpy(), side="right") - 1, 0, len(edges) - 2)
        points = [
            {"value": _span(known.to_numpy()[at == place]), "n": int((at == place).sum())}
            for place in range(len(edges) - 1)
            if (at == place).any()
        ]
    else:
        points = [{"value": f"{value:g}", "n": int(n)} for value, n in counts.items()]
    below = int((~positive).sum())
    return {
        "column": dataset.column(Role.VALUE),
        "points": points,
        "low": float(known.min()) if len(known) else None,
        "high": float(known.max()) if len(known) else None,
        "below": below,
        "from": float(values[positive].min()) if below and positive.any() else None,
        "missing": int(values.isna().sum()),
    }


def _span(values: np.ndarray) -> str:
    """Return the smallest and the largest of some values in words."""
    whole = bool((values == np.round(values)).all())
    low, high = (f"{end:,.0f}" if whole else f"{end:,.2f}" for end in (values.min(), values.max()))
    return low if low == high else f"{low} to {high}"


def _in_time(dataset: Dataset) -> dict[str, Any] | None:
    """Return interactions by day, week or month; None where there is no time."""
    time = dataset.values(Role.TIME)
    if time is None or not pd.api.types.is_datetime64_any_dtype(time) or time.notna().sum() == 0:
        return None
    days = (time.max() - time.min()).days
    step, rule = next((name, rule) for most, name, rule in STEPS if days <= most)
    counts = time.dropna().dt.to_period(rule).dt.start_time.value_counts().sort_index()
    points = [{"start": at.isoformat(), "rows": int(n)} for at, n in counts.items()]
    return {"step": step, "points": points, "missing": int(time.isna().sum())}


def _sides(dataset: Dataset, user: pd.Series, item: pd.Series) -> list[dict[str, Any]]:
    """Return which tables of items and users there are, and how many of the ids in the rows they know."""
    found = []
    for name, column in ((ITEMS, item), (USERS, user)):
        side = dataset.side.get(name)
        if side is None:
            continue
        ids = pd.Index(column.astype(str).unique())
        found.append(
            {
                "name": name,
                "rows": len(side),
                "ids": len(ids),
                "matched": int(ids.isin(side.index.astype(str)).sum()),
                "columns": [{"name": str(key), "filled": float(side[key].notna().mean())} for key in side],
            }
        )
    return found


def _split(dataset: Dataset, splits: Splits, user: pd.Series, item: pd.Series, positive: np.ndarray) -> dict[str, Any]:
    """Return how many rows and users each part has, and some users' rows in order with their part."""
    part = np.full(len(dataset), -1, dtype=np.int8)
    for code, name in enumerate(PARTS):
        part[dataset.ids.get_indexer(pd.Index(getattr(splits, name), dtype=object))] = code
    before, after = part < 2, part == 2
    seen = set(item[before & (part >= 0)].unique())
    fresh = int((~item[after].isin(seen)).sum())
    return {
        "parts": {name: int((part == code).sum()) for code, name in enumerate(PARTS)},
        "left_out": int((part < 0).sum()),
        "users": {name: int(user[part == code].nunique()) for code, name in enumerate(PARTS)},
        "new_items": fresh,
        "drawn": _drawn(dataset, part, user, item, positive),
    }


def _drawn(
    dataset: Dataset, part: np.ndarray, user: pd.Series, item: pd.Series, positive: np.ndarray
) -> list[dict[str, Any]]:
    """Return test users of every length, the shortest first, with their rows in order."""
    counts = user.value_counts()
    tested = counts[counts.index.isin(user[part == 2].unique()) & (counts >= 2) & (counts <= DRAWN_ITEMS)]
    tested = tested.sort_values(kind="stable")
    if tested.empty:
        return []
    places = np.unique(np.linspace(0, len(tested) - 1, min(DRAWN, len(tested))).astype(int))
    chosen = tested.index[places]
    table = pd.DataFrame({"user": user, "item": item.astype(str), "part": part, "positive": positive})
    time = dataset.values(Role.TIME)
    table["time"] = pd.NaT if time is None else time
    table = table[table["user"].isin(set(chosen))]
    table = table.sort_values("time", kind="stable") if time is not None else table
    titles = _titles(dataset)
    found = []
    for name in chosen:
        rows = table[table["user"] == name]
        found.append(
            {
                "user": str(name),
                "parts": [PARTS[code] if code >= 0 else "left out" for code in rows["part"]],
                "times": None if time is None else [plain(at) for at in rows["time"]],
                "titles": [plain(titles.get(one)) or one if titles is not None else one for one in rows["item"]],
            }
        )
    return found
