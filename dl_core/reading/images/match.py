"""Which file, or which key, a cell of a table names: by the longest common tail of paths, however it is spelled."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from os.path import commonprefix

import numpy as np
import pandas as pd

from dl_core.reading.listing import suffix_of

NONE, SEVERAL = -1, -2
_SUFFIX = re.compile(r"(\.nii)?\.[a-z][a-z0-9]{0,5}$", re.IGNORECASE)  # a letter first: "1.10" has none
_SCREENED = 60  # values tried before a whole column is
_ENOUGH = 0.9  # share of names by which a stricter way of matching is good enough


@dataclass(frozen=True)
class Match:
    """What each row of a column names.

    Parameters
    ----------
    target : numpy.ndarray
        (rows,) int: position of the name; `NONE`, or `SEVERAL` where it may mean several.
    way : int
        How loosely: 0 as written, 1 in another spelling or numbering, 2 without what all names have in common.
    """

    target: np.ndarray
    way: int = 0

    @property
    def names(self) -> np.ndarray:
        """Positions of the names that are meant, each once."""
        return np.unique(self.target[self.target >= 0])

    @property
    def unmatched(self) -> int:
        """Rows that name nothing that is there."""
        return int((self.target == NONE).sum())

    @property
    def ambiguous(self) -> int:
        """Rows whose name fits several."""
        return int((self.target == SEVERAL).sum())


def match_names(values: pd.Series, names: Sequence[str], base: str = "", prefer: np.ndarray | None = None) -> Match:
    """Match cells to names of files (paths with forward slashes) or keys.

    Parameters
    ----------
    values : pandas.Series
        (rows,) text, None where nothing stands.
    names : sequence of str
    base : str
        Folder of the table: a name means the file beside the table before another of that name.
    prefer : numpy.ndarray, optional
        (names,) bool; of several that fit, those that come first.
    """
    found = Match(np.full(len(values), NONE))
    index = values.to_numpy(dtype=object)
    texts = [None if value is None or value != value else str(value).strip() for value in index]
    if values.nunique() > 3 * _SCREENED and not _any_match(texts, names, base):
        return found
    goal = _ENOUGH * min(len({text for text in texts if text}), len(names))
    for way, write in enumerate((_plain, spelled, _middles(texts, names))):
        if write is None:
            continue
        new = _match(texts, names, write, base, prefer)
        if way == 2 and len(np.unique(new[new >= 0])) < goal / 2:
            continue
        if len(np.unique(new[new >= 0])) > len(found.names):
            found = Match(new, way)
        if len(found.names) >= goal:
            break
    return found


def _any_match(texts: Sequence[str | None], names: Sequence[str], base: str) -> bool:
    some = [text for text in dict.fromkeys(texts) if text]
    some = some[:: max(1, len(some) // _SCREENED)]
    return any((_match(some, names, way, base, None) != NONE).any() for way in (_plain, spelled)) or bool(
        _middles(texts, names)
    )


def _match(
    texts: Sequence[str | None],
    names: Sequence[str],
    write: Callable[[str], str],
    base: str,
    prefer: np.ndarray | None,
) -> np.ndarray:
    """Return the position of the name with the longest common tail, by row; of rows that name it too, the longest."""
    paths, by_last = _index(tuple(names), write)
    folder = _parts(base) if base else ()
    target, length = np.full(len(texts), NONE), np.zeros(len(texts), dtype=int)
    memory: dict[str, tuple[int, int]] = {}
    for row, text in enumerate(texts):
        if not text:
            continue
        if text not in memory:
            memory[text] = _nearest(text, paths, by_last, write, folder, prefer)
        target[row], length[row] = memory[text]
    longest = np.zeros(len(names), dtype=int)
    np.maximum.at(longest, target[target >= 0], length[target >= 0])
    loose = (target >= 0) & (length < longest[np.maximum(target, 0)])
    deep = np.array([bool(text) and len(_parts(text)) > 1 for text in texts], dtype=bool)
    target[loose & deep] = NONE
    return target


@lru_cache(maxsize=6)  # the same names are asked for by every column of a table
def _index(names: tuple[str, ...], write: Callable[[str], str]) -> tuple[list[tuple[str, ...]], dict[str, list[int]]]:
    """Return the components of names, and the names by what their last component may be written as."""
    paths = [_parts(name) for name in names]
    by_last: dict[str, list[int]] = {}
    for at, path in enumerate(paths):
        for key in {path[-1], _stem(path[-1], True), write(_stem(path[-1], True))}:
            by_last.setdefault(key, []).append(at)
    return paths, by_last


def _nearest(
    text: str,
    paths: Sequence[tuple[str, ...]],
    by_last: dict[str, list[int]],
    write: Callable[[str], str],
    folder: tuple[str, ...],
    prefer: np.ndarray | None,
) -> tuple[int, int]:
    parts = _parts(text)
    if not parts:
        return NONE, 0
    last = parts[-1]
    ways = (last, _stem(last), write(last), write(_stem(last)))
    candidates = next((by_last[key] for key in ways if key in by_last), [])
    if not candidates:
        return NONE, 0
    tails = [_tail((*folder, *parts), paths[at], write) for at in candidates]
    best = [at for at, tail in zip(candidates, tails, strict=True) if tail == max(tails)]
    if len(best) > 1 and prefer is not None:
        best = [at for at in best if prefer[at]] or best
    return (best[0] if len(best) == 1 else SEVERAL), max(tails)


def _tail(wanted: tuple[str, ...], path: tuple[str, ...], write: Callable[[str], str]) -> int:
    """Return how many components agree from the end; the last ones do."""
    count = 1
    for left, right in zip(wanted[-2::-1], path[-2::-1], strict=False):
        if left != right and write(left) != write(right):
            break
        count += 1
    return count


@lru_cache(maxsize=400_000)
def _parts(name: str) -> tuple[str, ...]:
    return tuple(part for part in name.replace("\\", "/").strip().casefold().split("/") if part not in ("", "."))


def _stem(last: str, file: bool = False) -> str:
    """Return a name without its extension; of a file the last one whatever it is."""
    if file:
        suffix = suffix_of(last)
        return last[: -len(suffix)] if suffix and _SUFFIX.search(last) else last
    return _SUFFIX.sub("", last)


def _plain(text: str) -> str:
    return text


@lru_cache(maxsize=400_000)
def spelled(text: str) -> str:
    """Return a name with its numbers without leading zeros, whole numbers without ``.0``, one kind of separator."""
    text = re.sub(r"^(\d+)\.0+$", r"\1", text)
    text = re.sub(r"[\s_\-]+", "_", text)
    return re.sub(r"\d+", lambda found: found[0].lstrip("0") or "0", text)


def _middles(texts: Sequence[str | None], names: Sequence[str]) -> Callable[[str], str] | None:
    """Return a way of writing that drops what all names, and what all cells, begin and end with."""
    stems = list(dict.fromkeys(_stem(path[-1], True) for name in names if (path := _parts(name))))
    cells = list(dict.fromkeys(_stem(path[-1]) for text in texts if text and (path := _parts(text))))
    if len(stems) < 3 or len(cells) < 3:
        return None
    ends = [_affixes(stems), _affixes(cells)]
    if ends[0] == ends[1]:
        return None

    def middle(text: str) -> str:
        for before, after in ends:
            if text.startswith(before) and text.endswith(after) and len(text) > len(before) + len(after):
                text = text[len(before) : len(text) - len(after) if after else None]
                break
        return spelled(text)

    return middle


def _affixes(texts: Sequence[str]) -> tuple[str, str]:
    """Return the common beginning and end of texts, neither of which cuts a number."""
    before = re.sub(r"\d+$", "", commonprefix(list(texts)))
    after = re.sub(r"^\d+", "", commonprefix([text[::-1] for text in texts])[::-1])
    return before, after if all(len(text) > len(before) + len(after) for text in texts) else ""
