"""Which part of a split each row belongs to, and splits without the rows that mending takes out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as compute

from dl_core.data.dataset import Dataset
from dl_core.data.splits import PARTS, Splits
from dl_core.errors import OptionError


def part_ranks(dataset: Dataset, splits: Splits | None) -> np.ndarray:
    """Return 0 for training rows, 1 for validation, 2 for test, -1 for rows of no part, (n,)."""
    if splits is None:
        return np.zeros(len(dataset), dtype=np.int8)
    ids = pa.array(dataset.ids.tolist())
    rank = np.full(len(dataset), -1, dtype=np.int8)
    for at, name in enumerate(PARTS):  # Arrow looks up a million texts in a fraction of pandas' time
        rank[compute.is_in(ids, value_set=pa.array(getattr(splits, name), pa.string())).to_numpy(False)] = at
    return rank


def check_mendable(kinds: Iterable[str], mendable: Sequence[str]) -> list[str]:
    """Return the kinds of findings to mend, each once.

    Raises
    ------
    OptionError
        If one cannot be mended.
    """
    kinds = list(dict.fromkeys(kinds))
    for kind in kinds:
        if kind not in mendable:
            raise OptionError(f"{kind!r} cannot be mended", where="mend", expected=", ".join(mendable))
    return kinds


def without_rows(splits: Splits, gone: set[str], words: str) -> Splits:
    """Return the splits without these rows in training and validation; test rows stay.

    Parameters
    ----------
    splits : Splits
    gone : set of str
        Row ids.
    words : str
        What the protocol says of it.

    Raises
    ------
    OptionError
        If nothing would be left to train or to choose on.
    """
    if not gone:
        return splits
    parts = {part: tuple(row for row in getattr(splits, part) if row not in gone) for part in ("train", "validation")}
    if not all(parts.values()):
        raise OptionError(
            f"taking {len(gone):,} rows out would leave nothing to train or to choose on",
            where="mend",
            todo="correct your data instead, then split anew",
        )
    return replace(splits, **parts, protocol=f"{splits.protocol}; {words}")
