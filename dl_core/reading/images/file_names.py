"""Parts of file names that may tell a class: few different ones at one place of all names, and no mere numbering."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

import pandas as pd

from dl_core.reading.given_split import part_in
from dl_core.reading.images.candidates import fits, part_alike

_SIDES = frozenset(("l", "r", "left", "right", "od", "os"))
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
        letters = values.str.extract(r"^([^\W\d_]{2,})\d+$")[0]  # "cat12" is a cat
        values = letters.astype(object) if letters.notna().all() else values
        rests = pd.Series(["_".join(cell[:at] + cell[at:][1:]) for cell in cells])
        if _may_be_classes(values, rests) and not any(part_alike(values, one) for one in found.values()):
            found[f"file name part {at + 1}" if at >= 0 else f"file name part {-at} from the end"] = values
    return found


def _may_be_classes(values: pd.Series, rests: pd.Series) -> bool:
    """Return whether words or numbers at one place of names have few values and do not number what else is alike."""
    words = set(values.str.casefold())
    if not fits(values) or words <= _SIDES or all(part_in(word)[0] for word in words):
        return False
    return not values.str.isdigit().all() or bool(rests.duplicated().mean() < _SPARED)
