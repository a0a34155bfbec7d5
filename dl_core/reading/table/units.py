"""Whose the labels are: an account's, by a table of accounts or because all of its rows have the same one."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.table.labels import ACCOUNT_LABELS, are_labels_of
from dl_core.errors import shorten


def labelled_unit(labels: pd.Series, told: Mapping[str, pd.Series], keys: Mapping[str, pd.Series]) -> str:
    """Return the column whose values the labels belong to; nothing where each row has its own.

    Parameters
    ----------
    labels : pandas.Series
        (n,) "honest", "fraud" or missing.
    told, keys : mapping of str to pandas.Series
        Keys of the rows, (n,) each: what the user said or labels were joined by, and others, which their rows must
        tell.
    """
    for said, some in ((True, told), (False, keys)):
        for name, units in some.items():
            if units.duplicated().any() and are_labels_of(units, labels, said):
                return name
    return ""


def account_labels(column: str) -> Finding:
    """Return the note that labels are those of accounts, which the split follows."""
    text = (
        f"All rows of one {shorten(column, 40)!r} have the same label, so they stay together in a split, and no "
        "history is derived from labels."
    )
    return Finding("info", ACCOUNT_LABELS, text)
