"""What the folders of images say: wrappers, a given split, classes, patients, found by what recurs and not by level."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import pandas as pd

from dl_core.data.reading import Verdict
from dl_core.reading.given_split import part_in
from dl_core.reading.tables.names import plain_name

_PERSONS = """
    patient patients pat pt case cases subject subjects subj sub person participant volunteer animal donor
"""
UNIT_WORDS = frozenset(_PERSONS.split())
CLASS_WORDS = frozenset(["class", "label", "category", "diagnosis", "grade", "stage", "type", "level", "score"])
_MANY = 30  # names of one level; more are rarely classes
_FEW_DIGITS = 10  # so many folders with plain numbers may be grades
_LEAST_FILES = 2  # in a folder, on average, that may be one patient's
_LEAST_UNITS = 3


@dataclass(frozen=True)
class Level:
    """One level of folders: its values by file (None where a file lies higher), and what they look like.

    ``score`` says how much they look like classes: 2 words, 1 small numbers, 0 numbered or lettered, below: ids.
    """

    name: str
    values: pd.Series
    score: int
    unit_word: bool

    @property
    def count(self) -> int:
        """Distinct names."""
        return int(self.values.nunique())


@dataclass(frozen=True)
class Folders:
    """What the folders say, by file.

    Parameters
    ----------
    levels : tuple of Level
        From the outermost, without wrappers and those of a given split.
    parts : pandas.Series
        Given split, None where the folders give none.
    classes : tuple of Level
        The level whose names look most like classes; several where they do so alike.
    lone : str
        The one folder that all images lie in, where there is no other.
    outside : tuple of int
        Files that lie outside the folders of a given split.
    """

    levels: tuple[Level, ...]
    parts: pd.Series
    classes: tuple[Level, ...] = ()
    lone: str = ""
    outside: tuple[int, ...] = ()


def look_at(sides: Sequence[Sequence[str]]) -> Folders:
    """Return what the folders of files say; each side (data, test) may have wrappers of its own.

    Examples
    --------
    >>> said = look_at([["x/seg_train/seg_train/a/1.png", "x/seg_test/seg_test/b/2.png"]])
    >>> [level.name for level in said.classes], list(said.parts)
    (['folder 1'], ['train', 'test'])
    """
    given = [[_collapsed(PurePosixPath(name).parts[:-1]) for name in side] for side in sides if side]
    stripped = [_without_wrappers(paths) for paths in given]
    paths = [path for found, _ in stripped for path in found]
    depth = max((len(path) for path in paths), default=0)
    columns = [pd.Series([path[at] if at < len(path) else None for path in paths], dtype=object) for at in range(depth)]
    parts, columns, outside = _given_parts(columns, len(paths))
    columns = [column for column in columns if column.nunique() > 1]
    levels = tuple(_level(f"folder {at}", column, columns[: at - 1]) for at, column in enumerate(columns, start=1))
    best = max((level.score for level in levels), default=-9)
    close = 1 if best > 1 else 0
    classes = tuple(level for level in levels if level.score >= 0 and level.score >= best - close)
    if best > 0:
        classes = tuple(level for level in classes if level.score > 0)
    lones = {lone for _, lone in stripped}
    return Folders(levels, parts, classes, lones.pop() if len(lones) == 1 else "", outside)


def _collapsed(parts: Sequence[str]) -> tuple[str, ...]:
    """Return folders without those that repeat the one above, as archives in archives make them."""
    return tuple(one for at, one in enumerate(parts) if at == 0 or one.casefold() != parts[at - 1].casefold())


def _without_wrappers(paths: list[tuple[str, ...]]) -> tuple[list[tuple[str, ...]], str]:
    """Return paths without the folders that all share, and the last of these."""
    lone = ""
    while paths and all(paths) and len({path[0] for path in paths}) == 1:
        lone = paths[0][0]
        paths = [path[1:] for path in paths]
    return paths, lone


def _given_parts(columns: list[pd.Series], count: int) -> tuple[pd.Series, list[pd.Series], tuple[int, ...]]:
    """Return the part of every file, the levels that are left, and the files outside a given split."""
    parts = pd.Series([None] * count, dtype=object)
    kept: list[pd.Series] = []
    outside: tuple[int, ...] = ()
    for column in columns:
        told = {name: part_in(name) for name in column.dropna().unique()}
        found = {name: part for name, (part, _) in told.items() if part}
        here = set(found.values())
        if len(here) < 2 or "train" not in here or parts.notna().any():
            consistent = found and len(found) == len(told) and [found.get(name) for name in column] == list(parts)
            kept += [] if consistent else [column]
            continue
        parts = column.map(found).astype(object).where(column.map(found).notna(), None)
        outside = tuple(parts.index[parts.isna()])
        rests = pd.DataFrame(
            {"part": column.map(found), "rest": column.map({n: rest for n, (_, rest) in told.items()})}
        )
        if rests.dropna().groupby("part")["rest"].nunique().max() > 1:  # "train_normal" is a part and a class
            kept.append(rests["rest"].where(parts.notna(), None))
    return parts, kept, outside


def _level(name: str, values: pd.Series, above: Sequence[pd.Series]) -> Level:
    texts = [str(text) for text in values.dropna().unique()]
    count = len(texts)
    words = [[word for word in re.split(r"[_\d]+", plain_name(text)) if word] for text in texts]
    unit_word = sum(bool(UNIT_WORDS & set(found)) for found in words) >= 0.9 * count
    stems = {re.sub(r"\d+", "", text.casefold()) for text in texts}
    ends = [re.fullmatch(r"(.+[\W_])[A-Za-z]|(.*[a-z])[A-Z]", text) for text in texts]
    lettered = all(ends) and len({found[1] or found[2] for found in ends if found}) == 1
    called = all(CLASS_WORDS & set(found) for found in words)
    if unit_word:
        score = -3
    elif count > max(_MANY, len(values) / 3):
        score = -2
    elif all(text.isdigit() for text in texts):
        nested = any(values.groupby([values, outer]).ngroups == count > outer.nunique() for outer in above)
        small = count <= _FEW_DIGITS and all(len(text) < 3 for text in texts)
        score = 1 if small and not nested else -1
    elif (len(stems) == 1 or sum(any(map(str.isdigit, text)) for text in texts) >= 0.9 * count) and count > 1:
        score = (1 if called else 0) if count <= _FEW_DIGITS else -1
    else:
        score = (1 if called else 0) if lettered else 2
    if values.notna().mean() < 0.5:
        score = min(score, -1)
    return Level(name, values, score, unit_word)


def unit_level(
    levels: Sequence[Level], labels: Sequence[Level], target: pd.Series | None, names: Sequence[str]
) -> tuple[Level | None, Verdict]:
    """Return the level of patients or cases: certain by its word or where its files are slices, else to be asked.

    Parameters
    ----------
    levels : sequence of Level
    labels : sequence of Level
        Those that tell the class, or may.
    target : pandas.Series or None
        The class by file, where a table tells it.
    names : sequence of str
        Files.
    """
    rest = [level for level in levels if level not in labels and _files_each(level) >= _LEAST_FILES]
    certain = next((level for level in rest if level.unit_word), None)
    if certain is not None:
        return certain, Verdict.CERTAIN
    for level in rest:
        inner = bool(labels) and levels.index(level) > levels.index(labels[0])
        told = target is not None and not inner and _of_one_class(level, target)
        if level.count >= _LEAST_UNITS and (level.score < 1 or (level.score == 1 and inner) or told):
            return level, Verdict.CERTAIN if _slices(level, names) else Verdict.OPEN
    return None, Verdict.CERTAIN


def _of_one_class(level: Level, target: pd.Series) -> bool:
    """Return whether all files of a folder have the same class, in many more folders than there are classes."""
    told = pd.DataFrame({"folder": level.values, "class": target}).dropna()
    return level.count > 2 * told["class"].nunique() and len(told.drop_duplicates()) == level.count


def _files_each(level: Level) -> float:
    filled = level.values.dropna()
    return len(filled) / max(1, filled.nunique())


def _slices(level: Level, names: Sequence[str]) -> bool:
    """Return whether the files of the folders are numbered alike, in most folders from the same number on."""
    stems = pd.Series([PurePosixPath(name).stem for name in names], index=level.values.index)
    numbered = stems.str.fullmatch(r"(?:slice|img|image|im|frame|z|i|s)?[\W_]*\d+", flags=re.IGNORECASE)
    first = stems.groupby(level.values).min()
    return bool(numbered.mean() > 0.9 and first.duplicated(keep=False).mean() > 0.5)
