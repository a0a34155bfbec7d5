"""Which columns may tell the class of an image, by name and by content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from dl_core.data.labels import tidy_label
from dl_core.reading.images.findings import split_cells
from dl_core.reading.tables.names import plain_name
from dl_core.schema import Role, Schema

_MOST_CLASSES = 30
_MOST_NUMBERS = 12  # different numbers that may be grades
_LONGEST = 60  # characters of a class
_CALLED = """
    label labels class classes target diagnosis diagnostic diagnoses dx category finding findings classification outcome
    pathology disease
"""
_WORDS = frozenset(_CALLED.split())
_TRUTH = {"true": "1", "false": "0", "yes": "1", "no": "0", "y": "1", "n": "0", "t": "1", "f": "0"}


@dataclass(frozen=True)
class Candidates:
    """What may be the label, by how it was found.

    Parameters
    ----------
    exact, worded, content : tuple of str
        Columns of few values: called as labels are, called by a word for one, any other.
    odd : tuple of str
        Called as labels are, with one value or too many.
    one_hot : tuple of str
        Columns of which exactly one is 1 in every row.
    flags : tuple of str
        Columns that say yes or no.
    cover : bool
        Whether these stand together and every row says yes in one at least, as findings do.
    """

    exact: tuple[str, ...]
    worded: tuple[str, ...]
    content: tuple[str, ...]
    odd: tuple[str, ...]
    one_hot: tuple[str, ...]
    flags: tuple[str, ...]
    cover: bool


def candidates(
    frame: pd.DataFrame, columns: Sequence[str], schema: Schema, called: Mapping[str, str] | None = None
) -> Candidates:
    """Return the columns that may be a label by content, and by name or what they are ``called`` in their table."""
    called = called or {}
    field_ = schema.field(Role.LABEL)
    names = field_.names if field_ else ()
    few = [name for name in columns if fits(frame[name])]
    named = [name for known in names for name in columns if plain_name(called.get(name, name)) == known]
    exact = [name for name in named if name in few]
    truths = [name for name in columns if is_flag(frame[name]) and name not in exact]
    one_hot = _one_hot(frame, truths)
    worded = [name for name in few if name not in (*exact, *one_hot) and _WORDS & set(plain_name(name).split("_"))]
    content = [name for name in few if name not in (*exact, *worded, *one_hot)]
    said = [name for name in truths if (flags_of(frame[name]) == 1).any() and frame[name].nunique(dropna=False) > 1]
    left = [name for name in said if name not in one_hot]
    flags = left if len(left) > 1 or not set(left) & set(few) else []
    odd = [name for name in named if name not in (*few, *flags)]
    return Candidates(
        tuple(exact), tuple(worded), tuple(content), tuple(odd), one_hot, tuple(flags), _cover(frame, flags, truths)
    )


def _cover(frame: pd.DataFrame, flags: Sequence[str], truths: Sequence[str]) -> bool:
    """Return whether columns of yes and no stand together and every row that says anything says yes in one."""
    if len(flags) < 3:
        return False
    told = pd.DataFrame({name: flags_of(frame[name]) for name in flags}).dropna(how="all")
    order = list(frame.columns)
    between = order[order.index(flags[0]) : order.index(flags[-1]) + 1]
    return set(between) <= set(truths) and bool((told == 1).any(axis=1).all())


def distinct(frame: pd.DataFrame, names: Sequence[str]) -> tuple[str, ...]:
    """Return columns without those that say the same as one before; words go before codes."""
    kept: list[str] = []
    for name in names:
        twin = next((one for one in kept if part_alike(frame[one], frame[name])), None)
        if twin is None:
            kept.append(name)
        elif not _is_worded(frame[twin]) and _is_worded(frame[name]):
            kept[kept.index(twin)] = name
    return tuple(kept)


def part_alike(left: pd.Series, right: pd.Series) -> bool:
    """Return whether two columns part the images alike."""
    both = pd.DataFrame({"l": tidy(left), "r": tidy(right)}).dropna()
    pairs = len(both.drop_duplicates())
    return 0 < pairs == both["l"].nunique() == both["r"].nunique() and pairs > 1


def _is_worded(values: pd.Series) -> bool:
    return bool(values.dropna().astype(str).str.contains(r"[^\W\d_]").any())


def fits(values: pd.Series) -> bool:
    """Return whether a column has few values, each of several images, that may be classes."""
    filled = tidy(values).dropna().str.casefold()
    cells = split_cells(filled)
    known = filled.nunique() if cells is None else len({one for told in cells for one in told})
    if not 2 <= known <= _MOST_CLASSES or known > max(2, 0.5 * len(filled)) or filled.str.len().max() > 4 * _LONGEST:
        return False
    numbers = pd.to_numeric(filled, errors="coerce")
    if numbers.notna().all():
        return bool((numbers % 1 == 0).all()) and known <= _MOST_NUMBERS
    return bool(filled.str.len().max() <= _LONGEST or cells is not None)


def tidy(values: pd.Series) -> pd.Series:
    """Return labels without stray blanks, None where one is missing."""
    return pd.Series([tidy_label(value) for value in values], index=values.index, dtype=object)


def flags_of(values: pd.Series) -> pd.Series:
    """Return 0, 1 or -1 (uncertain) by image; NaN where nothing or something else stands."""
    texts = [None if text is None else _TRUTH.get(text.casefold(), text) for text in tidy(values)]
    return pd.to_numeric(pd.Series(texts, index=values.index, dtype=object), errors="coerce")


def is_flag(values: pd.Series) -> bool:
    """Return whether a column says yes or no, in numbers or words; -1 is uncertain, nothing is nothing said."""
    filled = tidy(values).dropna()
    told = flags_of(filled)
    return len(filled) > 0 and bool(told.isin([0, 1, -1]).all()) and bool(told.isin([0, 1]).any())


def _one_hot(frame: pd.DataFrame, flags: Sequence[str]) -> tuple[str, ...]:
    """Return the longest run of neighbouring columns of which exactly one is 1 in every row that says anything."""
    table = pd.DataFrame({name: flags_of(frame[name]) for name in flags})
    best: tuple[str, ...] = ()
    if len(flags) < 2:
        return best
    order, named = list(frame.columns), int(frame.notna().any(axis=1).sum())
    for start in range(len(flags)):
        for end in range(start + max(2, len(best) + 1), len(flags) + 1):
            run = flags[start:end]
            block = table[run].dropna(how="all")
            beside = order.index(run[-1]) - order.index(run[0]) == len(run) - 1
            told = int((block == 1).any().sum())
            if (
                beside
                and told > 1
                and len(block) > 0.9 * named
                and (block >= 0).any(axis=1).all()
                and (block.sum(axis=1) == 1).all()
            ):
                best = tuple(run)
    return tuple(name for name in best if (table[name] == 1).any())
