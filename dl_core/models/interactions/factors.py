"""Matrix factorisation of implicit feedback by alternating least squares."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import numpy as np
from scipy import sparse

from dl_core.data.interactions.histories import Histories
from dl_core.models.base import FitContext
from dl_core.models.interactions.base import Held, Recommender
from dl_core.models.interactions.choosing import held_gains, preferred
from dl_core.models.interactions.least_squares import Side, solve_factors
from dl_core.models.interactions.linear import (
    BINARY,
    VALUES,
    has_values,
    popular_where,
    shares,
    value_scale,
    weigh,
    weighted,
)

SWEEPS = 10
CHOOSING_SWEEPS = 6
CHOOSING_ROWS = 100_000  # interactions of the users, drawn at random, on whom settings are tried
STEPS = (("reg", 3, 0.0003, 0.3), ("alpha", 3, 0.3, 100), ("factors", 2, 16, 128))  # factor, least and most


@dataclass(frozen=True)
class Settings:
    """Number of factors, confidence of one interaction, regularisation, and what is read ("binary" or "values")."""

    factors: int = 64
    alpha: float = 10.0
    reg: float = 0.01
    inputs: str = BINARY


class MatrixFactorisation(Recommender):
    """Implicit alternating least squares (Hu, Koren & Volinsky, ICDM 2008).

    Users x and items y minimise ``Σ (1 + alpha r)(p - x·y)²`` over all pairs, with p = 1 and r the interaction's weight
    (1, or its rating or count where held-out users prefer that) where there is one, and 0 elsewhere. A user, new or
    not, is scored by solving for x from the history.

    Deviations: each user's and item's regularisation is ``reg`` times the sum of its confidences, as Rendle et al.
    (RecSys 2022, "Revisiting the performance of iALS") found best. ``alpha``, ``reg`` and the number of factors are
    chosen one after the other by held-out users' nDCG@10, on about 100,000 interactions
    at most and in fewer sweeps. An empty history gets
    popularity (takers over those of the most-taken item, 0…1).
    """

    stored, told = ("items", "popularity"), ("chosen", "scale")

    def __init__(self) -> None:
        self.chosen = {}
        self._side: tuple[np.ndarray, Side] | None = None  # made of the items' factors when first needed

    @property
    def settings(self) -> Settings:
        """The settings that were chosen, or the usual ones."""
        return Settings(**self.chosen)

    def learn(self, known: Histories, held: Held | None, context: FitContext) -> None:
        """Alternate; ``chosen`` holds `Settings` as JSON. The option ``epochs`` is the number of sweeps, 0 for ten."""
        start = 0.0
        if held is not None:
            start = 0.6
            self.chosen = asdict(choose_settings(known, held, context.part(0.0, start)))
        self.chosen = asdict(self.settings)
        self.scale = value_scale(known) if self.settings.inputs == VALUES else None
        self.popularity = shares(known)
        inputs = weighted(known, weigh(known, self.scale))
        sweeps = int(context.options.get("epochs") or SWEEPS)
        self.items = alternate(inputs, self.settings, sweeps, context.part(start, 1.0))
        context.progress(1.0, "Latent factors fitted")

    def user_factors(self, histories: Histories) -> np.ndarray:
        """Return users' factors (n, factors) float32, solved for from their histories."""
        inputs = weighted(histories, weigh(histories, self.scale))
        if self._side is None or self._side[0] is not self.items:
            self._side = (self.items, Side.of(self.items))
        return solve_factors(inputs, self._side[1], self.settings.alpha, self.settings.reg)

    def score_items(self, histories: Histories) -> np.ndarray:
        """Return dot products (n, n_items) float32; popularity for an empty history."""
        scores = self.user_factors(histories) @ self.items.T
        return popular_where(scores, histories.lengths == 0, self.popularity)

    def parameters(self) -> int:
        """Return the number of items' factors; those of users are solved for."""
        return self.items.size


def alternate(inputs: sparse.csr_matrix, settings: Settings, sweeps: int, context: FitContext) -> np.ndarray:
    """Return items' factors (n_items, factors) float32 after alternating sweeps over users and items."""
    rng = np.random.default_rng(context.seed)
    shape = (inputs.shape[1], settings.factors)
    items = (rng.standard_normal(shape) / settings.factors).astype(np.float32)
    turned = inputs.T.tocsr()
    for sweep in range(sweeps):
        if sweep and context.out_of_time():
            break
        context.progress(sweep / sweeps, f"ALS iteration {sweep + 1} of {sweeps}")
        users = solve_factors(inputs, Side.of(items), settings.alpha, settings.reg, context.check_stop)
        items = solve_factors(turned, Side.of(users), settings.alpha, settings.reg, context.check_stop)
    return items


def choose_settings(
    known: Histories, held: Held, context: FitContext, steps: tuple[str, ...] = ("reg", "alpha", "factors")
) -> Settings:
    """Return the settings by which held-out users' nDCG@10 is clearly best.

    One after the other is walked up or down a grid as long as that helps by more than its noise: about a dozen short
    fits. ``steps`` names those that are walked.
    """
    known = some_users(known, CHOOSING_ROWS, context.seed)
    found: dict[Settings, np.ndarray] = {}

    def better(settings: Settings, best: Settings) -> bool:
        return preferred({one: gains(one) for one in (best, settings)}, best) == settings

    def gains(settings: Settings) -> np.ndarray:
        done = len(found) / (len(found) + 4)  # how many there will be is not known
        part = context.part(done, (len(found) + 1) / (len(found) + 5))
        if settings not in found:
            found[settings] = trial_gains(known, held, settings, part)
        return found[settings]

    best = Settings()
    gains(best)
    if has_values(known) and not context.out_of_time() and better(replace(best, inputs=VALUES), best):
        best = replace(best, inputs=VALUES)
    for name, factor, least, most in (one for one in STEPS if one[0] in steps):
        for step in (factor, 1 / factor):
            start = best
            while not context.out_of_time():
                value = type(getattr(best, name))(getattr(best, name) * step)
                tried = replace(best, **{name: value})
                if not least <= value <= most or not better(tried, best):
                    break
                best = tried
            if best != start:
                break
    return best


def trial_gains(known: Histories, held: Held, settings: Settings, context: FitContext) -> np.ndarray:
    """Return held-out users' nDCG@10 (n,) of items' factors learned from ``known``."""
    scale = value_scale(known) if settings.inputs == VALUES else None
    sweeps = min(int(context.options.get("epochs") or SWEEPS), CHOOSING_SWEEPS)
    items = alternate(weighted(known, weigh(known, scale)), settings, sweeps, context)

    side = Side.of(items)

    def score(block: Histories) -> np.ndarray:
        return solve_factors(weighted(block, weigh(block, scale)), side, settings.alpha, settings.reg) @ items.T

    return held_gains(score, held)


def some_users(known: Histories, most: int, seed: int) -> Histories:
    """Return users drawn at random until they have about ``most`` interactions; all of them where they have fewer."""
    if len(known.items) <= most:
        return known
    order = np.random.default_rng(seed).permutation(len(known))
    enough = int(np.searchsorted(np.cumsum(known.lengths[order]), most)) + 1
    return known.take(np.sort(order[:enough]))
