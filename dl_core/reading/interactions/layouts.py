"""How files of interactions lie: their endings, and names by position where there is no header line."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from pathlib import PurePosixPath

import numpy as np
import pandas as pd

from dl_core.reading.interactions.schema import IDS, KEYS, KNOWN_NAMES
from dl_core.reading.request import ReadRequest
from dl_core.reading.tables.formats.separated import is_number
from dl_core.reading.tables.headless import Headless
from dl_core.reading.tables.names import plain_name
from dl_core.reading.tables.room import TableKind
from dl_core.reading.tables.times import looks_like_time
from dl_core.reading.tables.trained import Trained

ROW_BYTES = 560  # at the peak, measured while the data set's fingerprint is made
_ADVICE = "keep the latest months, or draw some of the users with all of their rows"
_SUFFIXES = (".dat", ".item", ".user", ".inter", ".base", ".test")
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


def table_kind(request: ReadRequest) -> TableKind:
    """Return what the reader of tables must know of interactions."""
    trained = Trained.of(request)
    mentioned = [name for roles in (trained.roles, request.wished) for names in roles.values() for name in names]
    is_key = IDS.asked(KEYS, request)
    return TableKind(
        lambda name: is_key(name) or untyped(name) in IDS,
        ROW_BYTES,
        _ADVICE,
        Headless(partial(_names, {plain_name(name) for name in mentioned} | KNOWN_NAMES), shown=6),
        _SUFFIXES,
        _chosen,
        _tidy,
    )


def _chosen(names: Sequence[str]) -> Sequence[str]:
    """Return the files to read: beside MovieLens 100k's u.data, the splits of it are the same rows again."""
    if not any(PurePosixPath(name).name.casefold() == "u.data" for name in names):
        return names
    return [name for name in names if PurePosixPath(name).suffix.casefold() not in (".base", ".test")]


def _tidy(frame: pd.DataFrame, headless: bool) -> pd.DataFrame:
    frame = frame.rename(columns={name: untyped(name) for name in frame.columns})
    return _joined_genres(frame) if headless else frame


def _names(headers: Collection[str], name: str, lines: list[list[str]]) -> list[str] | None:
    """Return column names by position, None where the first line is a header: one of these plain names stands in it."""
    first = lines[0]
    if any(plain_name(untyped(cell)) in headers for cell in first):
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


def _joined_genres(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a u.item table with its genre flags as one column ("Animation|Comedy"); other tables as they are."""
    flags = [name for name in GENRES if name in frame]
    if len(flags) < len(GENRES):
        return frame
    marked = frame[flags].apply(pd.to_numeric, errors="coerce").to_numpy() > 0
    genres = ["|".join(np.array(flags)[row]) or None for row in marked]
    return frame.drop(columns=flags).assign(genres=pd.Series(genres, index=frame.index, dtype="str"))
