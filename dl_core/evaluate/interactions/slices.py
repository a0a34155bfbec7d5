"""Rankings by slices: by the number of places, by how active users are, by how popular the held-out items are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from dl_core.data.interactions.histories import Histories
from dl_core.evaluate.interactions.facts import BANDS, InteractionFacts
from dl_core.evaluate.interactions.ranked import RankedLists
from dl_core.evaluate.quantities import Ratio

PLACES = (1, 3, 5, 10, 20)
ACTIVITY = "activity"  # column of a users table: number of items in the history
NEW = "new"  # held-out items that nobody took in training


def places_of(depth: int, k: int) -> list[int]:
    """Return the numbers of places to show a metric at: the usual ones that lists of this depth have, and ``k``."""
    return sorted({place for place in PLACES if place <= depth} | {k})


def activity_of(users: pd.Index, facts: InteractionFacts, table: pd.DataFrame | None = None) -> np.ndarray:
    """Return the history length (n,) of each user: of ``table`` where it says so, else of training."""
    known = table[ACTIVITY] if table is not None and ACTIVITY in table else facts.lengths
    return known.reindex(users).fillna(0).to_numpy(dtype=float)


def quartiles(lengths: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Return up to four groups of users by history length as (words, (n,) bool), the least active first.

    Equal lengths are never parted, so that there may be fewer groups and they need not be of one size.
    """
    if not len(lengths):
        return []
    edges = np.unique(np.quantile(lengths, [0.25, 0.5, 0.75], method="inverted_cdf"))
    part = np.searchsorted(edges, lengths, side="left")
    groups = []
    for number in np.unique(part):
        inside = part == number
        low, high = int(lengths[inside].min()), int(lengths[inside].max())
        groups.append((_words(low, high), inside))
    return groups


def _words(low: int, high: int) -> str:
    """Return a range of history lengths in words."""
    if low == high:
        return f"{low:,} item" if low == 1 else f"{low:,} items"
    return f"{low:,} to {high:,} items"


def held_by_band(held: Histories, users: pd.Index, facts: InteractionFacts, relevant: np.ndarray) -> np.ndarray:
    """Return how many held-out items of each band each user has, (n, 4): `BANDS` and `NEW`.

    What ``relevant`` (n,) counts beyond those in the catalogue is new as well.
    """
    at = pd.Index(held.users).get_indexer(users)
    matrix = held.matrix()[np.maximum(at, 0)]
    sizes = np.zeros((len(users), len(BANDS) + 1))
    for number in range(len(BANDS)):
        inside = ((facts.bands == number) & (facts.counts > 0)).astype(np.float32)
        sizes[:, number] = np.where(at >= 0, matrix @ inside, 0)
    sizes[:, -1] = np.maximum(relevant - sizes.sum(axis=1), 0)
    return sizes


def popularity_shares(lists: RankedLists, facts: InteractionFacts, k: int, sizes: np.ndarray) -> dict[str, Ratio]:
    """Return the recall on held-out items of each popularity band: hits over ``sizes`` (n, 4), summed over users."""
    codes, hits = lists.codes[:, :k], lists.hits[:, :k]
    band = np.where(codes >= 0, np.where(facts.counts[codes] > 0, facts.bands[codes], len(BANDS)), len(BANDS))
    found = {}
    for number, name in enumerate((*BANDS, NEW)):
        got = (hits & (band == number)).sum(axis=1).astype(float)
        below = np.maximum(sizes[:, number], got)
        if below.any():
            found[name] = Ratio(got, below, (0.0, 1.0), share=True)
    return found


def band_sizes(names: Sequence[str], facts: InteractionFacts) -> dict[str, int]:
    """Return how many items of the catalogue each band has."""
    counts = {name: int(((facts.bands == at) & (facts.counts > 0)).sum()) for at, name in enumerate(BANDS)}
    return {name: counts.get(name, int((facts.counts == 0).sum())) for name in names}
