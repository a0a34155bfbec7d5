"""How files of interactions lie: their endings, and names by position where there is no header line."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from pathlib import PurePosixPath

import numpy as np
import pandas as pd

from dl_core.reading.interactions.content import is_settled, is_time
from dl_core.reading.interactions.lists import headed_rows, lists_of
from dl_core.reading.interactions.schema import IDS, KEYS, KNOWN_NAMES
from dl_core.reading.request import ReadRequest
from dl_core.reading.tables.headless import Headless
from dl_core.reading.tables.names import plain_name
from dl_core.reading.tables.room import TableKind
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
        sheets="all",
        lists=_lists,
    )


def _lists(lines: Sequence[Sequence[str]]) -> pd.DataFrame | None:
    rows = headed_rows(lines)
    return lists_of(lines) if rows is None else rows


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
    return known or _by_content([line for line in lines if len(line) == len(first)], len(first))


def _by_content(lines: list[list[str]], width: int) -> list[str] | None:
    """Return names by what stands in the columns: one of times, the first two of ids, a number beside them.

    Small numbers that come again and again are ratings rather than ids, unless too few columns are left for both.
    """
    columns = [pd.Series([line[at] or None for line in lines], dtype="str") for at in range(width)]
    typed = [_numbers(column) for column in columns]
    if width == 1:
        return ["user"]
    recurs = any(column.notna().sum() > column.nunique() for column in columns)
    if not recurs and all(column is text for column, text in zip(typed, columns, strict=True)):
        return None
    times = [at for at in range(width) if is_time(typed[at])]
    time = next((at for at in times if typed[at] is columns[at]), times[0] if times else -1)  # dates before numbers
    free = [at for at in range(width) if at != time]
    ids = [at for at in free if columns[at].nunique() > 1 and not _is_small(typed[at])]
    keys = sorted(list(dict.fromkeys([*ids, *free]))[:2]) if len(ids) < 2 else ids[:2]
    names = [f"column {at + 1}" for at in range(width)]
    for at, word in [*zip(keys, ("user", "item"), strict=False), *([(time, "timestamp")] if time >= 0 else [])]:
        names[at] = word
    item = columns[keys[1]] if len(keys) > 1 else columns[keys[0]]
    for at in free:
        number = pd.api.types.is_numeric_dtype(typed[at].dtype)
        described = len(free) > 3 - (time >= 0) and is_settled(columns[at], item)
        if at not in keys and number and not described and (columns[at].nunique() > 1 or width == 3):
            names[at] = "rating"
            break
    return names


def _numbers(column: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(column, errors="coerce")
    return numbers if len(column) and numbers.notna().sum() == column.notna().sum() else column


def _is_small(column: pd.Series) -> bool:
    """Return whether a column holds a few small numbers or fractions, as ratings are."""
    if not pd.api.types.is_numeric_dtype(column.dtype):
        return False
    return bool((column.nunique() <= 11 and column.max() <= 100) or (column.dropna() % 1 != 0).any())


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
