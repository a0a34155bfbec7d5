"""The split that is given: by side, arrays, folders, tables or a column of parts or folds."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from dl_core.reading.given_split import part_in
from dl_core.reading.images.entries import Entry
from dl_core.reading.images.folders import Folders
from dl_core.reading.images.joined import Joined
from dl_core.reading.tables.names import plain_name

_MOST_FOLDS = 20


def split_column(joined: Joined) -> str:
    """Return the column whose words are parts of a split, or whose numbers are folds and whose name says so."""
    for name in joined.frame:
        told = joined.frame[name].dropna().map(lambda value: part_in(value)[0])
        if len(told) and told.notna().all() and told.nunique() > 1 and "train" in set(told):
            return str(name)
    for name in joined.frame:
        words = set(plain_name(name).split("_"))
        filled = joined.frame[name].dropna().astype(str)
        numbers = pd.to_numeric(filled, errors="coerce")
        fold = bool(words & {"fold", "folds", "kfold", "cv"}) or any(word.endswith("fold") for word in words)
        if fold and len(numbers) and numbers.notna().all() and 2 <= numbers.nunique() <= _MOST_FOLDS:
            return str(name)
        flags = set(filled.str.casefold())
        if (
            part_in(name)[0]
            and len(words) <= 3
            and flags <= {"0", "1", "true", "false", "yes", "no", "0.0", "1.0"}
            and len(flags) == 2
        ):
            return str(name)
    return ""


def parts_of(entries: Sequence[Entry], folders: Folders, joined: Joined, split: str) -> pd.Series:
    """Return the given part of each entry: by side, by array, by folder, by table, by column; None where none is."""
    parts = pd.Series([entry.part for entry in entries], dtype=object)
    if parts.isna().all():
        parts = folders.parts.copy()
    if parts.isna().all() and joined.parts:
        parts = pd.Series([joined.parts.get(at) for at in range(len(entries))], dtype=object)
    if parts.isna().all() and split:
        parts = _told_parts(joined.frame[split], split)
    test = pd.Series([entry.side == "test" for entry in entries])
    return parts.astype(object).where(~test, "test")


def _told_parts(values: pd.Series, name: str) -> pd.Series:
    """Return parts from words, from yes and no under the name of a part, or from the numbers of folds."""
    told = values.map(lambda value: None if value is None else part_in(value)[0])
    if told.notna().any():
        return told
    part = part_in(name)[0]
    if part:
        other = "test" if part == "train" else "train"
        yes = values.map(lambda v: None if v is None else str(v).casefold() in ("1", "1.0", "true", "yes"))
        return yes.map({True: part, False: other}).astype(object).where(yes.notna(), None)
    numbers = pd.to_numeric(values, errors="coerce")
    folds = sorted(numbers.dropna().unique())
    named = {folds[-1]: "test"} | ({folds[-2]: "validation"} if len(folds) > 2 else {})
    return numbers.map(lambda fold: None if fold != fold else named.get(fold, "train")).astype(object)
