"""What is known about items and users: from tables beside the interactions, or from columns within them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.findings import listed
from dl_core.data.interactions.catalogue import CATEGORY, PRICE, TEXT, TITLE
from dl_core.data.privacy import is_personal, tidy_sex
from dl_core.errors import counted
from dl_core.reading.interactions.schema import ITEM_COLUMNS
from dl_core.reading.tables.names import plain_name, spellings
from dl_core.reading.tables.read import RawTable
from dl_core.reading.tables.values import parse_numbers, spread
from dl_core.schema import Role

_ITEM_STARTS = ("item_", "product_", "movie_", "article_", "book_", "song_", "track_")
_USER_STARTS = ("user_", "customer_", "client_", "member_", "visitor_", "reader_")
_SEX = ("sex", "gender")
_GROUPS_ANYWAY = ("occupation",)  # personal in a hospital, a group among viewers
_NONE = ("(no genres listed)", "none", "unknown", "n/a")
_LINKS = ("_id", "id", "url", "link", "image", "img", "picture", "poster")
MOST_COLUMNS = 40
SPELLED = 0.5  # the same of a title, which may be spelled differently
AGREE = 0.8  # share of rows that hold the commonest value of their item or user


def side_roles(
    frame: pd.DataFrame, roles: Mapping[Role, Sequence[str]], wished: Sequence[Role]
) -> dict[Role, list[str]]:
    """Return which further columns of the interactions describe the user (GROUP) and the item (FEATURE)."""
    used = {roles[role][0] for role in (Role.USER, Role.ITEM, Role.VALUE, Role.TIME) if role in roles}
    groups = [name for name in roles.get(Role.GROUP, ()) if name not in used]
    features = [name for name in roles.get(Role.FEATURE, ()) if name not in {*used, *groups}]
    for name in frame.columns:
        if name in {*used, *groups, *features}:
            continue
        plain = plain_name(name)
        if plain.startswith(_USER_STARTS) and Role.GROUP not in wished:
            groups.append(name)
        elif plain.startswith(_ITEM_STARTS) and Role.FEATURE not in wished:
            features.append(name)
    return {Role.GROUP: groups, Role.FEATURE: features}


def within(frame: pd.DataFrame, codes: np.ndarray, ids: pd.Index, columns: Sequence[str]) -> pd.DataFrame:
    """Return one row an id from columns of the interactions: the commonest text, the median number.

    A column that fewer than `AGREE` of the rows agree on says nothing about the id (the kind of an event, the headline
    of a review) and is left out; of prices, which change, the median counts.

    Parameters
    ----------
    frame : pandas.DataFrame
        (n,) rows.
    codes : numpy.ndarray
        (n,) int position in ``ids``; -1 where the row counts for none.
    ids : pandas.Index
    columns : sequence of str
    """
    known, names = codes >= 0, canonical(columns)
    found = {}
    for name in columns:
        column = frame[name]
        if names.get(name) == PRICE:
            column = pd.Series(parse_numbers(column).values)
        number = pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)
        values, texts = pd.factorize(column if number else column.astype("str"))
        chosen = _commonest(values, codes, len(ids), len(texts))
        filled = known & (values >= 0)
        agree = float((chosen[codes] == values)[filled].mean()) if filled.any() else 0.0
        if agree < (SPELLED if names.get(name) == TITLE else AGREE) and names.get(name) != PRICE:
            continue
        if number:
            numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
            found[name] = pd.Series(numbers[known]).groupby(codes[known]).median().reindex(range(len(ids))).to_numpy()
        else:
            found[name] = pd.Series(spread(np.asarray(texts, dtype=object), chosen, None), dtype="str").to_numpy()
    return pd.DataFrame(found, index=ids)


def _commonest(values: np.ndarray, codes: np.ndarray, n: int, kinds: int) -> np.ndarray:
    """Return the commonest value (n,) of each code, the first to appear among equals, -1 where there is none."""
    at = np.flatnonzero((codes >= 0) & (values >= 0))
    pairs, first, counts = np.unique(
        codes[at].astype(np.int64) * max(1, kinds) + values[at], return_index=True, return_counts=True
    )
    owners, chosen = np.divmod(pairs, max(1, kinds))
    order = np.lexsort((first, -counts, owners))
    top = order[np.r_[True, np.diff(owners[order]) > 0]] if len(order) else order
    found = np.full(n, -1)
    found[owners[top]] = chosen[top]
    return found


def merged(tables: Sequence[pd.DataFrame], ids: pd.Index) -> pd.DataFrame:
    """Return one table of all ids that stand anywhere; what an earlier table says of a column goes first."""
    tables = [table.loc[~table.index.duplicated()] for table in tables]
    every = np.concatenate([ids.to_numpy(dtype=object), *(table.index.to_numpy(dtype=object) for table in tables)])
    found = pd.DataFrame(index=pd.Index(pd.unique(every), dtype="str", name="id"))
    for table in tables:
        placed = table.reindex(found.index)
        for name in placed.columns:
            found[name] = placed[name] if name not in found else _filled(found[name], placed[name])
    return found


def _filled(first: pd.Series, second: pd.Series) -> pd.Series:
    numbers = [pd.api.types.is_numeric_dtype(column.dtype) for column in (first, second)]
    return first.fillna(second) if numbers[0] == numbers[1] else first


def item_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of items with its columns under canonical names: title, category, price, text; others as named.

    Prices are numbers, the rest of the canonical columns text; several categories of one item are parted by "|".
    Ids of other catalogues, links and empty columns are left out.
    """
    named = canonical(list(table.columns))
    found: dict[str, pd.Series] = {}
    for column in table.columns:
        name = named.get(column, column)
        if name in found or table[column].isna().all():
            continue
        if name == column and column not in named and plain_name(column).endswith(_LINKS):
            continue
        if name == PRICE:
            found[name] = pd.Series(parse_numbers(table[column]).values, index=table.index)
        elif name in (TITLE, TEXT):
            found[name] = table[column].astype("str")
        elif name == CATEGORY:
            text = table[column].astype("str").str.replace(r"\s*[|;]\s*", "|", regex=True)
            found[name] = text.mask(text.str.casefold().isin(_NONE), None)
        else:
            found[str(name)] = _plain(table[column])
    return pd.DataFrame(found, index=table.index).iloc[:, :MOST_COLUMNS]


def canonical(columns: Sequence[str]) -> dict[str, str]:
    """Return the canonical name of the columns that have one; a lone description is the title."""
    plain = spellings(columns)
    named: dict[str, str] = {}
    for name, words in ITEM_COLUMNS.items():
        column = next((plain[word] for word in words if word in plain and plain[word] not in named), None)
        if column is not None:
            named[column] = name
    if TITLE not in named.values():
        named |= {column: TITLE for column, name in named.items() if name == TEXT}
    return named


def user_table(table: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    """Return a table of users without what is personal, and a note on that."""
    personal = [c for c in table.columns if is_personal(str(c)) and plain_name(c) not in _GROUPS_ANYWAY]
    kept = [
        c for c in table.columns if c not in personal and not plain_name(c).endswith(_LINKS) and table[c].notna().any()
    ]
    found = {str(c): _plain(table[c]) for c in kept[:MOST_COLUMNS]}
    found |= {name: tidy_sex(column) for name, column in found.items() if plain_name(name).endswith(_SEX)}
    notes = []
    if personal:
        text = f"User columns that look like personal data were dropped: {listed(personal)}."
        notes.append(Finding("info", "personal-columns", text))
    return pd.DataFrame(found, index=table.index), notes


def _plain(column: pd.Series) -> pd.Series:
    """Return numbers where every filled cell is one, times as dates, else text."""
    kind = column.dtype
    if pd.api.types.is_datetime64_any_dtype(kind):
        return column.dt.strftime("%Y-%m-%d").astype("str")
    if pd.api.types.is_bool_dtype(kind):
        return column.astype("str")
    if pd.api.types.is_numeric_dtype(kind):
        return column.astype("float64")
    numbers = pd.to_numeric(column, errors="coerce")
    text = column.astype("str")
    led = text.str.fullmatch(r"0\d+").any()
    return numbers.astype("float64") if numbers.notna().sum() == column.notna().sum() and not led else text


def repeated_note(tables: Sequence[RawTable], word: str) -> list[Finding]:
    """Return a warning where a table beside the interactions names an id twice; the first row counts."""
    notes = []
    for table in tables:
        again = int(table.frame.index.duplicated().sum())
        if again:
            text = f"{listed([table.name])}: {counted(again, 'row')} with an id of a row above; the first one counts."
            notes.append(Finding("warning", f"repeated-{word}s", text))
    return notes
