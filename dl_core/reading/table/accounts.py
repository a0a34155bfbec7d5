"""Accounts and counterparties as keys: one spelling each, and nothing that names a person."""

from __future__ import annotations

import re
from dataclasses import replace

import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.findings import rows_named
from dl_core.data.privacy import is_personal, personal_kind
from dl_core.data.table.labels import label_meaning
from dl_core.errors import shorten
from dl_core.reading.secrets.hide import Hidden
from dl_core.reading.secrets.keys import derived_key, plain_key, pseudonyms
from dl_core.reading.tables.names import plain_name

_PERSONAL_TOO = {"first", "last", "given", "cardholder", "holder", "ssn", "ip_address", "job_title"}
_WAYS = {"contact", "phone", "telephone", "mobile", "fax", "email", "mail", "insurance", "operator", "technician"}
_WAYS |= {"relative", "doctor", "physician"}  # words that are as often about a kind as about a person
_MOST_KINDS, _ROWS_OF_A_KIND = 12, 5
_PERSONAL = "names or numbers of persons"


def is_personal_column(column: str) -> bool:
    """Return whether a column's name says that it names or locates a person; a mail domain does not."""
    plain = plain_name(column)
    return "domain" not in plain and (plain in _PERSONAL_TOO or is_personal(column))


def are_kinds(column: pd.Series) -> bool:
    """Return whether a column that is named like something personal says yes or no, or by which way, and not who.

    Ways to reach someone ("contact": cellular, telephone) are personal by what stands there: figures, an @, or names.
    """
    if pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(column.dtype):
        return False
    words = [str(value).strip() for value in column.dropna().unique()[: _MOST_KINDS + 1]]
    if not 1 < len(words) <= _MOST_KINDS or len(words) * _ROWS_OF_A_KIND > len(column):
        return False
    if all(label_meaning(word.casefold()) for word in words):
        return True
    way = _WAYS & set(plain_name(column.name).split("_"))
    return bool(way) and not any(re.search(r"[\d@]", word) or word.istitle() and " " in word for word in words)


def tidy_keys(column: pd.Series, word: str, hidden: Hidden) -> tuple[pd.Series, list[Finding], Hidden]:
    """Return accounts or counterparties as text, under keyed pseudonyms where they look like names of persons.

    Parameters
    ----------
    column : pandas.Series
        (n,) keys as read; secrets among them have pseudonyms already.
    word : str
        ``"account"`` or ``"counterparty"``; counterparties keep names of businesses.
    hidden : Hidden
        What was hidden before, with its key.

    Returns
    -------
    keys : pandas.Series
        (n,) text, missing where nothing stands, with the same index.
    notes : list of Finding
    hidden : Hidden
        With this column, where it was hidden.
    """
    codes, found = pd.factorize(column)
    keys = [plain_key(value) or None for value in found]
    named = pd.Series([*keys, None], dtype="str").take(codes).set_axis(column.index)
    known = hidden.columns.get(plain_name(column.name))
    what = "" if known or not any(keys) else personal_kind(keys, persons=word == "account")
    if not what and known is None and word == "account" and is_personal_column(str(column.name)):
        what = "something personal"
    if not what:
        return (pseudonyms(named, hidden.key, word) if known == _PERSONAL else named), [], hidden
    text = (
        f"Column {shorten(column.name, 40)!r} looks like {what}; each was replaced by a keyed pseudonym, and no list "
        "of who is who was kept."
    )
    key = hidden.key or derived_key("\n".join(key or "" for key in keys).encode())
    hidden = replace(hidden, key=key, columns={**hidden.columns, plain_name(column.name): _PERSONAL})
    return pseudonyms(named, key, word), [Finding("info", "pseudonyms", text)], hidden


def unique_ids(ids: pd.Series) -> list[Finding]:
    """Return a warning where the ids of rows come again."""
    again = ids.duplicated().to_numpy() & ids.notna().to_numpy()
    if not again.any():
        return []
    text = (
        f"Column {shorten(ids.name, 40)!r}: {int(again.sum()):,} ids are not unique ({rows_named(again)}). "
        "Rows are told apart by their position in the file."
    )
    return [Finding("warning", "duplicate-ids", text, tuple(ids.index[again][:100]))]
