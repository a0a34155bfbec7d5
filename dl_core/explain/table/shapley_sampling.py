"""Shapley values by sampling: what a column adds, on average over all orders in which columns can become known.

Štrumbelj and Kononenko, "Explaining prediction models and individual predictions with feature contributions", KAIS
2014. Deviations: each order is used with its reverse (antithetic pairs, Mitchell et al., "Sampling permutations for
Shapley value estimation", JMLR 2022), and each walk scores every column on the way, so that the contributions of one
pair add up to the change from its reference exactly. Where a table has more than 40 features, those whose single swap
moves the score most are sampled; the others walk as one, and share its contribution by the size of their single swaps.
"""

from __future__ import annotations

import numpy as np

from dl_core.errors import OptionError, shorten
from dl_core.explain.registry import ExplainerInfo
from dl_core.explain.table.base import Contributions, TableExplainer
from dl_core.explain.table.view import FeatureView


class ShapleySampling(TableExplainer):
    """Sampled Shapley values; works for every model.

    Options: ``rows`` scored for each explained row, about; ``most_features`` sampled one by one; ``together``: rows
    scored in one call for several explained rows; ``against``: ``"drawn"`` rows, or the ``"typical"`` one alone, which
    needs fewer rows.
    """

    defaults = {"rows": 2_000, "most_features": 40, "together": 8_192, "against": "drawn"}

    def contributions(self, view: FeatureView, seed: int = 0) -> Contributions:
        """Return the contributions of each feature."""
        generator = np.random.default_rng(seed)
        players = [self._players(view, effects) for effects in self._single_swaps(view)]
        widest = max(labels.max() + 1 for labels, _ in players)
        pairs = max(1, int(self.options["rows"]) // (2 * max(widest - 1, 1) + 1))
        others = np.resize(generator.permutation(self._references(view)), pairs)
        heats, bases = np.zeros((len(view), len(view.names))), np.zeros(len(view))
        size = max(1, int(self.options["together"]) // (pairs * (2 * (widest + 1))))
        for start in range(0, len(view), size):
            rows = np.arange(start, min(start + size, len(view)))
            walks = [Walks.draw(players[row][0], pairs, generator) for row in rows]
            kept = np.concatenate([walk.kept for walk in walks])
            counts = [len(walk.kept) for walk in walks]
            against = np.concatenate([np.repeat(others, len(walk.kept) // pairs) for walk in walks])
            scores = np.split(view.scores(np.repeat(rows, counts), against, kept), np.cumsum(counts)[:-1])
            for row, walk, found in zip(rows, walks, scores, strict=True):
                by_player, bases[row] = walk.shares(found)
                labels, weights = players[row]
                heats[row] = by_player[labels] * weights
        return Contributions(heats, bases)

    def _references(self, view: FeatureView) -> np.ndarray:
        against = self.options["against"]
        if against not in ("drawn", "typical"):
            raise OptionError(f"there are no {shorten(against)!r} rows", expected="drawn or typical")
        return view.drawn if against == "drawn" else np.array([view.typical])

    def _single_swaps(self, view: FeatureView) -> np.ndarray:
        """Return how far each row's score moves when one feature alone is put to the typical value, (n, P)."""
        n, p = len(view), len(view.names)
        if p <= int(self.options["most_features"]):
            return np.zeros((n, p))
        rows = np.repeat(np.arange(n), p)
        kept = np.tile(~np.eye(p, dtype=bool), (n, 1))
        swapped = view.scores(rows, np.full(len(rows), view.typical), kept).reshape(n, p)
        return np.abs(swapped - view.own_scores()[:, None])

    def _players(self, view: FeatureView, effects: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return each feature's player (P,) and its share of that player's contribution (P,)."""
        p, most = len(view.names), int(self.options["most_features"])
        if p <= most:
            return np.arange(p), np.ones(p)
        order = np.argsort(-effects, kind="stable")
        labels, weights = np.full(p, most), np.ones(p)
        labels[order[:most]] = np.arange(most)
        rest = order[most:]
        total = effects[rest].sum()
        weights[rest] = effects[rest] / total if total > 0 else 1 / len(rest)
        return labels, weights


class Walks:
    """Pairs of walks from a reference to a row, each making one player after the other known.

    ``orders`` is (pairs, 2, players); ``kept`` (pairs * 2 * (players + 1), P) are the mixed rows of all walks.
    """

    def __init__(self, orders: np.ndarray, labels: np.ndarray) -> None:
        self.orders = orders
        pairs, _, players = orders.shape
        turn = np.argsort(orders, axis=-1)  # (pairs, 2, players) when a player becomes known
        known = turn[:, :, None, :] < np.arange(players + 1)[:, None]
        self.kept = known[..., labels].reshape(pairs * 2 * (players + 1), len(labels))

    @classmethod
    def draw(cls, labels: np.ndarray, pairs: int, generator: np.random.Generator) -> Walks:
        """Return random walks for features that ``labels`` (P,) assigns to players."""
        players = int(labels.max()) + 1
        first = generator.permuted(np.tile(np.arange(players), (pairs, 1)), axis=1)
        return cls(np.stack([first, first[:, ::-1]], axis=1), labels)

    def shares(self, scores: np.ndarray) -> tuple[np.ndarray, float]:
        """Return each player's mean step, (players,), and the mean score that the walks start from."""
        pairs, _, players = self.orders.shape
        found = scores.reshape(pairs, 2, players + 1)
        total = np.zeros(players)
        np.add.at(total, self.orders.ravel(), np.diff(found, axis=-1).ravel())
        return total / (2 * pairs), float(found[:, :, 0].mean())


EXPLAINER = ExplainerInfo(
    name="shapley_sampling",
    kind="table",
    label="Shapley value sampling",
    paper="Štrumbelj and Kononenko 2014",
    help="Shapley values by Monte Carlo sampling of feature orders. Model-agnostic.",
    load=lambda: ShapleySampling,
    cost="high",
)
