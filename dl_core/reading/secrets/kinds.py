"""What card numbers, accounts, mail addresses, phone numbers and national ids look like, with their check digits."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from dl_core.data.privacy import is_card_number

Check = Callable[[str], bool]


@dataclass(frozen=True)
class SecretKind:
    """One kind of secret.

    Parameters
    ----------
    name : str
        In the plural, for messages.
    word : str
        What pseudonyms are called.
    shape : str
        A regular expression that a whole value must fit to be looked at, in capitals, without what `tidy` takes away.
    fits : callable
        Whether a value of that shape has the right check digits.
    chance : float
        Share of numbers of that shape that fit by accident.
    named : str
        Plain names of columns, as a regular expression, for which the shape alone is enough.
    whole : bool
        Whether blanks, points and dashes belong to it.
    """

    name: str
    word: str
    shape: str
    fits: Check
    chance: float
    named: str = r"(?!)"
    whole: bool = False

    def tidy(self, text: str) -> str:
        """Return a value in the one spelling in which two of the same are equal."""
        return text.strip().upper() if self.whole else re.sub(r"[\s./()\u00a0-]", "", text).upper()


@cache
def _module(name: str) -> Any:
    return import_module(f"stdnum.{name}")


def _national(country: str) -> Check:
    return lambda text: bool(_module(country).is_valid(text))


def _always(text: str) -> bool:
    return True


_PHONE = (
    r"(?:\+|00)[1-9][\d ()./-]{6,18}\d|\(0?\d{2,5}\)[ /-]?\d{2,4}[ -]?\d{2,6}|0\d{1,4}[ /-]\d{3,4}[ -]?\d{2,5}"
    r"|\d{3}[-. ]\d{3}[-. ]\d{4}"
)
_MAIL = r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;.]{2,}"
_NAMED_ID = r"(.*_)?(ssn|social_security(_no|_number)?|national_id|personal_id|tax_id|passport(_no|_number)?)"

_IDS = (  # stdnum module, shape, share of numbers that fit by accident
    ("us.ssn", r"\d{3}-\d{2}-\d{4}", 1e-3),
    ("gb.nhs", r"\d{10}", 0.1),
    ("fr.nir", r"[12]\d{4}[\dAB]{2}\d{8}", 0.01),
    ("es.dni", r"\d{8}[A-Z]", 0.05),
    ("es.nie", r"[XYZ]\d{7}[A-Z]", 0.05),
    ("it.codicefiscale", r"[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]", 0.04),
    ("de.idnr", r"[1-9]\d{10}", 0.05),
    ("nl.bsn", r"\d{9}", 0.1),
    ("be.nn", r"\d{11}", 0.02),
    ("pl.pesel", r"\d{11}", 0.1),
    ("se.personnummer", r"(?:\d{2})?\d{6}\d{4}", 0.1),
    ("fi.hetu", r"\d{6}[A-Y]?\d{3}[0-9A-Y]", 0.05),
    ("no.fodselsnummer", r"\d{11}", 0.02),
    ("br.cpf", r"\d{11}", 0.01),
    ("in_.aadhaar", r"[2-9]\d{11}", 0.1),
    ("in_.pan", r"[A-Z]{3}[ABCFGHLJPT][A-Z]\d{4}[A-Z]", 0.05),
    ("cn.ric", r"\d{17}[\dX]", 0.02),
    ("za.idnr", r"\d{13}", 0.02),
    ("ro.cnp", r"[1-8]\d{12}", 0.02),
    ("cz.rc", r"\d{10}", 0.1),  # those of nine digits, before 1954, have no check digit: any ids in order would fit
    ("ch.ssn", r"756\d{10}", 0.1),
    ("kr.rrn", r"\d{13}", 0.05),
    ("tr.tckimlik", r"[1-9]\d{10}", 0.02),
    ("mx.curp", r"[A-Z]{4}\d{6}[A-Z]{6}[0-9A-Z]\d", 0.1),
    ("ca.sin", r"\d{9}", 0.1),
    ("au.tfn", r"\d{8,9}", 0.1),
    ("il.idnr", r"\d{9}", 0.1),
    ("cl.rut", r"\d{7,8}[\dK]", 0.1),
    ("hr.oib", r"\d{11}", 0.1),
    ("bg.egn", r"\d{10}", 0.05),
    ("ee.ik", r"[1-8]\d{10}", 0.05),
    ("ie.pps", r"\d{7}[A-W][A-IW]?", 0.05),
    ("pt.nif", r"\d{9}", 0.1),
    ("th.pin", r"\d{13}", 0.1),
)


def _iban(text: str) -> bool:
    return bool(_module("iban").is_valid(text, check_country=False))


KINDS = (
    SecretKind("mail addresses", "mail", _MAIL, _always, 1e-6, whole=True),
    SecretKind("account numbers (IBAN)", "iban", r"[A-Z]{2}\d{2}[A-Z0-9]{10,30}", _iban, 0.02, r"(.*_)?iban"),
    SecretKind(
        "card numbers",
        "card",
        r"\d{12,19}",
        is_card_number,
        0.1,
        r"(.*_)?(cc|pan|(credit_|debit_|payment_)?card)_?(num|number|no|nr)|.*kartennummer|(.*_)?pan",
    ),
    SecretKind(
        "phone numbers",
        "phone",
        _PHONE,
        _always,
        1e-2,
        r"(.*_)?(phone|telephone|tel|mobile|handy|fax|telefon|cell)(_?(no|nr|num|number))?",
        whole=True,
    ),
    SecretKind(
        "phone numbers",
        "phone",
        r"\+?\d{7,15}",
        lambda text: False,
        1.0,
        r"(.*_)?(msisdn|phone(_?(no|nr|num|number))?)",
    ),
    SecretKind(
        "numbers of devices", "phone", r"\d{14,16}", lambda text: False, 1.0, r"(.*_)?(imei|imsi)(_?(no|number))?"
    ),
    *(
        SecretKind("national ids", "person", shape, _national(name), chance, whole=name == "us.ssn")
        for name, shape, chance in _IDS
    ),
    SecretKind("national ids", "person", r"[\dA-Z-]{6,20}", lambda text: False, 1.0, _NAMED_ID, whole=True),
)
PSEUDONYM = SecretKind(
    "pseudonyms", "", r"(?:ACCOUNT|COUNTERPARTY|CARD|IBAN|MAIL|PHONE|PERSON) [A-Z2-7]{12}", _always, 1e-9, whole=True
)
CODE = SecretKind(
    "card verification codes",
    "code",
    r"\d{3,4}",
    lambda text: False,
    1.0,
    r"(.*_)?(cvv2?|cvc2?|cvn|csc|security_code|card_code|(card_)?verification_(value|code|number))",
)
