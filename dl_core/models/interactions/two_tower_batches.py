"""Batches for the two towers: a part of each user's history to read, the rest to find among the candidates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse

from dl_core.models.interactions.two_tower_net import FAR
from dl_core.models.training import Batch

STEPS = 12  # of an epoch at least, so that few users get smaller batches
SMALLEST = 8  # users in a batch
HIDDEN = 0.2  # share of users whose features are hidden in a step
READ = 32  # items of a history that a sampled batch reads at most


def log_probabilities(shares: np.ndarray, drawn: int) -> np.ndarray:
    """Return the logarithm (n_items,) of the probability that an item is among ``drawn`` targets.

    In-batch candidates are targets of the batch's other users, so that popular items stand there more often; their
    logits are lowered by this logarithm (Yi et al. 2019, *Sampling-bias-corrected neural modeling*). We deviate in
    counting shares beforehand, as all training rows are at hand, rather than estimating them from a stream, and in
    correcting for an item that is drawn several times and stands there once.

    Parameters
    ----------
    shares : numpy.ndarray
        (n_items,) probability that one draw is this item; at least that of one in 10 million is assumed.
    drawn : int
        Targets in a batch.
    """
    shares = np.clip(shares, 1e-7, 1 - 1e-7)
    return np.log(-np.expm1(drawn * np.log1p(-shares)))


class Batches:
    """Draws of what to read and what to find, new in every epoch.

    Each epoch draws for every user a share between 0 and 1 of the history that is read; the rest is to be found. The
    share 0 leaves an empty history, so that new users are learned as well. Catalogues of at most ``full`` items are
    ranked whole; of larger ones the candidates are the targets of the batch with their logQ correction.

    Parameters
    ----------
    matrix : scipy.sparse.csr_matrix
        (n, n_items) what each user took.
    features : numpy.ndarray
        (n, user_features) float32.
    size : int
        Users in a batch; fewer where there are few.
    full : int
        Items up to which all are candidates.
    seed : int
    """

    def __init__(self, matrix: sparse.csr_matrix, features: np.ndarray, size: int, full: int, seed: int) -> None:
        self.matrix, self.features, self.seed = matrix, features, seed
        self.users = np.flatnonzero(np.diff(matrix.indptr) > 0)
        self.size = int(np.clip(len(self.users) // STEPS, min(SMALLEST, len(self.users)), size))
        self.whole = matrix.shape[1] <= full
        lengths = np.repeat(np.diff(matrix.indptr), np.diff(matrix.indptr))
        shares = np.bincount(matrix.indices, 1 / lengths, matrix.shape[1]) / max(1, len(self.users))
        self.log_q = log_probabilities(shares, self.size)

    def epoch(self, number: int) -> tuple[int, Iterator[Batch]]:
        """Return how many batches an epoch has, and they: inputs of `Towers` and targets (b, c) float32 of sum 1 a row.

        All have the same shape. Epochs are counted from 0.
        """
        steps = -(-len(self.users) // self.size)
        rng = np.random.default_rng([self.seed, number + 1])
        order = np.resize(rng.permutation(self.users), (steps, self.size))  # the last batch is filled up
        return steps, self._batches(order, rng)

    def _batches(self, order: np.ndarray, rng: np.random.Generator) -> Iterator[Batch]:
        for users in order:
            rows = self.matrix[users]  # (b, n_items)
            read = self._read(rows, rng)
            inputs, targets = self._whole(rows, read) if self.whole else self._sampled(rows, read, rng)
            if self.features.shape[1]:
                hidden = rng.random((len(users), 1)) < HIDDEN
                inputs["features"] = np.where(hidden, 0, self.features[users]).astype(np.float32)
            yield inputs, targets, None

    def _read(self, rows: sparse.csr_matrix, rng: np.random.Generator) -> np.ndarray:
        """Return which entries (nnz,) bool of a batch are read; each user keeps at least one to find."""
        lengths = np.diff(rows.indptr)
        share = np.where(rng.random(len(lengths)) < 0.05, 0.0, rng.uniform(0.0, 1.0, len(lengths)))
        read = rng.random(rows.nnz) < np.repeat(share, lengths)
        read[rows.indptr[:-1] + rng.integers(0, lengths)] = False
        return read

    def _whole(self, rows: sparse.csr_matrix, read: np.ndarray) -> tuple[dict[str, Any], np.ndarray]:
        """Return a batch in which all items are candidates, but for those that are read."""
        taken = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr)), rows.indices
        weights = np.zeros(rows.shape, dtype=np.float32)
        targets = np.zeros(rows.shape, dtype=np.float32)
        weights[taken[0][read], taken[1][read]] = 1
        targets[taken[0][~read], taken[1][~read]] = 1
        targets /= targets.sum(axis=1, keepdims=True)
        return {"weights": weights, "correction": weights * FAR}, targets

    def _sampled(
        self, rows: sparse.csr_matrix, read: np.ndarray, rng: np.random.Generator
    ) -> tuple[dict[str, Any], np.ndarray]:
        """Return a batch in which each user has one target, and the candidates are all users' targets."""
        size = rows.shape[0]
        owner = np.repeat(np.arange(size), np.diff(rows.indptr))
        order = rng.permutation(rows.nnz)
        finds = order[~read[order]]
        found, first = np.unique(owner[finds], return_index=True)  # one target of each user
        columns = np.empty(size, dtype=np.int32)
        columns[found] = rows.indices[finds[first]]
        reads = order[read[order]]
        place = np.zeros(len(reads), dtype=np.int64)  # 0… within a user
        by_user = np.argsort(owner[reads], kind="stable")
        counts = np.bincount(owner[reads], minlength=size)
        place[by_user] = np.arange(len(reads)) - np.repeat(np.cumsum(counts) - counts, counts)
        reads = reads[place < READ]
        items, at = np.unique(rows.indices[reads], return_inverse=True)
        filled = np.zeros(size * READ, dtype=np.int32)
        filled[: len(items)] = items
        weights = np.zeros((size, size * READ), dtype=np.float32)
        weights[owner[reads], at] = 1
        taken = np.asarray(rows[:, columns].todense()) > 0  # (b, c): what a user took is no wrong answer …
        target = columns[:, None] == columns[None, :]
        correction = np.where(taken & ~target, FAR, -self.log_q[columns][None, :]).astype(np.float32)
        repeated = np.triu(target, 1).any(axis=0)  # … and an item stands among the candidates once
        correction[:, repeated] = FAR
        wanted = (target & ~repeated[None, :]).astype(np.float32)
        return {"weights": weights, "correction": correction, "rows": filled, "columns": columns}, wanted
