"""What a split of interactions gives away or cannot judge: known pairs, unknown users and items, the future."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset, Finding
from dl_core.data.findings import ROWS_LISTED
from dl_core.data.parts import TEST, TRAIN, VALIDATION
from dl_core.errors import counted
from dl_core.schema import Role

FEW_USERS = 100  # test users; below, intervals are too wide to say much


def find_leakage(dataset: Dataset, user: np.ndarray, item: np.ndarray, rank: np.ndarray) -> list[Finding]:
    """Return findings on the parts.

    Parameters
    ----------
    dataset : Dataset
    user, item : numpy.ndarray
        (n,) int codes.
    rank : numpy.ndarray
        (n,) 0 for training, 1 for validation, 2 for test, -1 for none.
    """
    findings = [*_few(user, rank), *_unknown(user, item, rank), *_known(dataset, user, item, rank)]
    time = dataset.values(Role.TIME)
    if time is not None:
        findings += _future(user, time.to_numpy(dtype="datetime64[ns]"), rank)
    return findings


def _few(user: np.ndarray, rank: np.ndarray) -> list[Finding]:
    judged = len(pd.unique(user[rank == TEST]))
    if judged >= FEW_USERS:
        return []
    text = f"The test has {counted(judged, 'user')} only, so metrics will be uncertain. Aim for hundreds."
    return [Finding("warning", "few-test-users", text)]


def _unknown(user: np.ndarray, item: np.ndarray, rank: np.ndarray) -> list[Finding]:
    """Return how many users and items of the test training has never seen."""
    findings = []
    for codes, word, more in (
        (user, "user", "they get popularity or group-based recommendations"),
        (item, "item", "only models with item features can rank them (cold items)"),
    ):
        known = np.zeros(int(codes.max()) + 1, dtype=bool)
        known[codes[(rank == TRAIN) | (rank == VALIDATION)]] = True
        rows = (rank == TEST) & ~known[codes]
        if rows.any():
            number, share = len(np.unique(codes[rows])), rows.sum() / (rank == TEST).sum()
            level = "warning" if share > 0.05 else "info"
            text = (
                f"Unseen in training (cold start): {counted(number, word)} of the test ({share:.1%} of its rows); "
                f"{more}."
            )
            findings.append(Finding(level, f"unknown-test-{word}s", text))
    return findings


def known_pairs(user: np.ndarray, item: np.ndarray, rank: np.ndarray) -> np.ndarray:
    """Return the positions of rows whose user and item stand in a later part too."""
    pairs = user.astype(np.int64) * (int(item.max(initial=0)) + 1) + item
    later = [np.isin(pairs, pairs[rank > part]) & (rank == part) for part in (TRAIN, VALIDATION)]
    return np.flatnonzero(later[0] | later[1])


def _known(dataset: Dataset, user: np.ndarray, item: np.ndarray, rank: np.ndarray) -> list[Finding]:
    at = known_pairs(user, item, rank)
    if not len(at):
        return []
    text = (
        f"Held out, and in an earlier part too: user and item of {counted(len(at), 'row')}. As consumed items are "
        "not recommended, such held-out rows can never be hits; unless repeats are intended (repeats=keep), "
        "remove the earlier rows."
    )
    return [Finding("warning", "known-pairs", text, tuple(dataset.ids[at[:ROWS_LISTED]]), mend="known-pairs")]


def _future(user: np.ndarray, time: np.ndarray, rank: np.ndarray) -> list[Finding]:
    """Return how far training looks ahead of the test, and how many held-out rows share their moment with training."""
    timed = ~np.isnat(time)
    train, test = timed & (rank == TRAIN), timed & (rank == TEST)
    if not train.any() or not test.any():
        return []
    findings = []
    n = int(user.max()) + 1
    last = np.full(n, np.iinfo(np.int64).min)
    np.maximum.at(last, user[train], time[train].astype(np.int64))
    stamps = time[test].astype(np.int64)
    own = float((last[user[test]] > stamps).mean())
    others = float((time[train].max() > time[test]).mean())
    if own > 0.01:
        text = (
            f"For {own:.0%} of the test rows, training holds later rows of the same user: the split is not "
            "temporal, so metrics are optimistic (temporal leakage). Split by the last items or by date to avoid "
            "that."
        )
        findings.append(Finding("info", "own-future", text))
    elif others > 0.01:
        text = (
            f"For {others:.0%} of the test rows, training holds later rows of other users, so trends leak from the "
            "future. Splitting by date is stricter."
        )
        findings.append(Finding("info", "others-future", text))
    same = float((last[user[test]] == stamps).mean())
    if same > 0.2:
        text = (
            f"{same:.0%} of the test rows have the same time as a training row of their user (one basket, or dates "
            "without a clock), so part of the target is in the same basket (leakage). Splitting by date is "
            "stricter."
        )
        findings.append(Finding("info", "same-moment", text))
    return findings
