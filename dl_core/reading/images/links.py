"""Which images a table speaks of: by a column that names their files, or one that names a key of theirs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.errors import shorten
from dl_core.reading.given_split import part_in
from dl_core.reading.images.joined import Joined, Table
from dl_core.reading.images.match import Match, match_names
from dl_core.reading.tables.names import plain_name

_KEY_SHARE = 0.5  # of the images, that a table joined by another key has to speak of
_ALL = 0.9  # of the rows, that name folders by their path
PATH = "folder path"  # all folders of a file, as a key
_FILE_WORDS = frozenset(("image", "img", "file", "filename", "id", "name", "path", "scan", "slide", "photo", "index"))


def file_links(table: Table, names: Sequence[str], column: str, joined: Joined, most: bool) -> pd.DataFrame | None:
    """Return (image, row, column) of what a table's columns name, or None where none names enough files (most)."""
    part = part_in(PurePosixPath(table.name).stem)[0]
    prefer = np.array([part is not None and part_in(name)[0] == part for name in names])
    base = str(PurePosixPath(table.name).parent)
    base = "" if base == "." else base
    found = {name: match_names(table.frame[name], names, base, prefer) for name in table.frame.columns}
    good = {
        name: match
        for name, match in found.items()
        if _names_files(table.frame[name], match, len(names))
        and (not most or 2 * len(match.names) > len(names) or (match.way == 0 and not match.unmatched))
    }
    if not good or (column in table.frame and column not in good):
        return None
    best = (
        column
        if column in good
        else max(good, key=lambda name: (len(good[name].names), -good[name].way, -list(found).index(name)))
    )
    chosen = [best]
    for name, match in good.items():  # a second column names other files: the other eye
        others = np.concatenate([good[one].names for one in chosen])
        if name not in chosen and match.way == good[best].way and not np.isin(match.names, others).any():
            chosen.append(name)
    _told(joined, table, {name: good[name] for name in chosen}, names)
    links = [
        pd.DataFrame({"image": good[name].target, "row": np.arange(len(table.frame)), "column": name})
        for name in chosen
    ]
    joined.files[table.name] = tuple(chosen)
    joined.named[table.name] = tuple(map(int, np.unique(np.concatenate([good[name].names for name in chosen]))))
    if len(chosen) > 1:
        joined.pairs.add(table.name)
    return pd.concat(links).query("image >= 0")


def _names_files(values: pd.Series, match: Match, count: int) -> bool:
    """Return whether a column names files and does not merely hold numbers that some files are called by."""
    named = len(match.names)
    if not named:
        return False
    filled = values.dropna()
    distinct = filled.nunique()
    if match.way == 2:
        return named > 0.8 * min(distinct, count) and named > 0.5 * count
    if filled.astype(str).str.contains(r"[^\W\d_]").mean() > 0.5 and match.way == 0:
        return True
    called = bool(_FILE_WORDS & set(plain_name(values.name).split("_")))
    few = called and distinct == len(filled) and named > 0.9 * distinct
    return named >= 0.5 * min(distinct, count) and (named > 0.5 * count or few)


def _told(joined: Joined, table: Table, matches: Mapping[str, Match], names: Sequence[str]) -> None:
    for column, match in matches.items():
        named = len(match.names)
        text = f"Column {shorten(column)!r} of {shorten(table.name)} names {named} of {len(names)} files."
        joined.notes.append(Finding("info", "table", text))
        if match.unmatched:
            text = f"{match.unmatched} rows of {shorten(table.name)} name no file that was uploaded."
            joined.notes.append(Finding("warning", "table-without-file", text))
        if match.ambiguous:
            text = (
                f"{match.ambiguous} names in {shorten(table.name)} fit several files and were not used; "
                "write them with their folder."
            )
            joined.notes.append(Finding("warning", "ambiguous-name", text))


def key_links(table: Table, keys: pd.DataFrame, joined: Joined) -> pd.DataFrame | None:
    """Return (image, row, column) of a table that speaks of patients, studies or folders rather than of files."""
    best: tuple[float, str, pd.DataFrame, str] | None = None
    known = {**{name: keys[name] for name in keys}, **{name: joined.frame[name] for name in joined.frame}}
    for key, values in known.items():
        names = [str(value) for value in values.dropna().unique()]
        if len(names) < 2:
            continue
        for name in table.frame.columns:
            column = table.frame[name]
            if column.nunique() < max(2, 0.9 * column.count()) or not _akin(str(name), key, names):
                continue
            match = match_names(column, names)
            if (match.target >= 0).sum() > 1.1 * len(match.names):
                continue  # "study1" below every patient
            share = float(values.isin([names[at] for at in match.names]).mean())
            whole = key == PATH and bool((match.target >= 0).mean() > _ALL)
            if (share < _KEY_SHARE and not whole) or (best is not None and share <= best[0]):
                continue
            at_name = pd.DataFrame({"name": match.target, "row": np.arange(len(column))}).query("name >= 0")
            at_image = pd.DataFrame({"image": values.index, "name": values.map({n: at for at, n in enumerate(names)})})
            links = at_image.dropna().merge(at_name, on="name")[["image", "row"]].assign(column=name)
            best = (share, str(name), links, key)
    if best is None:
        return None
    _, name, links, joined.keyed[table.name] = best
    joined.keys[table.name] = name
    text = f"{shorten(table.name)} was joined by {shorten(name)!r}, for {links['image'].nunique()} images."
    joined.notes.append(Finding("info", "table", text))
    return links


def _akin(name: str, key: str, names: Sequence[str]) -> bool:
    """Return whether two columns may hold the same keys: called alike, or with letters in them that tell it."""
    left, right = set(plain_name(name).split("_")), set(plain_name(key).split("_"))
    if plain_name(name) == plain_name(key) or (left & right) - {"id", "name", "number", "no"}:
        return True
    lettered = sum(bool(re.search(r"[^\W\d_]", text)) and bool(re.search(r"\d", text)) for text in names)
    return (
        lettered > 0.5 * len(names)
        or (key.startswith("folder") and len(names) > 2)
        or sum(map(len, names)) > 5 * len(names)
    )
