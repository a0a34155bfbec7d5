"""Items, histories and users as plain JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data.interactions.catalogue import CATEGORY, PRICE, TITLE, Catalogue
from dl_core.data.interactions.histories import Histories
from dl_core.data.rows import plain


def describe_items(catalogue: Catalogue, codes: Sequence[int] | np.ndarray) -> list[dict[str, Any]]:
    """Return ``item``, ``title``, ``category`` and ``price`` of items by code, as plain JSON."""
    codes, features = np.asarray(codes, dtype=np.int64), catalogue.features
    price = next((name for name in features if str(name).startswith(PRICE)), PRICE)  # its currency may stand there
    columns = {CATEGORY: CATEGORY, PRICE: price, TITLE: TITLE}
    more = {name: features[own].iloc[codes].to_numpy(dtype=object) for name, own in columns.items() if own in features}
    titles = more.get(TITLE, np.full(len(codes), None, dtype=object))
    return [
        {
            "item": str(catalogue.ids[code]),
            "title": str(catalogue.ids[code]) if pd.isna(titles[at]) else str(titles[at]),
            "category": plain(more[CATEGORY][at]) if CATEGORY in more else None,
            "price": plain(more[PRICE][at]) if PRICE in more else None,
        }
        for at, code in enumerate(codes)
    ]


def describe_ranking(
    catalogue: Catalogue, ranked: Iterable[tuple[int, float]], held: Iterable[int] = ()
) -> list[dict[str, Any]]:
    """Return ranked (code, score) pairs as `describe_items` with ``rank``, ``score``, and ``hit`` where it is held."""
    pairs, held = list(ranked), set(held)
    rows = describe_items(catalogue, [code for code, _ in pairs])
    return [
        {**row, "rank": rank, "score": score, "hit": code in held}
        for rank, (row, (code, score)) in enumerate(zip(rows, pairs, strict=True), start=1)
    ]


def describe_history(
    catalogue: Catalogue, histories: Histories, at: int, most: int = 200, *, valued: bool = False
) -> list[dict[str, Any]]:
    """Return what a user took, the latest first: `describe_items` with ``value`` and ``time`` (ISO text or None)."""
    span = slice(max(int(histories.starts[at]), int(histories.starts[at + 1]) - most), int(histories.starts[at + 1]))
    rows = describe_items(catalogue, histories.items[span])
    times = None if histories.times is None else pd.to_datetime(histories.times[span], unit="s")
    for place, row in enumerate(rows):
        row["value"] = float(histories.values[span][place]) if valued else None
        row["time"] = None if times is None else plain(times[place])
    return rows[::-1]


def describe_user(histories: Histories, at: int) -> dict[str, Any]:
    """Return what is known about a user besides what they took, as plain JSON."""
    if histories.features is None:
        return {}
    return {str(name): plain(value) for name, value in histories.features.iloc[at].items()}
