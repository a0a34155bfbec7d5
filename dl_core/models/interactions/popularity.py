"""The simplest recommender: the same list for everyone, by number of users, of late or overall."""

from __future__ import annotations

from functools import partial

import numpy as np

from dl_core.data.interactions.histories import Histories
from dl_core.models.base import FitContext
from dl_core.models.interactions.base import Held, Recommender
from dl_core.models.interactions.choosing import held_gains, preferred
from dl_core.models.interactions.linear import takers

DAY = 86_400.0  # seconds
SPANS = (1 / 300, 1 / 100, 1 / 30, 1 / 10, 1 / 3, 1.0)  # half-lives that are tried, in parts of the whole time
SPAN = 1 / 10  # where no held-out user can choose


class Popularity(Recommender):
    """Items by the number of users who took them.

    With ``recent`` a user's taking fades: it weighs ``0.5 ** (age / half-life)``, age counted from the latest row, and
    the half-life is the one by which held-out users' nDCG@10 is best (or no fading at all, where that is better).
    Without times it is popularity overall. Histories, empty ones too, play no part.

    Parameters
    ----------
    recent : bool
    """

    stored, told = ("weights",), ("recent", "chosen")

    def __init__(self, recent: bool = False) -> None:
        self.recent = recent
        self.chosen = {}

    def learn(self, known: Histories, held: Held | None, context: FitContext) -> None:
        """Count; ``chosen["half_life_days"]`` is the half-life, None where nothing fades."""
        context.progress(0.0, "Counting item popularity")
        if not self.recent or known.times is None or not len(known.items):
            self.chosen = {"half_life_days": None} if self.recent else {}
            self.weights = takers(known)
        else:
            if held is not None or "half_life_days" not in self.chosen:
                self.chosen = {"half_life_days": choose_half_life(known, held, context)}
            half_life = self.chosen["half_life_days"]
            self.weights = takers(known) if half_life is None else fading(known, half_life)
        context.progress(1.0, "Counted")

    def score_items(self, histories: Histories) -> np.ndarray:
        """Return the same scores (n, n_items) float32 for everyone: (faded) numbers of users."""
        return _for_everyone(self.weights, histories)

    def contributions(self, histories: Histories, targets: np.ndarray) -> list[np.ndarray]:
        """Return zeros: no history item has any part in popularity."""
        return [np.zeros(length, dtype=np.float32) for length in histories.lengths]

    def parameters(self) -> int:
        """Return the number of items."""
        return len(self.weights)


def fading(histories: Histories, half_life: float) -> np.ndarray:
    """Return the faded number of users of each item, (n_items,) float32.

    Parameters
    ----------
    histories : Histories
        With times; of a user's repeats only the latest counts.
    half_life : float
        In days.
    """
    rows = np.repeat(np.arange(len(histories)), histories.lengths)
    pairs = rows * np.int64(histories.n_items) + histories.items
    _, back = np.unique(pairs[::-1], return_index=True)  # oldest stand first, so the first from behind is the latest
    at = len(pairs) - 1 - back
    times = _times(histories)
    ages = (times.max() - times[at]) / DAY
    weights = np.exp2(-ages / half_life)
    return np.bincount(histories.items[at], weights, minlength=histories.n_items).astype(np.float32)


def choose_half_life(known: Histories, held: Held | None, context: FitContext) -> float | None:
    """Return the half-life in days by which held-out users' nDCG@10 is clearly best; None where nothing should fade."""
    times = _times(known)
    days = float(times.max() - times.min()) / DAY
    if days <= 0:
        return None
    if held is None:
        return days * SPAN
    ways = {None: takers(known)} | {days * span: fading(known, days * span) for span in SPANS}
    found = {}
    for done, (half_life, weights) in enumerate(ways.items()):
        context.progress(done / len(ways), "Choosing the half-life of popularity")
        found[half_life] = held_gains(partial(_for_everyone, weights), held)
        if context.out_of_time():
            break
    return preferred(found, None)


def _for_everyone(weights: np.ndarray, histories: Histories) -> np.ndarray:
    """Return the same scores (n, n_items) for each history."""
    return np.tile(weights, (len(histories), 1))


def _times(histories: Histories) -> np.ndarray:
    if histories.times is None:
        raise ValueError("only what has times can fade")
    return histories.times
