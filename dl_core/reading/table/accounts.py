"""Accounts and counterparties as keys: one spelling each, and nothing that names a person."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.privacy import is_personal, personal_kind
from dl_core.errors import shorten
from dl_core.reading.secrets.hide import Hidden
from dl_core.reading.secrets.keys import derived_key, plain_key, pseudonyms
from dl_core.reading.tables.names import plain_name

_PERSONAL_TOO = {"first", "last", "given", "cardholder", "holder", "ssn", "ip_address", "job_title"}
_PERSONAL = "names or numbers of persons"


def is_personal_column(column: str) -> bool:
    """Return whether a column's name says that it names or locates a person; a mail domain does not."""
    plain = plain_name(column)
    return "domain" not in plain and (plain in _PERSONAL_TOO or is_personal(column))


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
