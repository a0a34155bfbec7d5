"""Labels of transactions as people write them, folded into honest and fraud."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.labels import tidy_label
from dl_core.errors import SchemaError, counted, shorten

HONEST, FRAUD = "honest", "fraud"
_FRAUD_WORDS = re.compile(
    r"^(1|y|yes|t|true|fraud|fraudulent|fraudster|scam|charge ?back|chargedback|illicit|suspicious|positive|pos|bad|"
    r"laundering|stolen|confirmed|confirmed fraud|anomaly|anomalous|abnormal|illegal|default|attack|betrug|fraude)$"
)
_HONEST_WORDS = re.compile(
    r"^(0|-1|n|no|f|false|legit|legitimate|genuine|normal|honest|ok|okay|good|clean|valid|benign|licit|ordinary|regular|"
    r"negative|neg|none|legal|non ?fraud|not ?fraud|no ?fraud|non ?fraudulent|not ?fraudulent|no ?charge ?back|"
    r"cleared|paid|standard|usual)$"
)


def fraud_labels(raw: pd.Series) -> tuple[pd.Series, list[Finding]]:
    """Fold labels in any spelling into "honest" and "fraud".

    Words decide (1, yes, true, fraud, chargeback; 0, no, legit, genuine …). Where they do not tell, the rarer class is
    taken for fraud, and a note says so.

    Parameters
    ----------
    raw : pandas.Series
        Labels as read.

    Returns
    -------
    labels : pandas.Series
        ``"honest"``, ``"fraud"``, or None where the label is missing, with the same index.
    notes : list of Finding

    Raises
    ------
    SchemaError
        If there are more than two classes, no label at all, or words that contradict each other.
    """
    codes, values = pd.factorize(raw)
    tidy = [tidy_label(value) for value in values]
    counts = Counter[str]()
    for name, count in zip(tidy, np.bincount(codes[codes >= 0], minlength=len(tidy)), strict=True):
        if name is not None:
            counts[name.casefold()] += int(count)
    meaning, notes = _meanings(counts, str(raw.name))
    words = [None if name is None else meaning[name.casefold()] for name in tidy]
    labels = pd.Series(np.array([*words, None], dtype=object)[codes], index=raw.index, dtype="object", name=raw.name)
    missing = int(labels.isna().sum())
    if missing:
        text = (
            f"{missing:,} of {len(labels):,} rows have no label; they are scored but used neither for training nor for "
            "evaluation."
        )
        notes.append(Finding("info", "missing-label", text))
    return labels, notes


def label_codes(labels: pd.Series | None, rows: int = 0) -> np.ndarray:
    """Return 1 for "fraud", 0 for "honest", -1 for a missing label, (n,) int8; ``rows`` times -1 without labels."""
    if labels is None:
        return np.full(rows, -1, dtype=np.int8)
    fraud, honest = ((labels == word).to_numpy(dtype=bool, na_value=False) for word in (FRAUD, HONEST))
    return np.where(fraud, 1, np.where(honest, 0, -1)).astype(np.int8)


def _meanings(counts: Counter[str], column: str) -> tuple[dict[str, str], list[Finding]]:
    """Return what each spelling means."""
    where = f"column {shorten(column, 40)}"
    if not counts:
        raise SchemaError("every label is missing", where=where, todo="fill them in, or name no label column")
    known = {name: _meaning(name) for name in counts}
    unknown = [name for name, meaning in known.items() if not meaning]
    told = {meaning for meaning in known.values() if meaning}
    if len(counts) == 2 and "1" in counts and counts.keys() - {"1"} <= {"-1", "2"}:
        known = dict.fromkeys(counts, "")  # some say 2 or -1 for fraud, others 1
        unknown, told = list(counts), set()
    if not unknown:
        return known, []
    groups = len(unknown) + len(told)
    if groups > 2 or (len(unknown) == 1 and groups == 1 and counts.total() > 1 and len(unknown[0]) > 40):
        raise SchemaError(
            f"it holds {len(counts):,} different labels ({_kinds(counts)})",
            where=where,
            expected="two, for legitimate and fraudulent",
            todo="join the kinds of fraud into one label, or name another column",
        )
    if groups == 1:
        raise SchemaError(
            "it holds a single label, and its name does not tell whether that is fraud",
            where=where,
            expected="two labels, such as 0 and 1",
            todo="add the other class, or name no label column for anomaly detection",
        )
    if told:
        known[unknown[0]] = HONEST if FRAUD in told else FRAUD
    else:
        rare, common = sorted(unknown, key=lambda name: (counts[name], name))
        known |= {rare: FRAUD, common: HONEST}
    fraud = next(name for name, meaning in known.items() if meaning == FRAUD)
    text = (
        f"{where[0].upper()}{where[1:]}: {shorten(fraud, 30)!r} was interpreted as fraud ("
        + ("the other label means legitimate" if told else f"{counted(counts[fraud], 'row')}, the rarer of the two")
        + "). If that is wrong, write 1 for fraud and 0 for legitimate."
    )
    return known, [Finding("warning", "label-guessed", text)]


def _meaning(name: str) -> str:
    plain = re.sub(r"[\s_\-./]+", " ", name.replace("-1", "minus one")).strip()
    plain = "-1" if plain == "minus one" else plain
    if _HONEST_WORDS.match(plain):
        return HONEST
    return FRAUD if _FRAUD_WORDS.match(plain) else ""


def _kinds(counts: Counter[str]) -> str:
    """Return the labels found, unless they are long or many: those may be texts about people."""
    names = [name for name, _ in counts.most_common(4)]
    if len(counts) > 20 or any(len(name) > 24 for name in names):
        return "too many to be classes"
    return ", ".join(shorten(name, 24) for name in names) + (" …" if len(counts) > 4 else "")
