"""How often each unit stands in each resample: the one set of draws by which all models, metrics and groups are judged.

Rows are drawn with replacement; rows of a cluster (a patient, an account) together, because they are not independent,
and an interval that drew them singly would be too narrow. Where clusters are ``nested``, the rows of each cluster that
was drawn are drawn again (a two-level bootstrap, Davison and Hinkley 1997, section 3.8), in blocks of ``lag``
neighbours where these depend on each other (Künsch 1989), the last one followed by the first; of one cluster alone only
its rows are drawn. What befalls all clusters at once (a bad year of all series) is in no interval: that would take many
more than there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

CELLS = 8_000_000  # weights made at once; keeps the memory of a bootstrap at about 200 MB whatever n is
NESTED_CELLS = 4_000_000  # the same where draws are nested, which takes more room
MOST_HELD = 20_000_000  # weights kept for the next who asks (160 MB); more are drawn anew


def resamples_for(n: int) -> int:
    """Return how many resamples an interval on ``n`` rows takes: 1000, fewer (down to 200) from 20,000 rows on.

    The ends of an interval from 200 draws wander by about a tenth of its width; so many rows make it narrow anyway.

    >>> [resamples_for(n) for n in (100, 20_000, 40_000, 1_000_000)]
    [1000, 1000, 500, 200]
    """
    return int(np.clip(20_000_000 // max(n, 1), 200, 1000))


def codes_of(clusters: np.ndarray | pd.Series | Sequence) -> np.ndarray:
    """Return clusters as whole numbers (n,) in order of appearance; each missing one is a cluster of its own.

    >>> codes_of(["b", "a", None, "b", None]).tolist()
    [0, 1, 2, 0, 3]
    """
    code = pd.factorize(clusters if isinstance(clusters, pd.Series) else np.asarray(clusters, dtype=object))[0]
    alone = code < 0
    code[alone] = code.max(initial=-1) + 1 + np.arange(alone.sum())
    return code


@dataclass(frozen=True, eq=False)
class Draws:
    """Draws of n rows in blocks (r, n) that add up to all `resamples`: the same ones for each who asks.

    Parameters
    ----------
    n : int
    n_resamples : int or None
        None for `resamples_for`.
    seed : int
    clusters : numpy.ndarray or None
        (n,) code of each row's cluster (`codes_of`).
    nested : bool
        Whether the rows of a cluster are drawn again within it.
    lag : int
        Neighbours of a cluster that are drawn as one, where draws are nested.
    """

    n: int
    n_resamples: int | None = None
    seed: int = 0
    clusters: np.ndarray | None = None
    nested: bool = False
    lag: int = 1

    @property
    def resamples(self) -> int:
        """How many resamples there are."""
        return self.n_resamples or resamples_for(self.n)

    def __iter__(self) -> Iterator[np.ndarray]:
        if not self.n:
            return iter((np.zeros((self.resamples, 0)),))
        return self._nested() if self.nested else self._plain()

    def kept(self) -> Iterable[np.ndarray]:
        """Return the blocks for several who ask one after the other: held where they are few, else drawn anew."""
        return list(self) if self.n * self.resamples <= MOST_HELD else self

    def _plain(self) -> Iterator[np.ndarray]:
        code = np.arange(self.n) if self.clusters is None else pd.factorize(self.clusters)[0]
        clusters, rng = int(code.max()) + 1, np.random.default_rng(self.seed)
        block = max(1, CELLS // self.n)
        for start in range(0, self.resamples, block):
            r = min(block, self.resamples - start)
            drawn = rng.integers(0, clusters, size=(r, clusters)) + np.arange(r)[:, None] * clusters
            counts = np.bincount(drawn.ravel(), minlength=r * clusters).reshape(r, -1).astype(float)
            yield counts if self.clusters is None else np.take(counts, code, axis=1)

    def _nested(self) -> Iterator[np.ndarray]:
        code = np.zeros(self.n, dtype=np.int64) if self.clusters is None else self.clusters
        order = np.argsort(code, kind="stable")
        sizes = np.bincount(code)
        first, most, n, lag = np.cumsum(sizes) - sizes, int(sizes.max()), len(sizes), self.lag
        rng, block = np.random.default_rng(self.seed), max(1, NESTED_CELLS // (n * most))
        for start in range(0, self.resamples, block):
            r = min(block, self.resamples - start)
            drawn = rng.integers(0, n, size=(r, n))
            size = sizes[drawn][:, :, None]
            begin = (rng.random((r, n, -(-most // lag)), dtype=np.float32) * size).astype(np.int64)
            within = (np.repeat(begin, lag, axis=2)[:, :, :most] + np.arange(most) % lag) % size
            place = order[first[drawn][:, :, None] + within] + np.arange(r)[:, None, None] * self.n
            used = np.broadcast_to(np.arange(most) < size, place.shape)
            yield np.bincount(place[used], minlength=r * self.n).reshape(r, self.n).astype(float)
