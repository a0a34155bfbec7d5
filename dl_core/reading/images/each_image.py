"""One value an image from the rows of a table that speak of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np
import pandas as pd

from dl_core.reading.images.joined import Joined, Several, Table
from dl_core.reading.tables.names import plain_name

_MOST_READERS = 30
_FEW_WORDS = 50  # distinct texts of a column that may be findings


def add_columns(joined: Joined, table: Table, links: pd.DataFrame, names: Sequence[str]) -> None:
    """Add a table's columns, one value an image."""
    used = set(joined.files.get(table.name, ())) | {joined.keys.get(table.name)}
    frame, sources = _sides(table, links)
    links = links.reset_index(drop=True)
    readers = _reader_column(frame, links)
    for name in frame.columns:
        if name in used:
            continue
        values, several = _one_each(frame[name].to_numpy(dtype=object), links, len(names), readers)
        taken = _place(joined, str(name), values, table.name)
        joined.origin[taken] = (table.name, str(name))
        joined.sources[taken] = sources.get(str(name), (str(name),))
        if several is not None:
            joined.several[taken] = several
    why = " and ".join(sorted(str(name) for name in used if name))
    about = table.about.as_part("table", f"{why} names {links['image'].nunique()} of {len(names)} images")
    joined.abouts.append(about)


def _sides(table: Table, links: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, tuple[str, ...]]]:
    """Return the table's cells by link; columns that speak of one image of a row each become one, made of them."""
    sources: dict[str, tuple[str, ...]] = {}
    rows = links["row"].to_numpy()
    frame = table.frame.iloc[rows].reset_index(drop=True)
    columns = list(dict.fromkeys(links["column"]))
    if len(columns) < 2:
        return frame, sources
    words = {name: set(plain_name(name).split("_")) for name in columns}
    common = set.intersection(*words.values())
    side = links["column"].map({name: "_".join(sorted(words[name] - common)) for name in columns}).to_numpy()
    told = [own for name in columns if (own := words[name] - common)]
    for word in sorted({word for own in told for word in own}):
        for name in [one for one in frame.columns if one not in columns and word in plain_name(one).split("_")]:
            rest = "_".join(part for part in plain_name(name).split("_") if part != word)
            cells = frame[name].where([word in one.split("_") for one in side])
            sources[rest] = (*sources.get(rest, ()), name)
            frame[rest] = cells if rest not in frame else frame[rest].where(frame[rest].notna(), cells)
            frame = frame.drop(columns=name)
    return frame.assign(**{f"row of {PurePosixPath(table.name).name}": [f"row {at}" for at in rows]}), sources


def _reader_column(frame: pd.DataFrame, links: pd.DataFrame) -> str:
    """Return the column that tells who read an image: no image has the same reader twice, readers have many images."""
    counts = links["image"].value_counts()
    if not len(counts) or counts.max() < 2:
        return ""
    for name in frame.columns:
        told = pd.DataFrame({"image": links["image"], "reader": frame[name].to_numpy()}).dropna()
        number = told["reader"].nunique()
        if len(told) < len(links) or not 2 <= number <= min(_MOST_READERS, len(counts)):
            continue
        read = told["reader"].map(told["reader"].value_counts())
        if not told.duplicated().any() and (read > 1).mean() > 0.8:
            return str(name)
    return ""


def _one_each(cells: np.ndarray, links: pd.DataFrame, count: int, readers: str) -> tuple[pd.Series, Several | None]:
    """Return one value an image, (count,): what all its rows say, what most readers say, or all findings."""
    told = pd.DataFrame({"image": links["image"].to_numpy(), "cell": cells}).dropna()
    values = pd.Series([None] * count, dtype=object)
    first = told.drop_duplicates("image").set_index("image")["cell"]
    values.loc[first.index] = first
    spread = told.drop_duplicates().groupby("image")["cell"].nunique()
    apart = spread.index[spread > 1]
    if not len(apart):
        return values, None
    if told["cell"].nunique() > _FEW_WORDS:
        return values, None  # numbers of boxes and the like: the first row's
    found: dict[int, str | None] = {}
    ties = []
    for image, group in told[told["image"].isin(apart)].groupby("image")["cell"]:
        votes = group.value_counts()
        clear = votes.iloc[0] > votes.iloc[1]
        ties += [] if clear else [image]
        found[image] = votes.index[0] if clear else None
    if not readers or len(ties) > max(1, 0.5 * len(apart)):
        found = {
            image: "|".join(sorted(set(group), key=str))
            for image, group in told[told["image"].isin(apart)].groupby("image")["cell"]
        }
        readers, ties = "", []
    for image, value in found.items():
        values.at[image] = value
    return values, Several(tuple(map(int, apart)), tuple(map(int, ties)), len(told), readers)


def _place(joined: Joined, name: str, values: pd.Series, table: str) -> str:
    """Put a column into the frame: into one of that name where they do not contradict, else under a name of its own."""
    if name in joined.frame:
        old = joined.frame[name]
        both = old.notna() & values.notna()
        if (old[both] == values[both]).all():
            joined.frame[name] = old.where(old.notna(), values)
            return name
        name = f"{name} ({PurePosixPath(table).name})"
    joined.frame[name] = values
    return name
