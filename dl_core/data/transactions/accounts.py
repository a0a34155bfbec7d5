"""Accounts and counterparties as keys: one spelling each, and nothing that names a person or a card."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.privacy import is_personal, pseudonyms
from dl_core.data.tabular.names import plain_name
from dl_core.errors import shorten

_SAMPLE = 500  # distinct keys looked at
_NAME = re.compile(r"^[^\W\d_][\w'’.-]+,?( [^\W\d_][\w'’.-]*){1,3}$")
_IBAN = re.compile(r"^[A-Z]{2}\d{2} ?[A-Z0-9 ]{10,32}$")
_MAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
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
    keys = np.array([_plain(value) for value in found], dtype=object)
    what = _looks_like(keys, column.name, word)
    notes = []
    if what:
        keys = np.array(pseudonyms(keys, word), dtype=object)
        text = (
            f"Column {shorten(column.name, 40)!r} looks like {what}; each was replaced by a number "
            f"({word} 001 …), and no list of who is who was kept."
        )
        notes.append(Finding("info", "pseudonyms", text))
    named = pd.Series(np.append(keys, None), dtype="str").take(codes)
    return named.set_axis(column.index), notes


def _plain(value: object) -> str | None:
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
    return re.sub(r"^(\d+)\.0+$", r"\1", text) or None


def _looks_like(keys: np.ndarray, name: object, word: str) -> str:
    """Return what personal thing most of the keys look like, or nothing."""
    sample = [key for key in keys[:: max(1, len(keys) // _SAMPLE)] if key]
    if not sample:
        return ""
    tests = {"card numbers": is_card_number, "account numbers (IBAN)": _IBAN.match, "mail addresses": _MAIL.match}
    if word == "account":
        tests["names of persons"] = _NAME.match
    for what, test in tests.items():
        if sum(bool(test(key)) for key in sample) >= 0.8 * len(sample):
            return what
    return "something personal" if word == "account" and is_personal_column(str(name)) else ""


def is_card_number(text: str) -> bool:
    """Return whether a text has 13 to 19 digits and the check digit of a payment card (Luhn, ISO/IEC 7812-1)."""
    digits = re.sub(r"[ -]", "", text)
    if not re.fullmatch(r"\d{13,19}", digits):
        return False
    doubled = [int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
