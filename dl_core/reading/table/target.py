"""Which column says what is fraud, by a telling name and content that fits, else asked; and what its values mean."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.reading import CONTENT, NAMED, Choice, Question, Target
from dl_core.data.table.degenerate import label_findings
from dl_core.data.table.labels import (
    FRAUD,
    HONEST,
    fraud_labels,
    label_counts,
    label_meaning,
    label_question,
    may_be_labels,
)
from dl_core.errors import SchemaError, shorten
from dl_core.reading.request import ReadRequest
from dl_core.reading.table.schema import TRANSACTION_SCHEMA
from dl_core.reading.tables.names import plain_name, spellings, words_of
from dl_core.schema import Role

_STEM = re.compile(
    r"fraud|fraude|frode|betrug|betrueg|scam|charge_?back|launder|svindel|bedr[aä]ger|bedraeger|bedrieg|bedrog|oszust|podvod|estafa|dolandir"
    r"|мошен|欺诈|詐欺|不正|사기"
)
_OUTCOME = frozenset(
    ("status", "outcome", "result", "decision", "verdict", "label", "class", "target", "risk", "response")
)
_MOST_ASKED = 6
_SCANNED = 50_000  # rows looked at first: most columns have shown too many values by then


@dataclass(frozen=True)
class FoundLabel:
    """The label's column, or none; why; and the question where several fit or none can be told from a feature."""

    column: str = ""
    why: str = NAMED
    question: Question | None = None


def find_label(frame: pd.DataFrame, free: Sequence[str]) -> FoundLabel:
    """Return the label among the free columns of a table.

    A name of a fraud label decides before one that labels in general have; among equals with different content the user
    is asked, and so where only the content (yes or no, 0 or 1) speaks for a column, since that may be any feature.
    """
    by_name = spellings(free)
    exact = [by_name[word] for word in words_of(TRANSACTION_SCHEMA, Role.LABEL) if word in by_name]
    fraud = [name for name in exact if _STEM.search(plain_name(name)) or "launder" in plain_name(name)]
    stems = [name for name in free if _STEM.search(plain_name(name)) and name not in exact]
    others = [name for name in exact if name not in fraud]
    counts = {name: _counts(frame[name]) for name in free}
    saying = [name for name in free if _says_fraud(counts[name])]
    for names in (fraud, stems, list(dict.fromkeys((*saying, *others)))):
        fitting = [name for name in names if may_be_labels(counts[name])]
        if fitting:
            return _one_of(frame, fitting)
    told = [name for name in exact if frame[name].iloc[:_SCANNED].nunique() <= 50]
    if told:  # a label that cannot be read, of which the reader says why
        return FoundLabel(told[0])
    outcomes = {name for name in free if _tells_outcome(name, frame) and may_be_labels(counts[name])}
    asked = [name for name in free if name in outcomes or _is_yes_no(counts[name])]
    if not asked:
        return FoundLabel()
    asked.sort(key=lambda name: min(counts[name].values()) / counts[name].total())
    return FoundLabel(why=CONTENT, question=_question(asked, counts))


def _says_fraud(counts: Counter[str]) -> bool:
    """Return whether values say "fraud" and its contrary, which no feature does ("confirmed fraud", "legit")."""
    meaning = {name: label_meaning(name) for name in counts}
    said = any(_STEM.search(name) and told != HONEST for name, told in meaning.items())
    return said and HONEST in meaning.values() and may_be_labels(counts)


def _tells_outcome(name: str, frame: pd.DataFrame) -> bool:
    """Return whether a column is called after how something ended, or is the last of a table without a header."""
    headless = all(re.fullmatch(r"column_\d+", plain_name(one)) for one in frame.columns)
    return bool(_OUTCOME & set(plain_name(name).split("_"))) or (headless and name == frame.columns[-1])


def _one_of(frame: pd.DataFrame, names: list[str]) -> FoundLabel:
    first = frame[names[0]].astype(str)
    others = [name for name in names[1:] if not frame[name].astype(str).equals(first)]
    if not others:
        if plain_name(names[0]) in words_of(TRANSACTION_SCHEMA, Role.LABEL):
            return FoundLabel(names[0])
        named = _STEM.search(plain_name(names[0]))
        return FoundLabel(names[0], "named like a fraud label, and two values" if named else "its values say fraud")
    names = [names[0], *others]
    return FoundLabel(names[0], question=_question(names, {name: _counts(frame[name]) for name in names}))


def _question(names: Sequence[str], counts: dict[str, Counter[str]]) -> Question:
    shown = names[:_MOST_ASKED]
    told = "; ".join(f"{shorten(name, 40)!r} ({_told(counts[name])})" for name in shown)
    choices = [Choice(f"{shorten(name, 40)}: {_told(counts[name])}", {"label": (name,)}) for name in shown]
    none = Choice("none of them: there are no labels", {"label": ()})
    fits = "may be" if len(shown) == 1 else "may each be"
    return Question("target", f"Which column says what is fraud? {told} {fits} the label.", (*choices, none))


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{shorten(value, 20)}: {count:,}" for value, count in counts.most_common(3))


def _is_yes_no(counts: Counter[str]) -> bool:
    """Return whether a column's values are those of a yes-or-no label, neither of them the rule without exception."""
    return len(counts) <= 3 and may_be_labels(counts, both=True)


def _counts(column: pd.Series) -> Counter[str]:
    """Return how often each value occurs; nothing of a column with many, or of times."""
    kind = column.dtype
    if pd.api.types.is_datetime64_any_dtype(kind) or column.iloc[:_SCANNED].nunique() > 50:
        return Counter()
    if pd.api.types.is_float_dtype(kind) and not np.all(column.dropna().iloc[:_SCANNED] % 1 == 0):
        return Counter()
    return label_counts(column)


@dataclass(frozen=True)
class LabelRead:
    """Labels folded into honest and fraud (None where new cases have none), what is to say, and what is open."""

    labels: pd.Series | None
    notes: tuple[Finding, ...] = ()
    target: Target | None = None
    question: Question | None = None


def read_label(raw: pd.Series, request: ReadRequest) -> LabelRead:
    """Read the label's column; which values are fraud is asked where words do not tell.

    Raises
    ------
    SchemaError
        If data to learn from hold no labels there.
    """
    said = {key: str(request.options.get(key) or "") for key in ("positive", "unlabelled")}
    question = label_question(raw, said["positive"]) if request.labelled else None
    if question is not None:
        first = question.choices[0].options
        said = {key: str(first.get(key, "")) for key in said}
    try:
        labels, notes = fraud_labels(raw, **said)
    except SchemaError:
        if request.labelled:
            raise
        text = f"Column {shorten(raw.name, 40)!r} holds no labels for legitimate and fraud, and was ignored."
        return LabelRead(None, (Finding("info", "label-not-read", text),))
    more = label_findings(labels) if request.labelled else ()
    return LabelRead(labels, (*notes, *more), _target(raw, labels), question)


def _target(raw: pd.Series, labels: pd.Series) -> Target:
    """Return the label's values as they stand in the file, and which of them is fraud."""
    counts = raw[labels.notna().to_numpy()].value_counts()
    frauds = raw[(labels == FRAUD).to_numpy()].value_counts()
    plain = {name: _plain_value(name) for name in counts.index}
    values = dict(sorted(((plain[name], int(count)) for name, count in counts.items()), key=lambda one: -one[1])[:20])
    return Target(str(raw.name), values, _plain_value(frauds.index[0]) if len(frauds) else "", int(labels.isna().sum()))


def _plain_value(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
