"""What a table of transactions gives away: copies across the split, the label in other words, the future."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset, Finding
from dl_core.data.findings import ROWS_LISTED
from dl_core.data.parts import check_mendable, part_ranks, without_rows
from dl_core.data.splits import Splits
from dl_core.data.table.labels import label_codes
from dl_core.data.table.suspects import future_looking, leaking_columns
from dl_core.errors import counted, shorten
from dl_core.schema import Role

MENDABLE = ("duplicates", "leaking-column", "future-looking")
_OWN = (Role.ID, Role.HISTORY)  # not compared where copies are looked for


def find_leakage(dataset: Dataset, splits: Splits | None = None, rank: np.ndarray | None = None) -> list[Finding]:
    """Return findings on copies, leaking columns, future-looking columns and accounts in several parts.

    Parameters
    ----------
    dataset : Dataset
    splits : Splits, optional
        With it, copies are looked for across parts, and columns are judged on training rows only.
    rank : numpy.ndarray, optional
        What `part_ranks` returned, where it is at hand.
    """
    rank = part_ranks(dataset, splits) if rank is None else rank
    columns = [finding for _, finding in _suspects(dataset, rank)]
    return [*_copies(dataset, rank, splits is not None), *columns, *_shared_accounts(dataset, rank, splits)]


def _copies(dataset: Dataset, rank: np.ndarray, split: bool) -> list[Finding]:
    """Return findings on rows that are equal in all columns but their id."""
    hidden = {column for role in _OWN for column in dataset.roles.get(role, ())}
    label = dataset.column(Role.LABEL)
    columns = [column for column in dataset.table.columns if column not in hidden and column != label]
    if not columns:
        return []
    codes = pd.factorize(_row_hashes(dataset.table, columns))[0]
    several = np.bincount(codes)[codes] > 1
    if not several.any():
        return []
    findings, highest = [], np.full(codes.max() + 1, -1, dtype=np.int8)
    np.maximum.at(highest, codes, rank)
    earlier = several & (rank >= 0) & (rank < highest[codes])
    if split and earlier.any():
        rows = tuple(dataset.ids[earlier][:ROWS_LISTED])
        text = (
            f"{_count(earlier.sum())} of training or validation identical to one of validation or test (duplicates "
            "across splits); a model may memorise them. They can be dropped from the earlier split."
        )
        findings.append(Finding("warning", "duplicates", text, rows, mend="duplicates"))
    repeats = pd.Series(codes).duplicated().to_numpy()
    text = (
        f"{_count(repeats.sum())} duplicates of an earlier one in every column but the id; they count more than once."
    )
    findings.append(Finding("info", "duplicate-rows", text, tuple(dataset.ids[repeats][:ROWS_LISTED])))
    return findings


def _count(rows: int) -> str:
    return counted(rows, "row is", "rows are")


def _row_hashes(table: pd.DataFrame, columns: list[str]) -> np.ndarray:
    """Return a 64-bit hash of each row, (n,) uint64."""
    total = np.zeros(len(table), dtype=np.uint64)
    for name in columns:
        column = table[name]
        plain = isinstance(column.dtype, np.dtype) and column.dtype.kind in "biufM"
        values = column.to_numpy() if plain else pd.factorize(column)[0]
        total = total * np.uint64(1_099_511_628_211) + pd.util.hash_array(values)
    return total


def _suspects(dataset: Dataset, rank: np.ndarray) -> list[tuple[str, Finding]]:
    """Return features that know too much, each with its finding, judged on training rows (all rows without a split)."""
    features = [name for name in dataset.roles.get(Role.FEATURE, ()) if name in dataset.table.columns]
    targets = np.where(rank == 0, label_codes(dataset.values(Role.LABEL), len(dataset)), -1)
    if not features or not (targets == 1).any():
        return []
    findings = []
    for name, how in leaking_columns(dataset.table, features, targets).items():
        text = (
            f"Feature {shorten(name, 40)!r} is nearly identical to the label ({how}), target leakage. If it is "
            "filled in after the decision, drop it: metrics would be too optimistic."
        )
        findings.append((name, Finding("warning", "leaking-column", text, mend="leaking-column")))
    return findings + _future(dataset, features, targets)


def _future(dataset: Dataset, features: list[str], targets: np.ndarray) -> list[tuple[str, Finding]]:
    time = dataset.values(Role.TIME)
    if time is None:
        return []
    found: dict[str, str] = {}
    for role, word in ((Role.ENTITY, "account"), (Role.COUNTERPARTY, "counterparty")):
        key = dataset.values(role)
        if key is not None:
            stamps = time.to_numpy(dtype="datetime64[ns]")
            for name, how in future_looking(dataset.table, features, key, stamps, targets).items():
                found.setdefault(name, f"one value for each {word}, {how}")
    findings = []
    for name, how in found.items():
        text = (
            f"Feature {shorten(name, 40)!r} seems to aggregate future frauds ({how}), temporal leakage. Drop it; "
            "Daylight derives such history features itself, without look-ahead."
        )
        findings.append((name, Finding("warning", "future-looking", text, mend="future-looking")))
    return findings


def _shared_accounts(dataset: Dataset, rank: np.ndarray, splits: Splits | None) -> list[Finding]:
    """Return a note on accounts in training and test: meant so by time, a leak of habits otherwise."""
    accounts = dataset.values(Role.ENTITY)
    if accounts is None or splits is None:
        return []
    codes = pd.factorize(accounts)[0]
    shared = np.intersect1d(codes[(rank == 0) & (codes >= 0)], codes[rank == 2])
    if not len(shared):
        return []
    by_time = splits.kind == "by time"
    text = f"{counted(len(shared), 'account is', 'accounts are')} in training and in test" + (
        ", as in production: an account's past is known."
        if by_time
        else "; metrics may be optimistic for new accounts. Split by account or by time to avoid that."
    )
    return [Finding("info" if by_time else "warning", "shared-accounts", text)]


def mend_transactions(dataset: Dataset, splits: Splits, kinds: Iterable[str]) -> tuple[Dataset, Splits]:
    """Return data set and splits with findings mended; test rows are never touched.

    ``"duplicates"`` drops copies from training (from validation, where the other is in test); ``"leaking-column"`` and
    ``"future-looking"`` take the columns concerned out of the features.

    Raises
    ------
    OptionError
        If there is no such kind, or nothing would be left to train on.
    """
    kinds = check_mendable(kinds, MENDABLE)
    rank = part_ranks(dataset, splits)
    if "duplicates" in kinds:
        splits = _without_copies(dataset, splits, rank)
    if {"leaking-column", "future-looking"} & set(kinds):
        dataset = _without_columns(dataset, rank, kinds)
    return dataset, splits


def _without_copies(dataset: Dataset, splits: Splits, rank: np.ndarray) -> Splits:
    found = [finding for finding in _copies(dataset, rank, True) if finding.mend]
    gone = {row for finding in found for row in finding.rows}
    return without_rows(splits, gone, f"{len(gone):,} duplicates dropped from training")


def _without_columns(dataset: Dataset, rank: np.ndarray, kinds: list[str]) -> Dataset:
    features = dataset.roles.get(Role.FEATURE, ())
    gone = {name for name, finding in _suspects(dataset, rank) if finding.mend in kinds}
    roles = {role: columns for role, columns in dataset.roles.items() if role != Role.FEATURE}
    kept = tuple(name for name in features if name not in gone)
    return replace(dataset, roles=roles | ({Role.FEATURE: kept} if kept else {}))
