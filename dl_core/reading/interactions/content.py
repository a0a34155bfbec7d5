"""What columns of interactions are by what stands in them: stamps, acts, kinds of events, values."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from dl_core.reading.interactions.schema import IDS, RATINGS
from dl_core.reading.tables.names import plain_name
from dl_core.reading.tables.times import looks_like_time
from dl_core.reading.tables.values import parse_numbers

LOOKED = 300_000  # rows by which a column is judged
_SETTLED = 0.98  # share of rows that hold the commonest value of their item or user, of a column that describes it
_STAMPS = ((6.3e8, 2.2e9), (6.3e11, 2.2e12), (6.3e14, 2.2e15), (6.3e17, 2.2e18))  # 1990 to 2039 in s, ms, µs, ns
_MOST_EVENTS = 12
_YES = {"1", "1.0", "true", "yes", "y", "t"}
_NO = {"0", "0.0", "false", "no", "n", "f"}
_ACTS = re.compile(
    r"click|lik(e|ed|es)\b|buy|bought|purchas|order|view|watch|listen|play|follow|conver|label|target|respon|interact|"
    r"engag|upvot|favo|read|download|instal|rent|subscri|cart|basket|taken|consum|visit|open|shar(e|ed)\b|star(red)?\b|"
    r"sav(e|ed)\b|booked|accept|choos|chosen|select|gekauft|geklickt|achat|compra"
)
_EVENTS = re.compile(r"event|action|behavio|activit|interaction|verb|\bact\b|feedback|engagement|operation")
_KINDS = re.compile(  # what shops and services call kinds of events, weakest first
    r"(?P<view>view|^pv$|seen|impress|visit|browse|detail|open|expos)|(?P<click>click|hit)|"
    r"(?P<play>play|listen|watch|stream|read|download|instal)|"
    r"(?P<like>like|fav|^love|wish|save|bookmark|star|share|follow|comment|collect|thumb_?up)|"
    r"(?P<cart>cart|basket|checkout)|(?P<buy>buy|purchas|order|transact|bought|sale|pay|convert|conversion|rent|book)"
)
_STRENGTH = {"view": 1, "click": 1, "play": 2, "like": 2, "cart": 3, "buy": 5}
_NEGATIVE = re.compile(
    r"remov|dis_?lik|un_?lik|un_?follow|skip|refund|return|cancel|hide|delet|block|report|reject|down_?vot|un_?fav"
)


def agreement(column: pd.Series, ids: pd.Series) -> float | None:
    """Return the share of rows that hold the commonest value of their id, None where hardly an id has several rows."""
    column, codes = column.iloc[:LOOKED], pd.factorize(ids.iloc[:LOOKED])[0]
    values = pd.factorize(column)[0]
    known = (codes >= 0) & (values >= 0)
    counts = pd.DataFrame({"id": codes[known], "value": values[known]}).value_counts()
    rows = counts.groupby("id").sum()
    several = rows[rows > 1]
    if len(several) < 2:
        return None
    return float(counts.groupby("id").max().loc[several.index].sum() / several.sum())


def is_settled(column: pd.Series, ids: pd.Series) -> bool:
    """Return whether a column says the same of (nearly) all rows of an id, so that it describes what the id names."""
    return column.nunique() > 1 and (agreement(column, ids) or 0.0) >= _SETTLED


def is_stamp(column: pd.Series) -> bool:
    """Return whether numbers are stamps: seconds or parts of them since 1970, of many different instants.

    Ids may be as large; they come again and again.
    """
    if (
        column.name in IDS
        or not pd.api.types.is_numeric_dtype(column.dtype)
        or pd.api.types.is_bool_dtype(column.dtype)
    ):
        return False
    numbers = column.iloc[:LOOKED].dropna().to_numpy(dtype=np.float64)
    if not len(numbers):
        return False
    low, high = np.quantile(numbers, [0.01, 0.99])
    if not any(least <= low and high <= most for least, most in _STAMPS):
        return False
    distinct = len(np.unique(numbers))
    grows = bool((np.diff(numbers) >= 0).mean() > 0.95) if len(numbers) > 2 else True
    return distinct > 0.1 * len(numbers) or grows


def is_time(column: pd.Series) -> bool:
    """Return whether a column holds times by its content."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return True
    if pd.api.types.is_numeric_dtype(column.dtype):
        return is_stamp(column)
    return looks_like_time(column)


def is_place(column: pd.Series, ids: pd.Series) -> bool:
    """Return whether whole numbers count the rows of each id (1, 2, 3 …): places in a basket or a list."""
    values, codes = column.iloc[:LOOKED], pd.factorize(ids.iloc[:LOOKED])[0]
    groups = values.groupby(codes).agg(["min", "max", "nunique", "size"])
    groups = groups[groups["size"] > 1]
    counted = (groups["max"] - groups["min"] + 1 == groups["size"]) & (groups["nunique"] == groups["size"])
    return len(groups) > 1 and bool(groups["min"].le(1).all() and counted.mean() > _SETTLED)


def flag_of(column: pd.Series) -> np.ndarray | None:
    """Return 1, 0 and NaN of a column of yes and no, (n,) float64; None for any other."""
    if pd.api.types.is_bool_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    codes, texts = pd.factorize(column)
    words = [str(text).strip().casefold() for text in texts]
    if len(words) != 2 or not (set(words) & _YES and set(words) & _NO):
        return None
    return np.append([float(word in _YES) for word in words], np.nan)[codes]


def numbers_of(column: pd.Series) -> np.ndarray | None:
    """Return a column's numbers, (n,) float64; None where most of what stands there is none, or they name things."""
    if column.name in IDS or pd.api.types.is_bool_dtype(column.dtype):
        return None
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return None
    sample = column.iloc[:LOOKED].dropna()
    if sample.empty:
        return None
    if not pd.api.types.is_numeric_dtype(column.dtype) and parse_numbers(sample.iloc[:500]).bad.mean() > 0.05:
        return None
    values = parse_numbers(sample).values
    whole = bool((values == np.floor(values)).all()) if len(values) else True
    if len(values) < 2 or len(np.unique(values)) < 2 or (whole and len(np.unique(values)) == len(values)):
        return None  # nothing, always the same, or a number of the row
    return values


def is_rating(name: object) -> bool:
    """Return whether a name is one of ratings."""
    plain = plain_name(name)
    return plain in RATINGS or any(word in plain for word in ("rating", "score", "stars"))


def is_act(name: object) -> bool:
    """Return whether a column's name tells an act: what a user did with an item."""
    return bool(_ACTS.search(plain_name(name)))


def is_event(column: pd.Series) -> bool:
    """Return whether a column names kinds of events: a few texts or codes, by its own name or by theirs."""
    sample = column.iloc[:LOOKED].dropna()
    kinds = sample.unique()[: _MOST_EVENTS + 1]
    if not 2 <= len(kinds) <= _MOST_EVENTS or (len(sample) < 2 * len(kinds)):
        return False
    named = bool(_EVENTS.search(plain_name(column.name)))
    if pd.api.types.is_numeric_dtype(column.dtype):
        return named and flag_of(column) is None and bool((pd.Series(kinds) % 1 == 0).all())
    told = sum(bool(_KINDS.search(plain_name(kind)) or _NEGATIVE.search(plain_name(kind))) for kind in kinds)
    return told >= 2 or (named and told >= 1) or (named and len(kinds) <= 6)


def kind_of(name: str) -> str:
    """Return the word of a file's name that tells a kind of events (``"shop-clicks"`` → ``"clicks"``), or nothing."""
    return next((word for word in re.split(r"[^a-z]+", plain_name(name)) if _KINDS.search(word)), "")


def weights_of(counts: pd.Series) -> dict[str, int]:
    """Return how much each kind of event may count, from the weakest to the strongest; those that undo one count 0.

    Parameters
    ----------
    counts : pandas.Series
        Rows by kind of event. Kinds without a known name are the stronger the rarer they are.
    """
    found: dict[str, int] = {}
    for rank, kind in enumerate(counts.sort_values(ascending=False).index):
        plain = plain_name(kind)
        match = _KINDS.search(plain)
        undone = _NEGATIVE.search(plain)
        found[str(kind)] = 0 if undone else _STRENGTH[match.lastgroup or "view"] if match else 1 + 2 * min(rank, 4)
    return dict(sorted(found.items(), key=lambda item: item[1]))


def candidates(frame: pd.DataFrame, columns: Sequence[str], user: pd.Series, item: pd.Series) -> dict[str, str]:
    """Return what each further column of a table of interactions may be, by content.

    ``"time"``, ``"event"``, ``"flag"`` (yes and no), ``"value"``, ``"item"`` (describes items), ``"user"``, or nothing.
    """
    return {name: _candidate(frame[name], user, item) for name in columns}


def _candidate(column: pd.Series, user: pd.Series, item: pd.Series) -> str:
    if column.notna().sum() == 0 or column.nunique() < 2:
        return ""
    if is_time(column):
        return "time"
    if is_settled(column, item):
        return "item"
    if is_settled(column, user):
        return "user"
    if is_event(column):
        return "event"
    if flag_of(column) is not None:
        return "flag"
    return "value" if numbers_of(column) is not None else ""
