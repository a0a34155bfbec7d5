"""What leaves nothing to learn or to recommend: one user, one item, everyone took everything, nothing liked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.errors import shorten
from dl_core.schema import Role

_DENSE = 0.5  # share of all pairs, from which little is left to recommend


def degenerate_findings(
    user: np.ndarray, item: np.ndarray, positive: np.ndarray, options: Mapping[str, Any], names: Mapping[Role, str]
) -> list[Finding]:
    """Return findings of level "error" where no recommender can be trained, with what to do about it.

    Parameters
    ----------
    user, item : numpy.ndarray
        (n,) int codes.
    positive : numpy.ndarray
        (n,) bool.
    options : mapping
        The read options ``positive_from`` and ``repeats``.
    names : mapping of Role to str
        The columns of users and items.
    """
    if not positive.any():
        text = (
            f"No row reaches {options['positive_from']:g}, so nothing counts as liked. "
            "Lower the rating from which a row counts (positive_from)."
        )
        return [Finding("error", "nothing-liked", text)]
    lone = _lone(user[positive], item, names)
    return lone or [*_dense(user, item, options["repeats"] == "fold"), *_single(user[positive])]


def _lone(user: np.ndarray, item: np.ndarray, names: Mapping[Role, str]) -> list[Finding]:
    findings = []
    for codes, word, role, more in (
        (user, "user", Role.USER, "nothing can be learned from what others took"),
        (item, "item", Role.ITEM, "there is nothing to choose from"),
    ):
        if (codes == codes[0]).all():
            text = (
                f"There is one {word} only (column {shorten(names[role], 40)!r}), so {more}. Check that this column "
                f"holds the {word}s, or add rows of other {word}s."
            )
            findings.append(Finding("error", f"one-{word}", text))
    return findings


def _dense(user: np.ndarray, item: np.ndarray, fold: bool) -> list[Finding]:
    users, items = (int((np.bincount(codes) > 0).sum()) for codes in (user, item))
    share = len(pd.unique(user.astype(np.int64) * (int(item.max()) + 1) + item)) / (users * items)
    if share == 1 and fold:
        text = (
            "Every user took every item, so nothing is left to recommend. Add items that not everyone took, or keep "
            "repeats (repeats=keep) to recommend again what was taken before."
        )
        return [Finding("error", "all-taken", text)]
    if share > _DENSE:
        text = (
            f"Users took {share:.0%} of all items, so little is left to recommend and lists differ little. "
            "Finer items (products instead of categories) would say more."
        )
        return [Finding("warning", "dense", text)]
    return []


def _single(user: np.ndarray) -> list[Finding]:
    counts = np.bincount(user)
    single, several = int((counts == 1).sum()), int((counts > 1).sum())
    if not several:
        text = (
            "No user took two items, so no taste can be learned and none judged. Check that the column of users holds "
            "customers and not orders, or add rows."
        )
        return [Finding("error", "single-rows", text)]
    if single:
        text = (
            f"{single:,} of {single + several:,} users took one item only; they train, but nothing of theirs can be "
            "held out to judge by."
        )
        return [Finding("info", "single-row-users", text)]
    return []
