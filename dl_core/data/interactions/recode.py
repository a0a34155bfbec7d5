"""Histories counted in another catalogue, and those of someone new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import sparse

from dl_core.data.interactions.catalogue import Catalogue
from dl_core.data.interactions.histories import Histories


def recode(histories: Histories, source: Catalogue, target: Catalogue) -> Histories:
    """Return histories counted in another catalogue; items that it lacks are left out."""
    if source is target:
        return histories
    own = recode_items(histories.items, source, target)  # (m,), -1 where unknown
    kept = own >= 0
    owner = np.repeat(np.arange(len(histories)), histories.lengths)[kept]
    counts = np.bincount(owner, minlength=len(histories))
    seen = None
    if histories.seen is not None:
        pairs = histories.seen.tocoo()
        codes = recode_items(pairs.col, source, target)
        there = codes >= 0
        places = (pairs.row[there], codes[there])
        seen = sparse.csr_matrix((np.ones(int(there.sum()), bool), places), shape=(len(histories), len(target)))
    return replace(
        histories,
        n_items=len(target),
        items=own[kept].astype(np.int32),
        starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        values=histories.values[kept],
        times=None if histories.times is None else histories.times[kept],
        seen=seen,
    )


def recode_items(codes: np.ndarray, source: Catalogue, target: Catalogue) -> np.ndarray:
    """Return codes of one catalogue in another, -1 where it lacks the item; few are looked up one by one."""
    if len(codes) < len(source):
        return target.codes(source.ids[codes]) if len(codes) else np.zeros(0, dtype=np.int32)
    return target.codes(source.ids)[codes]


def new_history(catalogue: Catalogue, items: Sequence[str], user: str = "") -> Histories:
    """Return the history of one new user who took ``items``, the last one last; unknown items are left out."""
    codes = catalogue.codes(np.asarray(list(items), dtype=object)) if len(items) else np.array([], dtype=np.int32)
    codes = codes[codes >= 0]
    return Histories(
        users=np.array([user], dtype=object),
        n_items=len(catalogue),
        items=codes,
        starts=np.array([0, len(codes)], dtype=np.int64),
        values=np.ones(len(codes), dtype=np.float32),
    )
