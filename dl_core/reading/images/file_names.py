"""Parts of names that may tell a class: few different ones at one place of all names, and no mere numbering."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

import pandas as pd

from dl_core.reading.given_split import part_in
from dl_core.reading.images.candidates import fits, part_alike
from dl_core.reading.images.folders import Folders

_SIDES = frozenset(("l", "r", "left", "right", "od", "os"))
_MOST = 60  # different words at one place; more are never classes
_SPARED = 0.1  # of the rests of names, that a number may repeat in without being a numbering


def name_parts(names: Sequence[str]) -> dict[str, pd.Series]:
    """Return the parts of names, (files,) each, that may tell a class; such a part is never certain to.

    Examples
    --------
    >>> found = name_parts([f"CXR_{at:04d}_{at % 2}.png" for at in range(8)])
    >>> {name: sorted(set(values)) for name, values in found.items()}
    {'file name part 3': ['0', '1']}
    """
    cells = [re.split(r"[\W_]+", PurePosixPath(name).stem) for name in names]
    if not cells:
        return {}
    shortest = min(map(len, cells))
    ends = range(-shortest, 0) if len({len(cell) for cell in cells}) > 1 else ()
    found: dict[str, pd.Series] = {}
    for at in (*range(shortest), *ends):
        values = pd.Series([cell[at] for cell in cells], dtype=object)
        if values.str.rstrip("0123456789").nunique() > _MOST and values.nunique() > _MOST:
            continue
        letters = values.str.extract(r"^([^\W\d_]{2,})\d+$")[0]  # "cat12" is a cat
        values = letters.astype(object) if letters.notna().all() else values
        rests = pd.Series(["_".join(cell[:at] + cell[at:][1:]) for cell in cells])
        if _may_be_classes(values, rests) and not any(part_alike(values, one) for one in found.values()):
            found[f"file name part {at + 1}" if at >= 0 else f"file name part {-at} from the end"] = values
    return found


def folder_parts(folders: Folders) -> dict[str, pd.Series]:
    """Return words in the names of numbered folders ("study1_positive"), by file, that part files as no level does."""
    found: dict[str, pd.Series] = {}
    for level in folders.levels:
        if level.score > 0 or level.values.isna().any():
            continue
        for name, values in name_parts([f"{text}.x" for text in level.values]).items():
            others = [*(one.values for one in folders.levels), *found.values()]
            words = values.str.fullmatch(r"[^\W\d_]{3,}").all()
            if words and not any(part_alike(values, one) for one in others):
                found[name.replace("file name", level.name)] = values
    return found


def _may_be_classes(values: pd.Series, rests: pd.Series) -> bool:
    """Return whether words or numbers at one place of names have few values and do not number what else is alike."""
    words = set(values.str.casefold())
    if not fits(values) or words <= _SIDES or all(part_in(word)[0] for word in words):
        return False
    return not values.str.isdigit().all() or bool(rests.duplicated().mean() < _SPARED)
