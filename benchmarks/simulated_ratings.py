"""Simulated ratings of the shape of a known file: who rates what follows taste, moods, genres, fame and the season.

Nobody's data: a stand-in where the real file is not at hand, and of any size for measuring speed.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

GENRES, FACTORS, MOODS = 18, 8, 3
FEWEST = 20  # ratings of a user
START = pd.Timestamp("1997-09-20")
DAYS = 214


def simulate_ratings(
    users: int = 943,
    items: int = 1_682,
    ratings: int = 100_000,
    *,
    seed: int = 0,
    taste: float = 0.75,
    sharpness: float = 1.7,
) -> pd.DataFrame:
    """Return ``user, item, rating, time``, a row a rating, of about ``ratings`` rows.

    A user has up to three moods, each a point among the items' factors and genres, and draws items without
    replacement with the odds exp(sharpness · (fame + taste · best mood's fit + season)): what a user takes is not
    linear in what he took before. Ratings 1…5 go with the fit. Activity and fame have long tails.

    Parameters
    ----------
    users, items, ratings : int
    seed : int
    taste : float
        How much the fit weighs against fame.
    sharpness : float
        How strictly odds decide; 0 is chance.
    """
    rng = np.random.default_rng(seed)
    counts = activity(users, items, ratings, rng)
    place = item_places(items, rng)  # (items, d)
    fame = 1.35 * rng.normal(size=items)
    quality = 0.4 * rng.normal(size=items) + 0.15 * fame
    released = rng.uniform(-3 * DAYS, DAYS, items)  # most before anybody rates
    joined = np.sort(rng.uniform(0, DAYS, users))
    parts = []
    for user in range(users):
        fit = mood_fit(place, rng)  # (items,)
        age = joined[user] - released
        season = np.where(age < 0, -4.0, 0.8 * np.exp(-np.maximum(age, 0) / 60))
        odds = sharpness * (fame + taste * fit + season)
        drawn = np.argsort(-(odds + rng.gumbel(size=items)))[: counts[user]]
        bias = 0.4 * rng.normal()
        rating = (
            3.5
            + bias
            + quality[drawn]
            + 0.35 * (fit[drawn] - fit.mean()) / fit.std()
            + 0.8 * rng.normal(size=len(drawn))
        )
        seconds = np.sort(rng.exponential(600, len(drawn)).cumsum())
        when = START + pd.to_timedelta(joined[user], unit="D") + pd.to_timedelta(rng.permutation(seconds), unit="s")
        parts.append(
            pd.DataFrame(
                {"user": f"{user + 1}", "item": (drawn + 1).astype(str), "rating": np.clip(np.rint(rating), 1, 5)}
            ).assign(time=when.round("s"))
        )
    return pd.concat(parts, ignore_index=True)


def activity(users: int, items: int, ratings: int, rng: np.random.Generator) -> np.ndarray:
    """Return how many ratings each user gives, (users,) int, at least a few and at most half of all items."""
    free = rng.lognormal(0.0, 1.15, users)
    fewest = min(FEWEST, ratings // (2 * users))
    counts = fewest + free * max(0, ratings - fewest * users) / free.sum()
    return np.minimum(np.rint(counts), items // 2).astype(int)


def item_places(items: int, rng: np.random.Generator) -> np.ndarray:
    """Return each item's factors and its one to three genres as coordinates, (items, FACTORS + GENRES)."""
    factors = rng.normal(size=(items, FACTORS)) / np.sqrt(FACTORS)
    odds = rng.dirichlet(np.full(GENRES, 0.7))
    genres = (rng.random((items, GENRES)) < np.minimum(1.7 * odds, 0.9)).astype(float)
    return np.concatenate([1.3 * factors, 0.8 * (genres - genres.mean(axis=0))], axis=1)


def mood_fit(place: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return how well each item fits the best of a user's moods, (items,): a soft maximum over moods."""
    moods = rng.normal(size=(rng.integers(1, MOODS + 1), place.shape[1]))
    fits = place @ (1.6 * moods).T + np.log(rng.dirichlet(np.full(len(moods), 3.0)))  # (items, moods)
    return np.logaddexp.reduce(fits, axis=1)
