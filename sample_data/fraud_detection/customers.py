"""Customers of the simulation: who they are and how they spend, and the purchases they make themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from merchants import ABROAD, CATEGORIES, CENTRES, NAMES, REGIONS, RISKY, Merchants

SHARES = (0.19, 0.22, 0.17, 0.28, 0.14)  # of customers by region
UNFAIR = REGIONS.index("Coast")  # the region whose honest customers look riskier
NIGHT, NIGHT_UNFAIR = 0.03, 0.20  # share of purchases between 0 and 6 o'clock
TASTE_UNFAIR = 3.5  # how much more often the unfair region buys in risky categories
AMOUNT_UNFAIR = 1.5
LIMIT = 50.0  # EUR; above it a contactless payment needs the chip
RATE = 0.405  # purchases of a mean customer a day, before sprees
SPREE, SPREE_UNFAIR = 0.014, 0.048  # share of purchases that draw others after them
TRIPS, TRIPS_UNFAIR = 0.6, 1.6  # in five months
WEEK = np.array([0.95, 0.93, 0.97, 1.00, 1.18, 1.25, 0.72])  # Monday to Sunday


@dataclass(frozen=True)
class Customers:
    """All customers, one row each.

    Parameters
    ----------
    name, sex : numpy.ndarray of str, (n,)
    age : numpy.ndarray of int, (n,)
        Years.
    region : numpy.ndarray of int, (n,)
        Position in ``REGIONS``.
    home : numpy.ndarray, (n, 2)
        Kilometres east and north of the capital.
    rate : numpy.ndarray, (n,)
        Purchases a day.
    scale : numpy.ndarray, (n,)
        Amounts against an average customer's.
    taste : numpy.ndarray, (n, categories)
        Shares of purchases, rows sum to 1.
    night, net, tap : numpy.ndarray, (n,)
        Share of purchases at night, liking of the internet (1 = average), share of small payments without contact.
    """

    name: np.ndarray
    sex: np.ndarray
    age: np.ndarray
    region: np.ndarray
    home: np.ndarray
    rate: np.ndarray
    scale: np.ndarray
    taste: np.ndarray
    night: np.ndarray
    net: np.ndarray
    tap: np.ndarray


def draw_customers(count: int, rng: np.random.Generator) -> Customers:
    """Draw customers; those of one region spend more, later, in bursts, on trips and riskier goods, yet are honest."""
    region = rng.permutation(np.repeat(np.arange(len(REGIONS)), np.round(np.array(SHARES) * count).astype(int) + 1))
    region = region[:count]
    unfair = region == UNFAIR
    age = np.clip(rng.normal(46, 17, count), 18, 91).astype(int)
    young = np.clip((45 - age) / 27, -1, 1)
    mean = np.array([category.share for category in CATEGORIES])[None] * np.ones((count, 1))
    mean[:, NAMES.index("online games")] *= np.exp(0.9 * young)
    mean[:, NAMES.index("pharmacy")] *= np.exp(-0.7 * young)
    mean[:, RISKY] *= np.where(unfair, TASTE_UNFAIR, 1.0)[:, None]
    taste = rng.gamma(mean / mean.sum(axis=1, keepdims=True) * 25)
    return Customers(
        name=np.array([f"C{number:04d}" for number in rng.permutation(count) + 1]),
        sex=rng.choice(["female", "male"], count),
        age=age,
        region=region,
        home=CENTRES[region] + rng.normal(0, 12, (count, 2)),
        rate=RATE * np.clip(rng.gamma(4.0, 0.25, count), 0.2, 2.6),
        scale=rng.lognormal(0, 0.30, count) * np.where(unfair, AMOUNT_UNFAIR, 1.0),
        taste=taste / taste.sum(axis=1, keepdims=True),
        night=np.where(unfair, NIGHT_UNFAIR, NIGHT) * rng.gamma(2.0, 0.5, count),
        net=np.exp(0.45 * young) * rng.lognormal(0, 0.2, count),
        tap=rng.beta(5, 2, count),
    )


def clock(category: np.ndarray, night: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return seconds of the day, (n,): around the category's hours, or between 0 and 6 with chance ``night``."""
    hour = np.array([kind.hour for kind in CATEGORIES])[category]
    spread = np.array([kind.hours for kind in CATEGORIES])[category]
    waking = 6.0 + np.mod(rng.normal(hour, spread) - 6.0, 18.0)
    return np.where(rng.random(len(category)) < night, rng.uniform(0, 6, len(category)), waking) * 3600


def price(category: np.ndarray, scale: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return amounts in EUR, (n,), log-normal around the category's and the customer's usual."""
    median = np.array([kind.amount for kind in CATEGORIES])[category]
    spread = np.array([kind.spread for kind in CATEGORIES])[category]
    return np.maximum(median * scale * np.exp(rng.normal(0, spread)), 0.8)


def pay(online: np.ndarray, amount: np.ndarray, tap: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return channels, (n,) str."""
    touch = (rng.random(len(amount)) < tap) & (amount <= LIMIT)
    return np.where(online, "online", np.where(touch, "contactless", "chip"))


def draw_trips(customers: Customers, days: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw trips of 2 to 9 days to other regions and abroad: honest purchases far from home."""
    count = rng.poisson(np.where(customers.region == UNFAIR, TRIPS_UNFAIR, TRIPS) * days / 150)
    who = np.repeat(np.arange(len(count)), count)
    places = np.concatenate([CENTRES, ABROAD])
    target = rng.choice(len(places), len(who), p=[0.16, 0.2, 0.12, 0.2, 0.12, 0.14, 0.06])
    place = places[target] + rng.normal(0, 8, (len(who), 2))
    start = rng.uniform(0, days, len(who))
    return pd.DataFrame(
        {
            "customer": who,
            "start": start,
            "end": start + rng.integers(2, 10, len(who)),
            "x": place[:, 0],
            "y": place[:, 1],
        }
    )


def follow(customer: np.ndarray, day: np.ndarray, trips: pd.DataFrame, customers: Customers) -> np.ndarray:
    """Return where each customer is on each day, (n, 2): at home or on a trip."""
    origin = customers.home[customer].copy()
    order = np.argsort(customer, kind="stable")
    first = np.searchsorted(customer[order], np.arange(len(customers.region) + 1))
    for trip in trips.itertuples(index=False):
        rows = order[first[trip.customer] : first[trip.customer + 1]]
        away = rows[(day[rows] >= trip.start) & (day[rows] < trip.end)]
        origin[away] = (trip.x, trip.y)
    return origin


def draw_honest(
    customers: Customers, merchants: Merchants, days: int, weekday: int, *, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the customers' own purchases: customer, merchant, second (since the start), amount, channel.

    Parameters
    ----------
    weekday : int
        Of the first day, Monday is 0.
    """
    count = rng.poisson(customers.rate * days)
    who = np.repeat(np.arange(len(count)), count)
    weight = WEEK[(np.arange(days) + weekday) % 7]
    day = rng.choice(days, len(who), p=weight / weight.sum())
    upto = np.cumsum(customers.taste, axis=1)
    category = np.minimum((upto[who] < rng.random(len(who))[:, None]).sum(axis=1), len(CATEGORIES) - 1)
    second = day * 86400 + clock(category, customers.night[who], rng)
    who, category, second = add_sprees(who, category, second, customers, rng=rng)
    share = np.array([kind.online for kind in CATEGORIES])[category]
    online = rng.random(len(who)) < np.where(share == 1, 1, np.minimum(share * customers.net[who], 0.95))
    origin = follow(who, second / 86400, draw_trips(customers, days, rng), customers)
    amount = price(category, customers.scale[who], rng)
    return pd.DataFrame(
        {
            "customer": who,
            "merchant": merchants.choose(category, online, origin, rng),
            "second": second,
            "amount": amount,
            "channel": pay(online, amount, customers.tap[who], rng),
        }
    )


def add_sprees(
    who: np.ndarray, category: np.ndarray, second: np.ndarray, customers: Customers, *, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Add one to six purchases soon after some of the others, online games within minutes: honest bursts."""
    games = NAMES.index("online games")
    chance = np.where(customers.region == UNFAIR, SPREE_UNFAIR, SPREE)[who]
    start = np.flatnonzero(rng.random(len(who)) < chance)
    more = np.repeat(start, 1 + np.minimum(rng.geometric(0.5, len(start)), 5))
    gap = np.where(category[more] == games, 9 * 60, 70 * 60)
    upto = np.cumsum(customers.taste, axis=1)
    other = np.minimum((upto[who[more]] < rng.random(len(more))[:, None]).sum(axis=1), len(CATEGORIES) - 1)
    kind = np.where((category[more] == games) | (rng.random(len(more)) < 0.4), category[more], other)
    later = second[more] + rng.exponential(gap) * rng.integers(1, 4, len(more))
    return np.concatenate([who, who[more]]), np.concatenate([category, kind]), np.concatenate([second, later])
