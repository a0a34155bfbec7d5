"""Which columns of a table hold secrets: by what stands in them, so that no name can hide them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from dl_core.data.privacy import in_card_range
from dl_core.reading.secrets.kinds import CODE, KINDS, PSEUDONYM, SecretKind
from dl_core.reading.tables.names import plain_name

_CELLS, _DISTINCT = 2_000, 400  # looked at, a column
_FIT = 0.8  # share of the values of a shape that must have the check digits, where not all were typed well
_ACCIDENT = 1e-5  # likelihood below which no accident makes that many check digits fit
_RARE = 0.02  # share of values below which secrets among others are an exception
_WITHIN = {  # how those that can be told for certain stand within a sentence
    "mail": r"[^@\s<>,;:()]+@[^@\s<>,;:()]+\.[A-Za-z]{2,}",
    "iban": r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b",
    "card": r"(?<![\d-])(?<!\d[.,])\d(?:[ -]?\d){11,18}(?![\d-]|[.,]\d)",
}
_LEAST = 1e6  # numbers below are too short for any of these
_WRITTEN = re.compile(r"\d(?:[.,]\d+)?E\+?1[1-8]", re.IGNORECASE)
_KEY_WORDS = re.compile(r"(^|_)(card|cc|pan|account|acct|iban|konto|karte|tarjeta|carte|number|num|no|nr|id)(_|$)")
_SPREAD = 0.2  # largest distance of the codes' distribution from an even one over 000 to 999


def secret_of(column: pd.Series) -> SecretKind | None:
    """Return what kind of secret a column holds, by its values; its name only decides where a shape alone is meant.

    A share of the distinct values is looked at. Numbers with a check digit are secrets where far more of them have it
    than chance allows (one in ten sixteen-digit ids passes Luhn's test, all card numbers do).
    """
    texts = _texts(column)
    if not texts:
        return None
    name = plain_name(column.name)
    if _share(PSEUDONYM, texts) > _FIT:
        return PSEUDONYM
    for kind in KINDS:
        shaped = [tidy for tidy in map(kind.tidy, texts) if re.fullmatch(kind.shape, tidy)]
        if shaped and re.fullmatch(kind.named, name) and len(shaped) >= 0.5 * len(texts):
            return kind
        if _fits(kind, shaped) and (kind.chance < 1e-3 or _many(shaped, texts)):  # one mail address is enough
            return kind
    for kind in (kind for kind in KINDS if kind.word in _WITHIN):
        words = (tidy for text in texts for word in re.findall(_WITHIN[kind.word], text) if (tidy := kind.tidy(word)))
        shaped = [tidy for tidy in words if re.fullmatch(kind.shape, tidy)]
        if _fits(kind, shaped) and _many(shaped, texts):
            return kind
    if re.fullmatch(CODE.named, name) and _share(CODE, [text.zfill(3) for text in texts]) > _FIT:
        return CODE
    return None


def measured(frame: pd.DataFrame) -> set[str]:
    """Return the columns of numbers that are too short for a secret, or have fractions; all of a type at once."""
    found: set[str] = set()
    for kind in ("float64", "int64"):
        block = frame.iloc[:: max(1, len(frame) // _CELLS)].select_dtypes(kind)
        values = block.to_numpy()
        known = np.isfinite(values)
        short = np.where(known, np.abs(values), 0).max(axis=0, initial=0) < _LEAST
        parts = (known & (values % 1 != 0)).any(axis=0) if kind == "float64" else np.zeros(len(short), dtype=bool)
        for name, is_short, has_parts, there in zip(block.columns, short, parts, known.any(axis=0), strict=True):
            if there and (has_parts or (is_short and not re.fullmatch(CODE.named, plain_name(name)))):
                found.add(name)
    return found


def codes_beside(frame: pd.DataFrame, cards: pd.Series, names: Collection[str]) -> list[str]:
    """Return columns with the verification codes of cards: three or four digits, one a card, evenly spread.

    Parameters
    ----------
    frame : pandas.DataFrame
    cards : pandas.Series
        Card numbers, with the same index.
    names : collection of str
        Columns to look at.
    """
    rows = cards.dropna().index[:20_000]
    cards = cards[rows]
    found = []
    for name in names:
        codes = frame.loc[rows, name]
        texts = _texts(codes)
        if len(texts) < 20 or _share(CODE, [text.zfill(3) for text in texts]) < 1:
            continue
        pairs = pd.DataFrame({"card": cards, "code": codes}).dropna().drop_duplicates()
        if pairs["card"].nunique() < len(pairs) or pairs["card"].nunique() < 30:
            continue
        values = np.sort(pairs["code"].astype(float).to_numpy()) % 1_000 / 1_000
        even = np.arange(1, len(values) + 1) / len(values)
        if np.abs(values - even).max() < _SPREAD and pd.unique(values).size > 0.5 * min(len(values), 500):
            found.append(name)
    return found


def is_rounded(column: pd.Series, is_key: bool = False) -> bool:
    """Return whether a spreadsheet has rounded a column of long numbers: 4E+15, or zeros behind the fifteenth digit.

    Parameters
    ----------
    column : pandas.Series
    is_key : bool
        Whether its numbers name something, as the user or its name says; else it must look like card numbers.
    """
    seen = _cells(column)
    cells = seen.drop_duplicates()
    if not len(cells) or pd.api.types.is_datetime64_any_dtype(cells.dtype) or pd.api.types.is_bool_dtype(cells.dtype):
        return False
    is_key = is_key or bool(_KEY_WORDS.search(plain_name(column.name)))
    if not pd.api.types.is_numeric_dtype(cells.dtype):
        texts = [str(text).strip() for text in cells]
        if is_key and np.mean([bool(_WRITTEN.fullmatch(text)) for text in texts]) > _FIT:
            return True
        if not all(re.fullmatch(r"\d{16,19}", text) for text in texts):
            return False
        cells = pd.Series([int(text) for text in texts], dtype=object)
    whole = [int(value) for value in cells if float(value).is_integer() and abs(value) < 1e19]
    if len(whole) < len(cells) or min(whole) < 1e11:
        return False
    exact = [len(str(value).rstrip("0")) <= 15 for value in whole]
    long = [value >= 10**15 for value in whole]
    if not all(exact) or np.mean(long) <= _FIT:
        return False
    again = len(seen) > 1.5 * len(cells)  # keys come again, measurements do not
    return (is_key or again) and all(in_card_range(str(value)) for value in whole)


def _fits(kind: SecretKind, shaped: Sequence[str]) -> bool:
    """Return whether far more values of a kind's shape have its check digits than chance allows."""
    if kind.chance ** len(shaped) > _ACCIDENT:
        return False
    fitting = sum(map(kind.fits, shaped))
    return fitting >= _FIT * len(shaped) and kind.chance**fitting <= _ACCIDENT


def _many(found: Sequence[str], texts: Sequence[str]) -> bool:
    """Return whether secrets are no rare exception among values that are something else."""
    return len(found) >= _RARE * len(texts)


def _share(kind: SecretKind, texts: Sequence[str]) -> float:
    return float(np.mean([bool(re.fullmatch(kind.shape, kind.tidy(text))) for text in texts]))


def _cells(column: pd.Series) -> pd.Series:
    """Return some filled cells, evenly spaced; all of a column that is nearly empty."""
    step = max(1, len(column) // _CELLS)
    some = column.iloc[::step].dropna()
    return some if step == 1 or len(some) >= _CELLS // 4 else column.dropna().iloc[:_CELLS]


def _texts(column: pd.Series) -> list[str]:
    """Return some distinct values as text; none of numbers that are measurements or too short for a secret."""
    kind = column.dtype
    if pd.api.types.is_bool_dtype(kind) or pd.api.types.is_datetime64_any_dtype(kind):
        return []
    cells = _cells(column).drop_duplicates().iloc[:_DISTINCT]
    if not pd.api.types.is_numeric_dtype(kind):
        return [str(text) for text in cells]
    if (cells % 1 != 0).any() or not len(cells):
        return []
    if cells.abs().max() < _LEAST and not (cells.between(0, 9_999).all() and cells.max() > 99):
        return []
    return [str(int(value)) for value in cells]
