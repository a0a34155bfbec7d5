"""Labels of transactions as people write them, folded into honest and fraud."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.labels import tidy_label
from dl_core.data.reading import Choice, Question
from dl_core.errors import SchemaError, counted, shorten

HONEST, FRAUD = "honest", "fraud"
_FRAUD_WORDS = re.compile(
    r"^(1|y|yes|t|true|fraud|fraudulent|fraudster|scam|charge ?back|chargedback|illicit|suspicious|positive|pos|bad|"
    r"laundering|stolen|confirmed|confirmed fraud|anomaly|anomalous|abnormal|illegal|default|attack|betrug|fraude|"
    r"frode|ja|oui|s[ií]|sim|tak|evet|да|是)$"
)
_HONEST_WORDS = re.compile(
    r"^(0|-1|n|no|f|false|legit|legitimate|genuine|normal|honest|ok|okay|good|clean|valid|benign|licit|ordinary|regular|"
    r"negative|neg|none|legal|non ?fraud|not ?fraud|no ?fraud|non ?fraudulent|not ?fraudulent|no ?charge ?back|"
    r"cleared|paid|standard|usual|nein|nej|non|não|nao|nie|nee|hay[ıi]r|нет|否|kein betrug|leg[ií]timo|normale?)$"
)
_OPEN_WORDS = re.compile(
    r"pending|unknown|unk|undecided|undetermined|unverified|uncertain|unclear|unlabell?ed|unresolved|unconfirmed|"
    r"(in|under|to be|for|on) ?(review|investigation|process|progress|checked|hold)|investigating|review|open|"
    r"tbd|todo|not (yet )?(known|available|reviewed|decided|checked)|offen|unbekannt|ungeprüft|inconnu|en attente|"
    r"desconocido|pendiente|sconosciuto|-1|9|99|-9|-99|999|-999"
)
_RARE_THIRD = 0.25  # share of the rows up to which a third value beside a yes and a no is taken for "not yet known"
_MOST_KINDS = 50
_ACCOUNTS_THAT_TELL = 5  # with several rows, all of them fraud
ACCOUNT_LABELS = "account-labels"  # kind of the note that labels are those of accounts, not of rows


def fraud_labels(raw: pd.Series, positive: str = "", unlabelled: str = "") -> tuple[pd.Series, list[Finding]]:
    """Fold labels in any spelling into "honest" and "fraud".

    Words decide (1, yes, true, fraud, chargeback; 0, no, legit, genuine …). Where they do not tell, the rarer class is
    taken for fraud, and a note says so; `label_question` asks instead. What is not yet known (pending, in review; one
    rare third value beside a yes and a no) is no label.

    Parameters
    ----------
    raw : pandas.Series
        Labels as read.
    positive, unlabelled : str
        The user's word: values that are fraud, and values that are no label, parted by ``|``; the others are honest.

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
    counts = _counted(codes, tidy)
    if positive:
        frauds, none = _several(positive), _several(unlabelled)
        meaning = {name: FRAUD if name in frauds else "" if name in none else HONEST for name in counts}
        notes: list[Finding] = []
    else:
        known, aside = _unknown_aside(counts)
        meaning, notes = _meanings(known, str(raw.name))
        meaning |= dict.fromkeys(aside, "")
        if aside:
            told = ", ".join(f"{shorten(name, 30)!r} ({counts[name]:,} rows)" for name in aside)
            text = f"Column {shorten(raw.name, 40)!r}: {told} is no label: not yet known whether fraud."
            notes.append(Finding("info", "unlabelled-values", text))
    words = [None if name is None else meaning[name.casefold()] or None for name in tidy]
    labels = pd.Series(np.array([*words, None], dtype=object)[codes], index=raw.index, dtype="object", name=raw.name)
    missing = int(labels.isna().sum())
    if missing:
        text = (
            f"{missing:,} of {len(labels):,} rows have no label; they are scored but used neither for training nor for "
            "evaluation."
        )
        notes.append(Finding("info", "missing-label", text))
    return labels, notes


def label_counts(raw: pd.Series) -> Counter[str]:
    """Return how often each value of a label occurs, in lower case; missing ones are not counted."""
    codes, values = pd.factorize(raw)
    return _counted(codes, [tidy_label(value) for value in values])


def may_be_labels(counts: Counter[str], both: bool = False) -> bool:
    """Return whether values can be those of a label: two of them, or a yes, a no and what is not yet known.

    With ``both`` their words must say which is which.
    """
    known, _ = _unknown_aside(counts)
    told = {label_meaning(name) for name in known}
    if both:
        return len(known) == 2 and told == {FRAUD, HONEST}
    return len(known) == 2 or (len(known) > 2 and bool(told & {FRAUD, HONEST}) and len(known) <= _MOST_KINDS)


def label_question(raw: pd.Series, positive: str = "") -> Question | None:
    """Return the question which values are fraud, where words do not tell and the user has not said."""
    counts = label_counts(raw)
    known, aside = _unknown_aside(counts)
    unknown = [name for name in known if not label_meaning(name)]
    if positive or len(known) < 2 or len(known) > _MOST_KINDS:
        return None
    where, rarest = f"column {shorten(raw.name, 40)!r}", sorted(known, key=lambda name: (known[name], name))
    if len(known) == 2 and (len(unknown) == 2 or _is_one_of_two(known)):
        choices = [_choice(f"{shorten(name, 30)} is fraud ({known[name]:,} rows)", [name], aside) for name in rarest]
        told = " and ".join(f"{shorten(name, 30)!r} ({known[name]:,} rows)" for name in rarest)
        return Question("positive", f"Which value of {where} means fraud? It holds {told}.", tuple(choices))
    frauds = [name for name in known if label_meaning(name) == FRAUD]
    honest = [name for name in known if label_meaning(name) == HONEST]
    if len(known) == 2 or not unknown or not (frauds or honest):
        return None
    rest = [name for name in rarest if name not in honest]
    listed = ", ".join(shorten(name, 24) for name in unknown[:6]) + (" …" if len(unknown) > 6 else "")
    choices = [_choice(f"all but {', '.join(honest)} are fraud", rest, aside)] if honest else []
    if frauds:
        choices.append(_choice(f"only {', '.join(frauds)}; {listed} are no labels", frauds, [*aside, *unknown]))
        choices.append(_choice(f"only {', '.join(frauds)}; {listed} are legitimate", frauds, aside))
    else:
        choices += [_choice(f"only {shorten(name, 30)} is fraud", [name], aside) for name in rest[:4]]
    return Question(
        "positive", f"Which values of {where} mean fraud? Its words do not tell for {listed}.", tuple(choices)
    )


def _choice(text: str, frauds: Iterable[str], aside: Iterable[str]) -> Choice:
    options = {"positive": "|".join(frauds)} | ({"unlabelled": "|".join(aside)} if list(aside) else {})
    return Choice(text, options=options)


def _several(said: str) -> set[str]:
    return {name.strip().casefold() for name in str(said).split("|") if name.strip()}


def _counted(codes: np.ndarray, tidy: Sequence[str | None]) -> Counter[str]:
    counts = Counter[str]()
    for name, count in zip(tidy, np.bincount(codes[codes >= 0], minlength=len(tidy)), strict=True):
        if name is not None:
            counts[name.casefold()] += int(count)
    return counts


def _unknown_aside(counts: Counter[str]) -> tuple[Counter[str], list[str]]:
    """Return the counts without values that say "not yet known", and these."""
    if len(counts) < 3:
        return counts, []
    aside = [name for name in counts if _OPEN_WORDS.fullmatch(_plain(name))]
    left = Counter({name: count for name, count in counts.items() if name not in aside})
    others = [name for name in left if not label_meaning(name)]
    told = {label_meaning(name) for name in left} - {""}
    third = len(others) == 1 and told == {FRAUD, HONEST} and not re.fullmatch(r"-?\d+", others[0])
    if third and left[others[0]] <= _RARE_THIRD * left.total():
        aside.append(others[0])
    return (
        (Counter({name: count for name, count in counts.items() if name not in aside}), aside) if aside else (left, [])
    )


def _is_one_of_two(counts: Counter[str]) -> bool:
    """Return whether the labels are 1 and 2, or 1 and -1: some say 1 for fraud, others the other."""
    return "1" in counts and counts.keys() - {"1"} <= {"-1", "2"}


def are_labels_of(units: pd.Series, labels: pd.Series, said: bool = False) -> bool:
    """Return whether labels belong to accounts (or the like) rather than to rows: all rows of one have the same.

    Parameters
    ----------
    units : pandas.Series
        (n,) key of each row.
    labels : pandas.Series
        (n,) as `fraud_labels` gives them; rows without one tell nothing.
    said : bool
        Whether something else says so; without, accounts with several frauds must tell that it is no chance.

    Examples
    --------
    >>> accounts = pd.Series(list("aabbccddee"))
    >>> are_labels_of(accounts, pd.Series(["fraud"] * 10)), are_labels_of(accounts, pd.Series(["fraud", "honest"] * 5))
    (True, False)
    """
    known = (units.notna() & labels.notna()).to_numpy()
    codes, fraud = pd.factorize(units[known])[0], (labels[known] == FRAUD).to_numpy()
    rows = np.bincount(codes)
    frauds = np.bincount(codes, weights=fraud, minlength=len(rows))
    alike = bool(((frauds == 0) | (frauds == rows)).all())
    return alike and (said or int((frauds > 1).sum()) >= _ACCOUNTS_THAT_TELL)


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
    known = {name: label_meaning(name) for name in counts}
    unknown = [name for name, meaning in known.items() if not meaning]
    told = {meaning for meaning in known.values() if meaning}
    if len(counts) == 2 and _is_one_of_two(counts):
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


def label_meaning(name: str) -> str:
    """Return what a word of a label says: ``"fraud"``, ``"honest"``, or nothing."""
    plain = _plain(name)
    if _HONEST_WORDS.match(plain):
        return HONEST
    return FRAUD if _FRAUD_WORDS.match(plain) else ""


def _plain(name: str) -> str:
    """Return a label without dashes, points and underscores; numbers keep their minus."""
    return name if re.fullmatch(r"-\d+", name) else re.sub(r"[\s_\-./]+", " ", name).strip()


def _kinds(counts: Counter[str]) -> str:
    """Return the labels found, unless they are long or many: those may be texts about people."""
    names = [name for name, _ in counts.most_common(4)]
    if len(counts) > 20 or any(len(name) > 24 for name in names):
        return "too many to be classes"
    return ", ".join(shorten(name, 24) for name in names) + (" …" if len(counts) > 4 else "")
