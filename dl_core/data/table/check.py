"""Everything that speaks for or against training on a table of transactions, found at once."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dl_core.data import instants
from dl_core.data.dataset import Dataset, Finding
from dl_core.data.findings import listed, worst_first
from dl_core.data.parts import part_ranks
from dl_core.data.placeholders import check_placeholders
from dl_core.data.splits import PARTS, Splits
from dl_core.data.table.labels import label_codes
from dl_core.data.table.leakage import find_leakage
from dl_core.errors import counted
from dl_core.schema import Role

FEW_FRAUDS = 50  # below, intervals are too wide to say much
_RARE = 0.05  # share of frauds, below which accuracy misleads
_EMPTY = 0.5  # share of missing values, from which a column says little
_GAP_DAYS = 3  # days in a row without any transaction
_GAPS_FROM = 14  # days of data


def check_transactions(dataset: Dataset, splits: Splits | None = None) -> list[Finding]:
    """Return what reading noted, what labels, columns and times show, and what leaks; errors first.

    Parameters
    ----------
    dataset : Dataset
    splits : Splits, optional
        With it, parts without fraud and leakage across parts are found too.
    """
    findings = list(dataset.notes)
    findings += check_frauds(dataset)
    findings += _check_columns(dataset)
    findings += check_placeholders(dataset.table[_given(dataset)])
    findings += _check_gaps(dataset)
    rank = part_ranks(dataset, splits)
    if splits is not None:
        findings += _check_parts(dataset, rank)
    findings += find_leakage(dataset, splits, rank)
    return worst_first(findings)


def check_frauds(dataset: Dataset) -> list[Finding]:
    """Return findings on how many frauds there are, and how rare they are."""
    targets = label_codes(dataset.values(Role.LABEL), len(dataset))
    frauds, honest = int((targets == 1).sum()), int((targets == 0).sum())
    if not frauds or not honest:
        return []
    share = frauds / (frauds + honest)
    findings = []
    if 1 < frauds < FEW_FRAUDS:
        text = f"{frauds} frauds are few; metrics will be uncertain. Aim for hundreds."
        findings.append(Finding("warning", "few-frauds", text))
    if share > 0.5:
        text = f"{share:.0%} of the labelled rows are fraud. Is the label inverted?"
        findings.append(Finding("warning", "mostly-fraud", text))
    elif share < _RARE:
        text = (
            f"{frauds:,} of {frauds + honest:,} labelled rows are fraud ({share:.2%}), class imbalance: predicting "
            f"all legitimate has accuracy {1 - share:.2%}. Use AUPRC and precision at the review budget, not accuracy."
        )
        findings.append(Finding("info", "imbalance", text))
    return findings


def _check_columns(dataset: Dataset) -> list[Finding]:
    """Return findings on constant columns and missing values, of the columns that models read."""
    used = [column for role in (Role.AMOUNT, Role.FEATURE) for column in dataset.roles.get(role, ())]
    keys = [column for role in (Role.TIME, Role.ENTITY, Role.COUNTERPARTY) for column in dataset.roles.get(role, ())]
    findings = []
    constant = [column for column in used if _is_constant(dataset.table[column])]
    if constant:
        text = f"Constant columns are skipped: {listed(constant)}."
        findings.append(Finding("warning", "constant-column", text))
    missing = {column: int(dataset.table[column].isna().sum()) for column in dict.fromkeys([*keys, *used])}
    missing = {column: count for column, count in missing.items() if count}
    n = max(1, len(dataset))
    mostly = [column for column, count in missing.items() if count / n > _EMPTY]
    if mostly:
        text = f"Mostly missing columns are skipped: {listed(mostly)}."
        findings.append(Finding("warning", "mostly-empty", text))
    some = [column for column in sorted(missing, key=lambda name: -missing[name]) if column not in mostly]
    if some:
        shown = ", ".join(f"{listed([column])} {missing[column]:,} ({missing[column] / n:.1%})" for column in some[:8])
        more = f" and {len(some) - 8} more columns" if len(some) > 8 else ""
        text = f"Missing values: {shown}{more}. Missing-value indicators are used as features."
        findings.append(Finding("info", "missing-values", text))
    return findings


def _given(dataset: Dataset) -> list[str]:
    """Return the columns that say something of a row, as they were uploaded."""
    return [column for role in (Role.FEATURE, Role.GROUP) for column in dataset.roles.get(role, ())]


def _is_constant(column: pd.Series) -> bool:
    """Return whether no two rows differ; the first rows nearly always settle it."""
    if column.iloc[:1000].nunique(dropna=False) > 1:
        return False
    return column.nunique(dropna=False) <= 1


def _check_gaps(dataset: Dataset) -> list[Finding]:
    """Return a warning where days on end have no transaction, although most days have."""
    time = dataset.values(Role.TIME)
    if time is None:
        return []
    days = np.unique(time.dropna().to_numpy(dtype="datetime64[D]"))
    if len(days) < 2 or (days[-1] - days[0]).astype(int) < _GAPS_FROM:
        return []
    steps = np.diff(days).astype(int)
    span = int(steps.sum()) + 1
    wide = np.flatnonzero(steps > _GAP_DAYS)
    if not len(wide) or len(days) < 0.5 * span:
        return []
    ends = [(days[at] + 1, days[at + 1] - 1) for at in wide[:3]]
    shown = ", ".join(" to ".join(instants.said(day, instants.DAY) for day in pair) for pair in ends)
    more = f" and {len(wide) - 3} more" if len(wide) > 3 else ""
    text = f"No transaction on {shown}{more}. If data are missing there, history and weekly scores suffer."
    return [Finding("warning", "time-gap", text)]


def _check_parts(dataset: Dataset, rank: np.ndarray) -> list[Finding]:
    """Return findings on parts that hold no fraud, or nothing else."""
    if dataset.column(Role.LABEL) is None:
        return []
    targets = label_codes(dataset.values(Role.LABEL))
    findings = []
    for at, part in enumerate(PARTS):
        counts = np.bincount(targets[(rank == at) & (targets >= 0)], minlength=2)
        if not counts.all():
            word = "fraud" if not counts[1] else "legitimate row"
            level = "error" if part == "train" else "warning"
            text = (
                f"There is no {word} in the {part} split ({counted(counts.sum(), 'row')}). Choose other days or shares."
            )
            findings.append(Finding(level, "part-without-class", text))
    return findings
