"""Which part of a split each row belongs to."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as compute

from dl_core.data.dataset import Dataset
from dl_core.data.splits import PARTS, Splits


def part_ranks(dataset: Dataset, splits: Splits | None) -> np.ndarray:
    """Return 0 for training rows, 1 for validation, 2 for test, -1 for rows of no part, (n,)."""
    if splits is None:
        return np.zeros(len(dataset), dtype=np.int8)
    ids = pa.array(dataset.ids.tolist())
    rank = np.full(len(dataset), -1, dtype=np.int8)
    for at, name in enumerate(PARTS):  # Arrow looks up a million texts in a fraction of pandas' time
        rank[compute.is_in(ids, value_set=pa.array(getattr(splits, name), pa.string())).to_numpy(False)] = at
    return rank
