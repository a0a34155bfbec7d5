"""Windows over histories for next-item training, and batches of them with few shapes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dl_core.data.interactions.histories import Histories

POSITIONS = 1_024  # steps in a batch, so that short windows come in larger batches
LONGEST = 50  # items of a window, unless a user asks for more
SHORTEST = 8
MOST = 500  # items of a window that a user may ask for


@dataclass(frozen=True)
class Windows:
    """A batch of windows for next-item training.

    Parameters
    ----------
    codes : numpy.ndarray
        (b, L) int32 of item + 1, with zeros before the first.
    targets : numpy.ndarray
        (b, 1 + L) int32 items that follow the start and each step.
    weights : numpy.ndarray
        (b, 1 + L) float32, 0 where a step has no target.
    """

    codes: np.ndarray
    targets: np.ndarray
    weights: np.ndarray


def suited_length(histories: Histories, wanted: int = 0) -> int:
    """Return how many items a window has: ``wanted``, or the 90th percentile of lengths within 8…50."""
    if wanted > 0:
        return int(min(wanted, MOST))
    lengths = histories.lengths[histories.lengths > 0]
    usual = float(np.quantile(lengths, 0.9)) if len(lengths) else SHORTEST
    return int(np.clip(np.ceil(usual), SHORTEST, LONGEST))


def window_sizes(length: int) -> list[int]:
    """Return the one to three lengths of windows, rising, that stand for all up to ``length``."""
    return [part for part in (length // 4, length // 2) if part >= SHORTEST] + [length]


def cut_windows(starts: np.ndarray, length: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return first and past-the-last position of windows of at most ``length + 1`` items that share no item.

    Every history's cuts are counted from a random offset, so that epochs see long histories cut at other places.
    ``starts`` (n + 1,) as in `Histories`.
    """
    lengths = np.diff(starts)
    size = length + 1
    offset = np.where(lengths > size, rng.integers(1, size + 1, len(lengths)), size)  # items of the first window
    count = np.where(lengths > 0, 1 + np.maximum(0, -(-(lengths - offset) // size)), 0)
    user = np.repeat(np.arange(len(lengths)), count)
    nth = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    first = starts[user] + np.where(nth > 0, offset[user] + (nth - 1) * size, 0)
    end = np.minimum(starts[user] + offset[user] + nth * size, starts[user + 1])
    return first, end


def batches(
    histories: Histories, length: int, rng: np.random.Generator, positions: int = POSITIONS
) -> tuple[int, Iterator[Windows]]:
    """Return how many batches an epoch has, and they, in random order.

    Windows are sorted into two or three lengths, so that little is computed for padding and few shapes are compiled;
    the last batch of each is filled up with empty rows. Items taken at one moment, such as one basket's, come in
    another order each epoch: the file's says nothing about what was wanted next.
    """
    items = histories.items[shuffled_moments(histories, rng)]
    first, end = cut_windows(histories.starts, length, rng)
    inputs = end - first - 1
    sizes = window_sizes(length)
    which = np.searchsorted(sizes, inputs)
    plan: list[tuple[int, np.ndarray]] = []
    for place, size in enumerate(sizes):
        rows = rng.permutation(np.flatnonzero(which == place))
        count = max(1, positions // (size + 1))
        plan += [(size, rows[at : at + count]) for at in range(0, len(rows), count)]

    def made() -> Iterator[Windows]:
        for place in order:
            size, rows = plan[place]
            yield _batch(items, first[rows], end[rows], size, max(1, positions // (size + 1)))

    order = rng.permutation(len(plan))
    return len(plan), made()


def shuffled_moments(histories: Histories, rng: np.random.Generator) -> np.ndarray:
    """Return positions (m,) of the histories' entries in order of time, those of one moment in random order."""
    if histories.times is None:
        return np.arange(len(histories.items))
    owner = np.repeat(np.arange(len(histories)), histories.lengths)
    if not ((owner[1:] == owner[:-1]) & (histories.times[1:] == histories.times[:-1])).any():
        return np.arange(len(owner))
    return np.lexsort((rng.random(len(owner)), histories.times, owner))


def _batch(items: np.ndarray, first: np.ndarray, end: np.ndarray, size: int, count: int) -> Windows:
    """Return the windows ``first:end`` as a batch of ``count`` rows."""
    codes = np.zeros((count, size), dtype=np.int32)
    targets = np.zeros((count, size + 1), dtype=np.int32)
    weights = np.zeros((count, size + 1), dtype=np.float32)
    held = end - first
    row = np.repeat(np.arange(len(first)), held)
    nth = np.arange(held.sum()) - np.repeat(np.cumsum(held) - held, held)  # 0… within a window
    item = items[first[row] + nth]
    column = size + 1 - held[row] + nth  # of the step that this item follows; the last item follows the last step
    column = np.where(nth == 0, 0, column)  # the first follows the start
    targets[row, column], weights[row, column] = item, 1.0
    known = nth < held[row] - 1
    codes[row[known], (size - held[row] + 1 + nth)[known]] = item[known] + 1
    return Windows(codes, targets, weights)
