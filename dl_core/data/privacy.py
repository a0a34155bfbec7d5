"""What is personal is dropped, and ids of people and places are replaced, before anything is kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import pandas as pd

_PERSONAL_WORDS = """
    name names full_name fullname first_name firstname last_name lastname middle_name maiden_name surname family_name
    familyname given_name givenname forename initials nickname patient_name patientname patients_name subject_name
    participant_name person_name mother_name mothers_name dob birth birth_date birthdate birthday date_of_birth
    patient_birth_date patientbirthdate patients_birth_date birth_time address street city postcode postal_code zip
    zip_code zipcode home_address patient_address patientaddress phone phone_number telephone mobile fax email e_mail
    mail ssn social_security social_security_number national_id passport nhs_number insurance insurance_number
    insurance_id policy_number accession accession_number accessionnumber mrn medical_record_number
    other_patient_ids issuer_of_patient_id physician doctor referring_physician referring_physician_name
    referringphysicianname performing_physician performing_physician_name operator operator_name operators_name
    radiologist reader_name reported_by technician requesting_physician relative contact next_of_kin religion
    occupation military_rank username user_name
"""
_PERSONAL = frozenset(_PERSONAL_WORDS.split())
_PERSONAL_PARTS = re.compile(
    r"(patient|person|physician|operator|doctor|mother|father|parent|relative)s?_?name|birth_?da(te|y)|date_of_birth|"
    r"(phone|fax|passport|insurance|social_security)_?(no|nr|number|id)|e_?mail|home_address|street|postal|"
    r"physician|medical_record"
)
_SAMPLE = 500  # distinct keys looked at
_NAME = re.compile(r"^[^\W\d_][\w'’.-]+,?( [^\W\d_][\w'’.-]*){1,3}$")
_IBAN = re.compile(r"^[A-Z]{2}\d{2} ?[A-Z0-9 ]{10,32}$")
_MAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
_SEX = {
    "f": "female",
    "female": "female",
    "w": "female",
    "woman": "female",
    "m": "male",
    "male": "male",
    "man": "male",
    "o": "other",
    "other": "other",
}
_RANGES = (  # lengths by the first digits of payment cards
    (r"4", (13, 16, 19)),
    (r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720", (16,)),
    (r"3[47]", (15,)),
    (r"30|36|38|39", (14, 15, 16, 17, 18, 19)),
    (r"6011|64[4-9]|65|62|81|60|508|353|356", (16, 17, 18, 19)),
    (r"35(2[89]|[3-8])|2131|1800", (15, 16, 17, 18, 19)),
    (r"50|5[6-9]|6", (12, 13, 14, 15, 16, 17, 18, 19)),
    (r"220[0-4]|9792", (16, 17, 18, 19)),
)


def is_personal(column: str) -> bool:
    """Return whether a column's name says that it holds names, dates of birth, addresses, numbers of a person."""
    plain = re.sub(r"([a-z])([A-Z])", r"\1_\2", column)
    plain = re.sub(r"[^a-z0-9]+", "_", plain.casefold().replace("'s", "s")).strip("_")
    return plain in _PERSONAL or plain.replace("_", "") in _PERSONAL or bool(_PERSONAL_PARTS.search(plain))


def personal_kind(keys: Sequence[str | None], persons: bool) -> str:
    """Return what personal thing most of the keys look like ("mail addresses"), or nothing.

    Parameters
    ----------
    keys : sequence of str
        Distinct keys; a sample of them is looked at.
    persons : bool
        Whether names of persons are looked for too; businesses have names that look alike.
    """
    sample = [key for key in keys[:: max(1, len(keys) // _SAMPLE)] if key]
    shapes = {"account numbers (IBAN)": _IBAN, "mail addresses": _MAIL} | (
        {"names of persons": _NAME} if persons else {}
    )
    if _mostly([is_card_number(key) for key in sample]):
        return "card numbers"
    return next((what for what, shape in shapes.items() if _mostly([bool(shape.match(key)) for key in sample])), "")


def _mostly(found: Sequence[bool]) -> bool:
    return len(found) > 0 and sum(found) >= 0.8 * len(found)


def passes_luhn(digits: str) -> bool:
    """Return whether the last digit is the check digit of those before it (Luhn, ISO/IEC 7812-1)."""
    doubled = [int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def in_card_range(digits: str) -> bool:
    """Return whether a payment card can start with these digits and have that many."""
    return any(len(digits) in lengths and re.match(first, digits) for first, lengths in _RANGES)


def is_card_number(text: str) -> bool:
    """Return whether a text, blanks and dashes apart, has the range, length and check digit of a payment card."""
    digits = re.sub(r"[ -]", "", text)
    return bool(re.fullmatch(r"\d{12,19}", digits)) and in_card_range(digits) and passes_luhn(digits)


def pseudonyms(values: Iterable[object], word: str) -> list[str | None]:
    """Replace each value by ``"patient 001"`` and so on, numbered as they first appear.

    The number says nothing about the value, and no table from one to the other is kept: not even a hash, which short
    ids would not survive. The same data in the same order give the same pseudonyms.

    Parameters
    ----------
    values : iterable
        None, NaN and blanks stay None.
    word : str
        "patient", "site".
    """
    known: dict[str, int] = {}
    numbers: list[int | None] = []
    for value in values:
        text = "" if value is None or value != value else str(value).strip()
        if isinstance(value, float) and text.endswith(".0"):
            text = text[:-2]  # a column of whole numbers with a gap reads as floats
        numbers.append(known.setdefault(text.casefold(), len(known) + 1) if text else None)
    width = max(3, len(str(len(known))))
    return [None if number is None else f"{word} {number:0{width}d}" for number in numbers]


def tidy_sex(column: pd.Series) -> pd.Series:
    """Return sex as words where the column holds the usual letters; other values stay as they are."""
    return column.map(lambda value: _SEX.get(value.strip().casefold(), value) if isinstance(value, str) else value)
