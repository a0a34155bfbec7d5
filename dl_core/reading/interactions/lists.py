"""Files whose lines are no rows of a table: lists of items, such as baskets, and rows below the item they speak of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from dl_core.reading.interactions.content import is_time
from dl_core.reading.interactions.schema import KNOWN_NAMES
from dl_core.reading.tables.names import plain_name

_FEWEST_LINES, _LONG = 5, 3  # lines, and cells of half of them at least
_ALIKE, _LONG_ALIKE = 0.9, 5  # lines of one length are a table's (user, item, rating …), unless they are longer
_ONCE = 0.95  # share of lines that name nothing twice
_SHARED = 0.5  # share of the things named that stand in several places of lines
BASKET = "basket"  # column of lines that name nobody


def lists_of(lines: Sequence[Sequence[str]]) -> pd.DataFrame | None:
    """Return a row for each item of each line, columns ``user`` or ``basket`` and ``item``; None for a table's rows.

    In lists the same things stand at any place of a line, and never twice in one; in a table each column has its own
    values, or the same ones come again in a row. A first line of words that stand nowhere else is a header. The first
    cell names the user where it is another in each line, and is left out where it counts the others; else each line is
    a user of its own, a basket.
    """
    cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    cells = [line for line in cells if line]
    if len(cells) <= _FEWEST_LINES:
        return None
    if any(plain_name(cell) in KNOWN_NAMES for cell in cells[0]):
        return None  # a header of users, items and ratings
    if not set(cells[0]) & {cell for line in cells[1:] for cell in line}:
        cells = cells[1:]
    counts = all(line[0].isdigit() and int(line[0]) == len(line) - 1 for line in cells)
    first = [line[0] for line in cells]
    named = not counts and len(set(first)) == len(first)
    items = [line[1:] if named or counts else line for line in cells]
    if not _are_lists(items):
        return None
    users = first if named else [f"line {at + 1}" for at in range(len(cells))]
    sizes = [len(line) for line in items]
    return pd.DataFrame(
        {"user" if named else BASKET: np.repeat(users, sizes), "item": [cell for line in items for cell in line]}
    )


def headed_rows(lines: Sequence[Sequence[str]]) -> pd.DataFrame | None:
    """Return the rows with the heading above them (``1:``) as their item, named by content; None without headings.

    Netflix's ratings are written so: a line for each film, below it user, rating and day.
    """
    cells = [[cell.strip() for cell in line] for line in lines if any(cell.strip() for cell in line)]
    heads = np.array([len(line) == 1 and line[0].endswith(":") for line in cells])
    if len(cells) <= _FEWEST_LINES or not heads[0] or heads.mean() > 0.5:
        return None
    width = max(len(line) for line, head in zip(cells, heads, strict=True) if not head)
    item = np.array([line[0].rstrip(":") for line in cells], dtype=object)[
        np.maximum.accumulate(np.where(heads, np.arange(len(cells)), 0))
    ]
    rows = pd.DataFrame([line[:width] for line, head in zip(cells, heads, strict=True) if not head])
    time = next((at for at in rows if is_time(rows[at])), None)
    free = [at for at in rows if at != time]
    user = max(free, key=lambda at: rows[at].nunique())
    value = next((at for at in free if at != user and pd.to_numeric(rows[at], errors="coerce").notna().all()), None)
    named = {user: "user", value: "rating", time: "timestamp"}
    rows = rows.rename(columns=lambda at: named.get(at, f"column {at + 2}"))
    rows = rows.assign(rating=pd.to_numeric(rows["rating"])) if "rating" in rows else rows
    return rows.assign(item=item[~heads])


def _are_lists(items: Sequence[Sequence[str]]) -> bool:
    sizes = np.array([len(line) for line in items])
    alike = (sizes == np.median(sizes)).mean() >= _ALIKE
    if np.median(sizes) < (_LONG_ALIKE if alike else _LONG):
        return False
    if np.mean([len(set(line)) == len(line) for line in items]) < _ONCE:
        return False
    places: dict[str, set[int]] = {}
    for line in items:
        for at, cell in enumerate(line):
            places.setdefault(cell, set()).add(at)
    return bool(_mean(len(found) > 1 for found in places.values()) >= _SHARED)


def _mean(shares: Iterable[bool]) -> float:
    return float(np.mean(list(shares)))
