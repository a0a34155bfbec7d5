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
            f"No row reaches {options['positive_from']:g}, so there is no positive feedback. Lower the "
            "positive-feedback threshold (positive_from)."
        )
        return [Finding("error", "nothing-liked", text)]
    lone = _lone(user[positive], item, names)
    return lone or [*_dense(user, item, options["repeats"] == "fold"), *_single(user[positive])]


def _lone(user: np.ndarray, item: np.ndarray, names: Mapping[Role, str]) -> list[Finding]:
    findings = []
    for codes, word, role, more in (
        (user, "user", Role.USER, "there is no collaborative signal"),
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
            "Every user has interacted with every item (density 100 %), so nothing is left to recommend. Add "
            "items with fewer users, or keep repeats (repeats=keep) to recommend consumed items again."
        )
        return [Finding("error", "all-taken", text)]
    if share > _DENSE:
        text = (
            f"Density is {share:.0%}, so little is left to recommend and lists differ little. "
            "Finer items (products instead of categories) would help."
        )
        return [Finding("warning", "dense", text)]
    return []


def _single(user: np.ndarray) -> list[Finding]:
    counts = np.bincount(user)
    single, several = int((counts == 1).sum()), int((counts > 1).sum())
    if not several:
        text = (
            "No user has two interactions, so preferences can be neither learned nor evaluated. Check that the "
            "user column holds customers, not orders, or add rows."
        )
        return [Finding("error", "single-rows", text)]
    if single:
        text = (
            f"{single:,} of {single + several:,} users have a single interaction; it is used for training, nothing "
            "can be held out for evaluation."
        )
        return [Finding("info", "single-row-users", text)]
    return []
