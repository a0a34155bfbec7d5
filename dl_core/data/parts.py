"""Which part of a split each row belongs to, as numbers: from splits and back, as given, without what mending takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as compute

from dl_core.data.dataset import Dataset
from dl_core.data.splits import PARTS, Splits
from dl_core.errors import OptionError, SchemaError, counted

NONE, TRAIN, VALIDATION, TEST = -1, 0, 1, 2


def part_ranks(dataset: Dataset, splits: Splits | None) -> np.ndarray:
    """Return 0 for training rows, 1 for validation, 2 for test, -1 for rows of no part, (n,)."""
    if splits is None:
        return np.zeros(len(dataset), dtype=np.int8)
    ids = pa.array(dataset.ids.tolist())
    rank = np.full(len(dataset), NONE, dtype=np.int8)
    for at, name in enumerate(PARTS):  # Arrow looks up a million texts in a fraction of pandas' time
        rank[compute.is_in(ids, value_set=pa.array(getattr(splits, name), pa.string())).to_numpy(False)] = at
    return rank


def given_ranks(dataset: Dataset) -> np.ndarray:
    """Return the same of the split that came with the data, (n,); all -1 where none came."""
    if dataset.fixed_split is None:
        return np.full(len(dataset), NONE)
    codes = {name: at for at, name in enumerate(PARTS)}
    return dataset.fixed_split.map(codes).fillna(NONE).to_numpy(dtype=int).copy()


def splits_of(dataset: Dataset, rank: np.ndarray, kind: str, protocol: str) -> Splits:
    """Return the splits of rows with these ranks (n,), which `part_ranks` would return for them."""
    ids = dataset.ids.to_numpy(dtype=object)
    train, validation, test = (tuple(ids[rank == at].tolist()) for at in range(len(PARTS)))
    return Splits(train, validation, test, kind, protocol)


def in_numbers(rank: np.ndarray) -> str:
    """Return the rows of the three parts as "70/10/20".

    >>> in_numbers(np.array([TRAIN, TRAIN, TEST, NONE, VALIDATION, TRAIN]))
    '3/1/1'
    """
    return "/".join(f"{int((rank == at).sum()):,}" for at in range(len(PARTS)))


def check_filled(dataset: Dataset, rank: np.ndarray, todo: str, expected: str = "") -> None:
    """Check that no part is empty.

    Raises
    ------
    SchemaError
        If one is.
    """
    if not all((rank == at).any() for at in range(len(PARTS))):
        raise SchemaError(
            f"the split leaves a part empty ({in_numbers(rank)} training/validation/test rows)",
            where=dataset.name,
            expected=expected or "rows for each of training, validation and test",
            todo=todo,
        )


def check_mendable(kinds: Iterable[str], mendable: Sequence[str]) -> list[str]:
    """Return the kinds of findings to mend, each once.

    Raises
    ------
    OptionError
        If one cannot be fixed.
    """
    kinds = list(dict.fromkeys(kinds))
    for kind in kinds:
        if kind not in mendable:
            raise OptionError(f"{kind!r} cannot be fixed", where="mend", expected=", ".join(mendable))
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
    train, validation = (tuple(row for row in part if row not in gone) for part in (splits.train, splits.validation))
    if not train or not validation:
        raise OptionError(
            f"removing {counted(len(gone), 'row')} would leave no training or validation rows",
            where="mend",
            todo="correct your data instead, then split anew",
        )
    return replace(splits, train=train, validation=validation, protocol=f"{splits.protocol}; {words}")
