"""Everything that speaks for or against training on a table of interactions, found at once."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset, Finding
from dl_core.data.findings import ROWS_LISTED, worst_first
from dl_core.data.interactions.catalogue import ITEMS, TITLE
from dl_core.data.interactions.histories import POSITIVE
from dl_core.data.interactions.leakage import find_leakage, known_pairs
from dl_core.data.parts import check_mendable, part_ranks, without_rows
from dl_core.data.placeholders import check_placeholders
from dl_core.data.privacy import personal_kind
from dl_core.data.splits import Splits
from dl_core.errors import counted, shorten
from dl_core.schema import Role

MENDABLE = ("known-pairs", "heavy-users")
_SPARSE_ITEM = 5  # rows; below, little is learned of an item
_HEAVY = 0.02  # share of all rows that is more than a customer takes
_HEAVY_USERS = 200  # with fewer users such shares are ordinary
_HEAVY_TIMES = 50  # times the median user's rows
_TOP = 0.01  # share of items whose share of rows is told
_CROWDED = 0.5


def check_interactions(dataset: Dataset, splits: Splits | None = None) -> list[Finding]:
    """Return what reading noted, what users, items and values show, and what the split gives away; errors first.

    Parameters
    ----------
    dataset : Dataset
    splits : Splits, optional
        With it, the parts are judged too.
    """
    findings = list(dataset.notes)
    if dataset.column(Role.ITEM) is not None and len(dataset):
        user, item = (pd.factorize(dataset.values(role))[0] for role in (Role.USER, Role.ITEM))
        rank = part_ranks(dataset, splits)
        findings += [*_sparsity(user, item), *_popularity(item), *_heavy_users(dataset, user, rank)]
        findings += [*_values(dataset), *_metadata(dataset), *_personal(dataset)]
        findings += [note for side in dataset.side.values() for note in check_placeholders(side)]
        if splits is not None:
            findings += find_leakage(dataset, user, item, rank)
    return worst_first(findings)


def _sparsity(user: np.ndarray, item: np.ndarray) -> list[Finding]:
    """Return how much is known of users and items."""
    of_user, of_item = np.bincount(user), np.bincount(item)
    share = len(pd.unique(user.astype(np.int64) * len(of_item) + item)) / (len(of_user) * len(of_item))
    text = (
        f"{counted(len(of_user), 'user')}, {counted(len(of_item), 'item')}, {counted(len(user), 'row')}, density "
        f"{share:.2%}; the "
        f"median user has {np.median(of_user):g} rows, the median item {np.median(of_item):g}."
    )
    findings = [Finding("info", "sparsity", text)]
    once, few = int((of_item == 1).sum()), int((of_item < _SPARSE_ITEM).sum())
    if few:
        text = (
            f"{few:,} of {len(of_item):,} items have fewer than {_SPARSE_ITEM} interactions ({once:,} of them "
            "one); little can be learned about them except from item features. Set the minimum interactions per "
            "item (min_item) to exclude them."
        )
        level = "warning" if few > 0.5 * len(of_item) else "info"
        findings.append(Finding(level, "rare-items", text))
    return findings


def _popularity(item: np.ndarray) -> list[Finding]:
    """Return how far few items make up most of the rows."""
    counts = np.sort(np.bincount(item))[::-1]
    if len(counts) < 20:
        return []
    top = max(1, int(round(_TOP * len(counts))))
    share, tenth = counts[:top].sum() / counts.sum(), counts[: max(1, len(counts) // 10)].sum() / counts.sum()
    text = (
        f"Popularity skew: the top 10 % of items make up {tenth:.0%} of the rows, the "
        f"{f'top {top:,}' if top > 1 else 'most popular one'} {share:.0%}. "
        "Compare every model with popularity, and look at coverage and exposure."
    )
    return [Finding("warning" if share > _CROWDED else "info", "popularity", text)]


def _heavy_users(dataset: Dataset, user: np.ndarray, rank: np.ndarray) -> list[Finding]:
    """Return users with far more rows than a customer has: tills, resellers, bots."""
    counts = np.bincount(user)
    if len(counts) < _HEAVY_USERS:
        return []
    heavy = np.flatnonzero((counts > _HEAVY * counts.sum()) & (counts > _HEAVY_TIMES * np.median(counts)))
    if not len(heavy):
        return []
    rows = np.flatnonzero(np.isin(user, heavy) & (rank >= 0) & (rank < 2))
    text = (
        f"{len(heavy)} user{'s' if len(heavy) > 1 else ''} made {counts[heavy].sum() / counts.sum():.0%} of all "
        f"rows, {counts[heavy].max():,} against {np.median(counts):g} of the median user: a till, a reseller or a "
        "bot? Their rows can be removed from training."
    )
    return [Finding("warning", "heavy-users", text, _ids(dataset, rows), mend="heavy-users")]


def _values(dataset: Dataset) -> list[Finding]:
    value = dataset.values(Role.VALUE)
    if value is None:
        return []
    name, kinds = shorten(dataset.column(Role.VALUE), 40), {note.kind for note in dataset.notes}
    if value.nunique() == 1 and value.notna().all():
        return [Finding("info", "constant-value", f"Column {name!r} is constant and carries no information.")]
    if "ratings" in kinds and dataset.table[POSITIVE].all():
        text = (
            f"Every rating in {name!r} counts as positive feedback, the lowest too ({value.min():g} to "
            f"{value.max():g}). Set the positive-feedback threshold (positive_from) to count high ratings only."
        )
        return [Finding("info", "no-threshold", text)]
    return []


def _metadata(dataset: Dataset) -> list[Finding]:
    """Return what the items table lacks, and what it has besides."""
    table = dataset.side.get(ITEMS)
    if table is None:
        return []
    taken = pd.Index(dataset.require(Role.ITEM).unique())
    empty = table.index[table.isna().all(axis=1).to_numpy()]
    lacking = int(taken.isin(empty).sum() + (~taken.isin(table.index)).sum())
    findings = []
    if lacking:
        text = (
            f"{lacking:,} of {len(taken):,} items of the interactions are missing from the items table; they are "
            "kept by id, without item features."
        )
        findings.append(Finding("warning", "items-without-metadata", text))
    new = int((~table.index.isin(taken)).sum())
    if new:
        text = (
            f"Without interactions: {counted(new, 'item')} of the items table (cold items), which only models with "
            "item features can recommend."
        )
        findings.append(Finding("info", "untaken-items", text))
    if TITLE in table:
        titles = table.loc[table.index.isin(taken), TITLE].dropna().str.casefold()
        twice = int(titles.duplicated(keep=False).sum())
        if twice:
            text = f"{twice:,} items share their title with another one; lists may appear to repeat an item."
            findings.append(Finding("info", "same-title", text))
    return findings


def _personal(dataset: Dataset) -> list[Finding]:
    """Return a warning where ids of users are mail addresses, names, or numbers of cards or accounts."""
    name = dataset.column(Role.USER)
    what = personal_kind(dataset.table[name].unique().tolist(), persons=True)
    if not what:
        return []
    text = (
        f"Column {shorten(name, 40)!r} looks like {what}. They will appear in lists, reports and exports; "
        "pseudonymise them before uploading if others will see these."
    )
    return [Finding("warning", "personal-ids", text)]


def _ids(dataset: Dataset, rows: np.ndarray) -> tuple[str, ...]:
    return tuple(dataset.ids[rows[:ROWS_LISTED]])


def mend_interactions(dataset: Dataset, splits: Splits, kinds: Iterable[str]) -> tuple[Dataset, Splits]:
    """Return data set and splits with findings mended; test rows are never touched.

    ``"known-pairs"`` drops rows from training and validation whose user and item stand in the test too (from training
    where they stand in validation); ``"heavy-users"`` drops the training and validation rows of tills and bots.

    Raises
    ------
    OptionError
        If there is no such kind, or nothing would be left to train on.
    """
    kinds = check_mendable(kinds, MENDABLE)
    user, item = (pd.factorize(dataset.values(role))[0] for role in (Role.USER, Role.ITEM))
    rank = part_ranks(dataset, splits)
    gone: set[str] = set()
    if "known-pairs" in kinds:
        gone |= set(dataset.ids[known_pairs(user, item, rank)])
    if "heavy-users" in kinds:
        gone |= {row for finding in _heavy_users(dataset, user, rank) for row in finding.rows}
    words = f"{counted(len(gone), 'row')} removed from training and validation ({', '.join(kinds)})"
    return dataset, without_rows(splits, gone, words)
