"""How much each path of a blend counts: told by held-out items, on a grid that includes each path alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from itertools import product

import numpy as np

from dl_core.data.interactions.histories import Histories
from dl_core.evaluate.choice import as_good
from dl_core.models.interactions.base import Held
from dl_core.models.interactions.choosing import held_gains, mean_gain

STEPS = 6  # of the grid: sixths, so that halves and thirds are on it
CELLS = 20_000_000  # scores of held-out users that are kept at once, a path

Paths = Callable[[Histories], dict[str, np.ndarray]]


def choose_weights(
    paths: Paths, held: Held, usual: dict[str, float], apart: str = ""
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the weights of the paths that sum to 1, and the nDCG@10 of each path alone and of the ``blend``.

    Parameters
    ----------
    paths : callable
        Takes histories and returns each path's comparable scores (n, n_items), by name.
    held : Held
        At most as many of its users as keep memory small are used.
    usual : dict
        Weights on the grid by path, which are kept where they are as good as the best. Else the mean of all weights
        that are as good (`as_good`) is taken: the best ones alone would follow the noise of what is held out.
    apart : str
        Name of a path without which the others' best blend is told too, as ``wide``.
    """
    users = np.arange(min(len(held.histories), max(1, CELLS // max(1, held.histories.n_items))))
    held = Held(held.histories.take(users), held.relevant[users])
    scores = paths(held.histories)
    names = list(scores)
    found = {}
    for weights in simplex(len(names)):
        found[weights] = held_gains(_Given(_sum(scores, weights)), held)
    near = as_good({weights: -gains for weights, gains in found.items()})
    kept = tuple(usual[name] for name in names)
    best = kept if kept in near else tuple(np.mean(near, axis=0).tolist())
    means = {weights: mean_gain(gains) for weights, gains in found.items()}
    alone = {name: means[tuple(float(one == name) for one in names)] for name in names}
    if apart:
        alone["wide"] = max(value for weights, value in means.items() if not weights[names.index(apart)])
    reached = means[best] if best in means else mean_gain(held_gains(_Given(_sum(scores, best)), held))
    return dict(zip(names, best, strict=True)), {**alone, "blend": reached}


def _sum(scores: dict[str, np.ndarray], weights: tuple[float, ...]) -> np.ndarray:
    return reduce(np.add, (np.float32(weight) * one for weight, one in zip(weights, scores.values(), strict=True)))


def simplex(count: int, steps: int = STEPS) -> list[tuple[float, ...]]:
    """Return all ``count`` weights in multiples of 1 / steps that sum to 1."""
    whole = (parts for parts in product(range(steps + 1), repeat=count) if sum(parts) == steps)
    return [tuple(part / steps for part in parts) for parts in whole]


class _Given:
    """Scores that are at hand already, handed out block by block in their order."""

    def __init__(self, scores: np.ndarray) -> None:
        self.scores, self.at = scores, 0

    def __call__(self, histories: Histories) -> np.ndarray:
        found = self.scores[self.at : self.at + len(histories)]
        self.at += len(histories)
        return found
