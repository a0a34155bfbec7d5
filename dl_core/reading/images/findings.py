"""Several findings in one cell ("Mass|Nodule", "['a', 'b']"), and what becomes of them."""

from __future__ import annotations

import re

import pandas as pd

from dl_core.data.labels import means_nothing_found

COMBINATIONS, SINGLE = "combinations", "single"
_CERTAIN, _LIKELY = ("|", ";"), (", ", ",", "+", "/", "&")  # what never stands within a name, and what may
_LIST = re.compile(r"^[\[({](.*)[\])}]$")


def split_cells(filled: pd.Series) -> pd.Series | None:
    """Return the findings of each cell, tuples of text; None where every cell holds one.

    A comma, plus or slash parts findings only where some of these stand alone, or in other company, elsewhere.
    """
    texts = filled.astype(str)
    if not len(texts):
        return None
    plain = texts.map(_without_brackets)
    for mark in (*_CERTAIN, *_LIKELY):
        if not plain.str.contains(mark, regex=False).any():
            continue
        cells = plain.map(lambda text, mark=mark: _parted(text, mark))
        several = {told for told in cells if len(told) > 1}
        if not several:
            continue
        everywhere = pd.Series([one for told in set(cells) for one in told]).value_counts()
        recurring = sum(any(everywhere[one] > 1 for one in told) for told in several)
        if mark in _CERTAIN or recurring > 0.8 * len(several):
            return cells
    return None


def _without_brackets(text: str) -> str:
    inner = _LIST.match(text.strip())
    return re.sub(r"['\"]", "", inner[1]) if inner else text


def _parted(text: str, mark: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(mark) if part.strip()))


def as_class(cells: pd.Series, wish: str) -> tuple[pd.Series, str]:
    """Return one class an image from its findings, and the class that is looked for, if it is one.

    Parameters
    ----------
    cells : pandas.Series
        Tuples of findings, None where there is no label.
    wish : str
        A finding (present or not), `SINGLE` (images with one finding alone), or `COMBINATIONS`.
    """
    filled = cells.map(lambda told: isinstance(told, tuple))
    made = pd.Series([None] * len(cells), index=cells.index, dtype=object)
    if wish in (COMBINATIONS, SINGLE):
        for row, told in cells[filled].items():
            made.at[row] = "|".join(sorted(told)) if wish == COMBINATIONS or len(told) == 1 else None
        return made, ""
    nothing = means_nothing_found(wish)
    names = {True: wish, False: "some finding" if nothing else f"no {wish}"}
    for row, told in cells[filled].items():
        made.at[row] = names[wish.casefold() in {one.casefold() for one in told}]
    return made, names[not nothing]
