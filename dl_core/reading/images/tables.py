"""Tables beside images: what each names (files, patients, folders), joined to one line an image."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.reading import LEFT_OUT
from dl_core.errors import DaylightError, FileError, shorten
from dl_core.reading.given_split import part_in
from dl_core.reading.images.collect import Item
from dl_core.reading.images.match import Match, match_names
from dl_core.reading.limits import Limits
from dl_core.reading.listing import GivenFile
from dl_core.reading.tables.about import TableAbout, columns_about
from dl_core.reading.tables.names import plain_name
from dl_core.reading.tables.read import read_file
from dl_core.reading.tables.room import TableKind

LOG = logging.getLogger(__name__)
KIND = TableKind(
    as_text=lambda name: True, row_bytes=200, advice="give fewer rows", sheets="all", nulls=("", "NaN", "nan", "NULL")
)  # "None" and "NA" may be classes
_KEY_SHARE = 0.5  # of the images, that a table joined by another key has to speak of
_MOST_READERS = 30
_FILE_WORDS = frozenset(("image", "img", "file", "filename", "id", "name", "path", "scan", "slide", "photo", "index"))
_FEW_WORDS = 50  # distinct texts of a column that may be findings


@dataclass(frozen=True)
class Table:
    """One table with text cells, and how it is written."""

    about: TableAbout
    frame: pd.DataFrame
    maybe: bool = False  # a text file that may as well be a read-me

    @property
    def name(self) -> str:
        """As uploaded."""
        return self.about.name


@dataclass(frozen=True)
class Several:
    """A column whose several rows of one image do not agree."""

    images: tuple[int, ...]
    ties: tuple[int, ...]
    rows: int
    readers: str = ""  # the column that tells who read; empty where rows are several findings


@dataclass
class Joined:
    """All tables in one frame, a line an image, and what is to be said of it.

    ``origin`` says of each column of ``frame`` the table and its name there, ``sources`` the columns that it was made
    of; ``files`` are the columns of each table
    that name images, ``keys`` those by which it was joined to others.
    """

    frame: pd.DataFrame
    origin: dict[str, tuple[str, str]] = field(default_factory=dict)
    sources: dict[str, tuple[str, ...]] = field(default_factory=dict)
    files: dict[str, tuple[str, ...]] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    several: dict[str, Several] = field(default_factory=dict)
    parts: dict[int, str] = field(default_factory=dict)  # of images, by the names of the tables that list them
    named: dict[str, tuple[int, ...]] = field(default_factory=dict)  # images by table
    pairs: set[str] = field(default_factory=set)  # tables with two images a row
    abouts: list[TableAbout] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    errors: list[DaylightError] = field(default_factory=list)


def read_all(items: Sequence[Item], limits: Limits) -> tuple[list[Table], list[DaylightError]]:
    """Return the tables that can be read, all cells as text so that 1.10 stays 1.10, and what was wrong with others."""
    tables: list[Table] = []
    errors: list[DaylightError] = []
    for item in items:
        maybe = item.kind != "table"
        try:
            raws, _ = read_file(GivenFile(item.path, item.name, item.name), KIND, limits)
            tables += [Table(replace(raw.about, file=raw.name, member=""), _texts(raw.frame), maybe) for raw in raws]
        except DaylightError as error:
            errors += [] if maybe else [error]
        except Exception as error:  # noqa: BLE001  (one bad file never ends an upload)
            LOG.warning("a table beside images cannot be read: %s", type(error).__name__)
            wrong = FileError("the table cannot be read", where=item.name, todo="save it again as CSV (UTF-8)")
            errors += [] if maybe else [wrong]
    return tables, errors


def _texts(frame: pd.DataFrame) -> pd.DataFrame:
    """Return all cells as text without outer blanks, None where nothing stands."""
    told = {name: [_text(cell) for cell in frame[name]] for name in frame}
    return pd.DataFrame({str(name): pd.Series(cells, dtype=object) for name, cells in told.items()})


def _text(cell: object) -> str | None:
    return None if cell is None or cell != cell else str(cell).strip() or None


def join(tables: Sequence[Table], names: Sequence[str], keys: pd.DataFrame, column: str = "") -> Joined:
    """Join tables to images: first those that name files, then those that name what is known of the images already.

    Parameters
    ----------
    tables : sequence of Table
    names : sequence of str
        Files, (images,).
    keys : pandas.DataFrame
        (images, …) text: folders, and what headers say of patient and study.
    column : str
        The column that names the files, as the user says.
    """
    joined = Joined(pd.DataFrame(index=range(len(names))))
    waiting = _without_submissions([_with_header(table, names) for table in tables], joined)
    for most in (True, False):  # a table that names few files may as well speak of patients
        for table in list(waiting):
            links = _file_links(table, names, column, joined, most)
            if links is not None:
                _add(joined, table, links, names)
                waiting.remove(table)
        progress = True
        while waiting and progress:
            keyed = {table.name: _key_links(table, keys, joined) for table in waiting}
            progress = any(links is not None for links in keyed.values())
            for table in list(waiting):
                if (links := keyed[table.name]) is not None:
                    _add(joined, table, links, names)
                    waiting.remove(table)
    joined.parts = _listed_parts(joined)
    _say_unnamed(joined, names)
    for table in waiting:
        if table.maybe:
            continue
        why = "no column names a file, a folder or a patient of this upload"
        joined.abouts.append(table.about.as_part(LEFT_OUT, why))
        joined.notes.append(Finding("warning", "table-left-out", f"{shorten(table.name)} was left out: {why}."))
    return joined


def _without_submissions(tables: Sequence[Table], joined: Joined) -> list[Table]:
    """Return tables without forms to fill in: like a table of labels, but called submission or with one number alone.

    What stands in such a form are no labels.
    """
    kept = []
    for table in tables:
        alike = [one for one in tables if one is not table and set(one.frame) == set(table.frame)]
        called = "submission" in plain_name(PurePosixPath(table.name).stem).split("_")
        if not any(called or _is_blank_form(table.frame, one.frame) for one in alike):
            kept.append(table)
            continue
        why = "it has the columns of another table and the same value in every row: a form for answers, no labels"
        why = "a form for answers, by its name, with the columns of another table: no labels" if called else why
        joined.abouts.append(table.about.as_part(LEFT_OUT, why))
        joined.notes.append(Finding("info", "table-left-out", f"{shorten(table.name)} was left out: {why}."))
    return kept


def _is_blank_form(frame: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Return whether, beside names of its own, a table has one number alone where another table has several."""
    rest = [name for name in frame if frame[name].nunique() < len(frame)]
    constant = all(frame[name].nunique() == 1 and str(frame[name].iloc[0]).strip("0.") == "" for name in rest)
    return bool(rest and len(rest) < frame.shape[1] and constant and any(other[name].nunique() > 1 for name in rest))


def _say_unnamed(joined: Joined, names: Sequence[str]) -> None:
    """Note the files that no table names, where one names files."""
    named = {at for images in joined.named.values() for at in images}
    missing = tuple(name for at, name in enumerate(names) if at not in named)
    if missing and joined.named:
        tables = " and ".join(shorten(name) for name in joined.named)
        text = f"{len(missing)} files are not named in {tables}, such as {shorten(missing[0], 60)}."
        joined.notes.append(Finding("warning", "file-without-row", text, missing))


def _with_header(table: Table, names: Sequence[str]) -> Table:
    """Return the table with names for its columns where its first line is a row like the others."""
    header = pd.Series([str(name) for name in table.frame.columns], dtype=object)
    here = match_names(header, names).target
    if not (here >= 0).any():
        return table
    frame = pd.concat([pd.DataFrame([list(header)], columns=table.frame.columns), table.frame], ignore_index=True)
    frame.columns = pd.Index([f"column {at}" for at in range(1, frame.shape[1] + 1)])
    about = replace(table.about, header=None, rows=len(frame), columns=columns_about(frame, table.name))
    return replace(table, frame=frame, about=about)


def _file_links(table: Table, names: Sequence[str], column: str, joined: Joined, most: bool) -> pd.DataFrame | None:
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


def _key_links(table: Table, keys: pd.DataFrame, joined: Joined) -> pd.DataFrame | None:
    """Return (image, row, column) of a table that speaks of patients, studies or folders rather than of files."""
    best: tuple[float, str, pd.DataFrame] | None = None
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
            share = float(values.isin([names[at] for at in match.names]).mean())
            if share < _KEY_SHARE or (best is not None and share <= best[0]):
                continue
            at_name = pd.DataFrame({"name": match.target, "row": np.arange(len(column))}).query("name >= 0")
            at_image = pd.DataFrame({"image": values.index, "name": values.map({n: at for at, n in enumerate(names)})})
            links = at_image.dropna().merge(at_name, on="name")[["image", "row"]].assign(column=name)
            best = (share, str(name), links)
    if best is None:
        return None
    share, name, links = best
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


def _add(joined: Joined, table: Table, links: pd.DataFrame, names: Sequence[str]) -> None:
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


def _listed_parts(joined: Joined) -> dict[int, str]:
    """Return the part of every image where tables called train, test … list different ones; else nothing."""
    parts = {name: part_in(PurePosixPath(name).stem)[0] for name in joined.named}
    told = [(parts[name], images) for name, images in joined.named.items() if parts[name]]
    if len({part for part, _ in told}) < 2 or "train" not in {part for part, _ in told}:
        return {}
    found: dict[int, str] = {}
    for part, images in told:
        if any(found.get(at, part) != part for at in images):
            return {}
        found |= dict.fromkeys(images, str(part))
    return found
