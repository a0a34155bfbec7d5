"""Labels as people type them, folded into classes."""

from __future__ import annotations

import re
from collections import Counter

import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.errors import shorten

MISSING = ("", "nan", "na", "n/a", "null", "?", "-", "<na>")
_NEGATIVE = re.compile(
    r"^(no|non|not|without|healthy|normal|negative|neg|benign|control|controls|absent|none|false|0)([\s_-].*)?$"
)


_NOT_YET = """
    pending | unknown | unk | unlabelled | unlabeled | not labelled | not labeled | no label | undetermined |
    undefined | unspecified | unreviewed | not reviewed | ungraded | ungradable | not graded | not read |
    not annotated | not yet | not known | not assessed | not available | to be determined | tbd | todo | to do |
    in review | under review | in progress
"""
_UNLABELLED = frozenset(word.strip() for word in _NOT_YET.split("|"))


def says_unlabelled(label: object) -> bool:
    """Return whether a label says that there is none yet ("pending", "in review", "unknown")."""
    return re.sub(r"[\s_\-]+", " ", str(label).strip().casefold()) in _UNLABELLED


def means_nothing_found(label: str) -> bool:
    """Return whether a class means that nothing was found ("normal", "no finding")."""
    return bool(_NEGATIVE.match(label.strip().casefold()))


def fold_labels(raw: pd.Series) -> tuple[pd.Series, tuple[str, ...], list[Finding]]:
    """Join spellings that differ only in blanks and case.

    Parameters
    ----------
    raw : pandas.Series
        Labels by row id, as read.

    Returns
    -------
    labels : pandas.Series
        The commonest spelling of each class by row id; None where the label is missing.
    classes : tuple of str
        In score order: see `order_classes`.
    notes : list of Finding
        One for each kind of mending.
    """
    # built as objects: a column of text would turn None into NaN
    tidy = pd.Series([tidy_label(value) for value in raw], index=raw.index, dtype="object")
    spellings: dict[str, Counter[str]] = {}
    for text in tidy:
        if text is not None:
            spellings.setdefault(text.casefold(), Counter())[text] += 1
    name = {key: min(found, key=lambda text: (-found[text], text)) for key, found in spellings.items()}
    joined_names = [None if text is None else name[text.casefold()] for text in tidy]
    labels = pd.Series(joined_names, index=raw.index, dtype="object")
    notes = []
    joined = {name[key]: sorted(found) for key, found in spellings.items() if len(found) > 1}
    blanks = [row for row, text in raw.items() if isinstance(text, str) and text != text.strip() and text.strip()]
    if joined or blanks:
        detail = "; ".join(f"{' / '.join(shorten(s, 30) for s in found)} → {new}" for new, found in joined.items())
        message = "Labels that differ only in whitespace or case were merged" + (f": {detail}." if detail else ".")
        notes.append(Finding("info", "folded-labels", message, tuple(blanks)))
    return labels, order_classes(list(name.values())), notes


def tidy_label(value: object) -> str | None:
    """Return a label without outer and doubled blanks, whole numbers without ``.0``; None where it is missing."""
    if value is None or (isinstance(value, float) and value != value):
        return None
    text = re.sub(r"\s+", " ", str(value)).strip()
    if re.fullmatch(r"-?\d+\.0+", text):
        text = text.split(".")[0]
    return None if text.casefold() in MISSING else text


def order_classes(names: list[str]) -> tuple[str, ...]:
    """Return class names in score order: what means "nothing found" first, numbers by value, then by alphabet.

    The last class of two is therefore the finding, whose probability people expect to read.
    """

    def key(name: str) -> tuple:
        number = re.fullmatch(r"-?\d+(\.\d+)?", name)
        return (
            (0, float(name), "") if number else (1, 0.0 if _NEGATIVE.match(name.casefold()) else 1.0, name.casefold())
        )

    return tuple(sorted(names, key=key))
