"""Merchants of the simulation: what they sell, where they stand, and which one a customer goes to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

REGIONS = ("North", "Coast", "Valley", "Capital", "Hills")
CENTRES = np.array([[60.0, 210.0], [-110.0, 40.0], [40.0, 70.0], [0.0, 0.0], [130.0, -60.0]])  # km, east and north
COUNTRIES = ("domestic", "neighbouring", "overseas")
ABROAD = np.array([[420.0, 150.0], [5200.0, -1800.0]])  # km, one place for each country abroad
REACH = 9.0  # km; how far people go: the weight of a merchant falls by e with every such step


@dataclass(frozen=True)
class Category:
    """What a kind of merchant sells and how people pay there.

    Parameters
    ----------
    name : str
    share : float
        Share of an average customer's purchases; the shares are scaled to sum to 1.
    amount : float
        Median amount in EUR of an average customer.
    spread : float
        Standard deviation of the amount's logarithm.
    online : float
        Share of purchases on the internet.
    hour, hours : float
        Mean and standard deviation of the hour of day.
    risky : bool
        Whether goods of this kind are easily turned into money, so that thieves prefer them.
    """

    name: str
    share: float
    amount: float
    spread: float
    online: float
    hour: float
    hours: float
    risky: bool = False


CATEGORIES = (
    Category("groceries", 0.30, 27, 0.65, 0.04, 16.5, 3.5),
    Category("fuel", 0.11, 44, 0.32, 0.00, 14.0, 4.5),
    Category("restaurants", 0.15, 24, 0.60, 0.10, 18.5, 3.5),
    Category("public transport", 0.09, 9, 0.70, 0.35, 13.0, 4.5),
    Category("pharmacy", 0.06, 18, 0.60, 0.10, 14.5, 3.5),
    Category("clothing", 0.07, 52, 0.65, 0.45, 16.0, 3.5),
    Category("home and garden", 0.05, 60, 0.60, 0.35, 15.5, 3.5),
    Category("leisure", 0.06, 26, 0.60, 0.35, 19.0, 3.0),
    Category("electronics", 0.035, 110, 0.60, 0.50, 17.5, 3.5, risky=True),
    Category("online games", 0.045, 13, 0.65, 1.00, 20.0, 3.5, risky=True),
    Category("travel", 0.025, 180, 0.55, 0.70, 17.0, 4.5, risky=True),
    Category("jewellery", 0.012, 140, 0.55, 0.30, 15.5, 3.0, risky=True),
)
NAMES = tuple(category.name for category in CATEGORIES)
RISKY = np.array([category.risky for category in CATEGORIES])


@dataclass(frozen=True)
class Merchants:
    """All merchants, one row each.

    Parameters
    ----------
    name : numpy.ndarray of str, (m,)
    category : numpy.ndarray of int, (m,)
        Position in ``CATEGORIES``.
    online : numpy.ndarray of bool, (m,)
    country : numpy.ndarray of int, (m,)
        Position in ``COUNTRIES``.
    place : numpy.ndarray, (m, 2)
        Kilometres east and north of the capital; means nothing for an online merchant.
    weight : numpy.ndarray, (m,)
        How well known it is.
    """

    name: np.ndarray
    category: np.ndarray
    online: np.ndarray
    country: np.ndarray
    place: np.ndarray
    weight: np.ndarray

    def choose(
        self, category: np.ndarray, online: np.ndarray, origin: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Return a merchant for each purchase, (n,) int: online by fame, else by fame and distance from ``origin``."""
        chosen = np.full(len(category), -1)
        draw = rng.random(len(category))
        for kind in range(len(CATEGORIES)):
            for net in (False, True):
                rows = np.flatnonzero((category == kind) & (online == net))
                shops = np.flatnonzero((self.category == kind) & (self.online == net))
                if not len(rows):
                    continue
                weight = np.broadcast_to(self.weight[shops], (len(rows), len(shops)))
                if not net:
                    away = np.linalg.norm(origin[rows][:, None, :] - self.place[shops][None], axis=2)
                    away = away - away.min(axis=1, keepdims=True)  # someone far from every shop goes to the nearest
                    weight = weight * np.exp(-away / REACH)
                upto = np.cumsum(weight, axis=1)
                place = (upto < draw[rows, None] * upto[:, -1:]).sum(axis=1)
                chosen[rows] = shops[np.minimum(place, len(shops) - 1)]
        return chosen


def draw_merchants(count: int, rng: np.random.Generator) -> Merchants:
    """Draw about ``count`` merchants: every category has some in each region, abroad and on the internet."""
    columns: dict[str, list] = {name: [] for name in ("name", "category", "online", "country", "place", "weight")}
    shares = np.sqrt([category.share for category in CATEGORIES])
    for kind, category in enumerate(CATEGORIES):
        total = max(10, round(count * shares[kind] / shares.sum()))
        net = round(total * category.online**0.7) if category.online else 0
        nets = [True] * max(net, 3 if category.online else 0)
        spots = [] if category.online == 1 else [*range(5), 5, 6, *rng.choice(5, max(total - len(nets) - 7, 0))]
        for number, (online, spot) in enumerate([(True, 0)] * len(nets) + [(False, int(spot)) for spot in spots]):
            centre = CENTRES[spot] if spot < len(CENTRES) else ABROAD[spot - len(CENTRES)]
            columns["name"].append(f"{category.name.capitalize()} {number + 1:03d}")
            columns["category"].append(kind)
            columns["online"].append(online)
            columns["country"].append(rng.choice(3, p=[0.74, 0.16, 0.10]) if online else max(spot - 4, 0))
            columns["place"].append(centre + rng.normal(0, 14, 2))
            columns["weight"].append(rng.lognormal(0, 0.5))
    return Merchants(**{name: np.array(values) for name, values in columns.items()})
