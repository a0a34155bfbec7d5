"""Accounts and counterparties as keys: one spelling each, and nothing that names a person or a card."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.privacy import is_personal, personal_kind, pseudonyms
from dl_core.errors import shorten
from dl_core.reading.tables.names import plain_name

_PERSONAL_TOO = {"first", "last", "given", "cardholder", "holder", "ssn", "ip_address", "job_title"}


def is_personal_column(column: str) -> bool:
    """Return whether a column's name says that it names or locates a person; a mail domain does not."""
    plain = plain_name(column)
    return "domain" not in plain and (plain in _PERSONAL_TOO or is_personal(column))


def tidy_keys(column: pd.Series, word: str) -> tuple[pd.Series, list[Finding]]:
    """Return accounts or counterparties as text, under pseudonyms where they look like card numbers or names.

    Parameters
    ----------
    column : pandas.Series
        (n,) keys as read.
    word : str
        ``"account"`` or ``"counterparty"``; counterparties keep names of businesses.

    Returns
    -------
    keys : pandas.Series
        (n,) text, missing where nothing stands, with the same index.
    notes : list of Finding
    """
    codes, found = pd.factorize(column)
    keys = [_plain(value) for value in found]
    what = _looks_like(keys, column.name, word)
    notes = []
    if what:
        keys = pseudonyms(keys, word)
        text = (
            f"Column {shorten(column.name, 40)!r} looks like {what}; each was replaced by a number "
            f"({word} 001 …), and no list of who is who was kept."
        )
        notes.append(Finding("info", "pseudonyms", text))
    named = pd.Series([*keys, None], dtype="str").take(codes)
    return named.set_axis(column.index), notes


def _plain(value: object) -> str | None:
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
    return re.sub(r"^(\d+)\.0+$", r"\1", text) or None


def _looks_like(keys: Sequence[str | None], name: object, word: str) -> str:
    """Return what personal thing most of the keys look like, or nothing."""
    what = personal_kind(keys, persons=word == "account")
    if what or not any(keys):
        return what
    return "something personal" if word == "account" and is_personal_column(str(name)) else ""
