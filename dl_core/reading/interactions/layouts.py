"""Files without a header line: columns named by position, as MovieLens and many exports write them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import PurePosixPath

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.errors import shorten
from dl_core.reading.interactions.schema import KNOWN_NAMES
from dl_core.reading.tables.names import plain_name
from dl_core.reading.tables.separated import is_number
from dl_core.reading.tables.times import looks_like_time

_FLAGS = """
    unknown Action Adventure Animation Children's Comedy Crime Documentary Drama Fantasy Film-Noir Horror Musical
    Mystery Romance Sci-Fi Thriller War Western
"""  # of MovieLens 100k's u.item, in its order
GENRES = tuple(_FLAGS.split())
_KNOWN = {
    ("u.item", 24): ["item", "title", "release_date", "video_release_date", "url", *GENRES],
    ("u.user", 5): ["user", "age", "gender", "occupation", "zip"],
    ("users.dat", 5): ["user", "gender", "age", "occupation", "zip"],
    ("movies.dat", 3): ["item", "title", "genres"],
}
_TIMES_FROM = 1e8  # a number this large is a time: 1973 in seconds
_MOST = 4  # columns of interactions that positions can tell apart


class Headless:
    """Decides whether a file lacks a header, names its columns then, and remembers to say so.

    Parameters
    ----------
    wished : collection of str
        Column names that the user or the training data mention: a first line with one of them is a header.
    """

    def __init__(self, wished: Collection[str] = ()) -> None:
        self.wished = {plain_name(name) for name in wished} | KNOWN_NAMES
        self.found: dict[str, list[str]] = {}

    def __call__(self, name: str, lines: list[list[str]]) -> list[str] | None:
        """Return column names where the first line is a row like the others."""
        lines = [[cell.strip() for cell in line] for line in lines if line]
        names = self._names(name, lines) if lines else None
        if names:
            self.found[name] = names
        return names

    def _names(self, name: str, lines: list[list[str]]) -> list[str] | None:
        first = lines[0]
        if any(plain_name(untyped(cell)) in self.wished for cell in first):
            return None
        known = _KNOWN.get((PurePosixPath(name).name.casefold(), len(first)))
        if known or len(first) > _MOST:
            return known
        if len(first) == 1:
            return ["user"]
        below = [{line[at] for line in lines[1:] if len(line) > at} for at in range(len(first))]
        if not any(is_number(cell) or cell in seen for cell, seen in zip(first, below, strict=True)):
            return None
        return ["user", "item", *_rest([[line[at] for line in lines if len(line) > at] for at in range(2, len(first))])]

    def notes(self) -> list[Finding]:
        """Return a note a file."""
        return [
            Finding(
                "info",
                "no-header",
                f"{shorten(name, 60)} has no header line; its columns were named by position: {', '.join(names[:6])}"
                f"{' …' if len(names) > 6 else ''}.",
            )
            for name, names in self.found.items()
        ]


def _rest(columns: Sequence[list[str]]) -> list[str]:
    """Return names of the columns after user and item: one rating, one time."""
    names: list[str] = []
    for at, cells in enumerate(columns, start=3):
        numbers = pd.to_numeric(pd.Series(cells), errors="coerce")
        if numbers.notna().mean() > 0.5:
            wanted = "timestamp" if np.nanmedian(numbers) >= _TIMES_FROM else "rating"
        else:
            wanted = "timestamp" if looks_like_time(pd.Series(cells)) else f"column {at}"
        names.append(wanted if wanted not in names else f"column {at}")
    return names


def untyped(column: str) -> str:
    """Return a column's name without the type that RecBole's files append ("user_id:token")."""
    name, colon, kind = str(column).rpartition(":")
    return name if colon and kind in ("token", "token_seq", "float", "float_seq") else str(column)


def joined_genres(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a u.item table with its genre flags as one column ("Animation|Comedy"); other tables as they are."""
    flags = [name for name in GENRES if name in frame]
    if len(flags) < len(GENRES):
        return frame
    marked = frame[flags].apply(pd.to_numeric, errors="coerce").to_numpy() > 0
    genres = ["|".join(np.array(flags)[row]) or None for row in marked]
    return frame.drop(columns=flags).assign(genres=pd.Series(genres, index=frame.index, dtype="str"))
