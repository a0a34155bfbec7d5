"""How thieves behave in the simulation: five scenarios, the last of which starts late."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from customers import LIMIT, Customers, clock, pay, price
from merchants import CATEGORIES, CENTRES, NAMES, REGIONS, RISKY, Merchants

NEW_TACTIC = 110  # day on which "fuel under the limit" starts, counted from 0
PERIOD = 28  # days a merchant stays compromised
LARGE, STOLEN, TAKEOVER, FUEL = 0.00070, 0.00018, 0.00013, 0.00033  # cases for each purchase of the customers
FLIPPED = 0.72  # share of purchases at a compromised merchant that are fraud, before levelling
LEAST, MOST = 0.35, 1.0  # bounds of that share after levelling
SCENARIOS = ("large amount", "compromised merchant", "stolen card", "account takeover", "fuel under the limit")


@dataclass(frozen=True)
class World:
    """What thieves act on: customers, merchants, the honest purchases, and the number of days."""

    customers: Customers
    merchants: Merchants
    honest: pd.DataFrame
    days: int


def pick_victims(world: World, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return ``count`` customers, (count,) int, by how much they buy.

    Neighbours in the list lie far apart in the order of regions (steps of the golden ratio), so that of cases in order
    of time every region gets its share in every month.
    """
    bought = np.bincount(world.honest["customer"], minlength=len(world.customers.region)).astype(float)
    order = np.lexsort((rng.random(len(bought)), world.customers.region))
    upto = np.cumsum(bought[order]) / bought.sum()
    draw = np.mod(rng.random() + np.arange(count) * 0.6180339887, 1)
    return order[np.minimum(np.searchsorted(upto, draw), len(order) - 1)]


def spread_days(world: World, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return days on which cases start, (count,) int, in order: one in each of ``count`` equal stretches of time."""
    return ((np.arange(count) + rng.random(count)) * world.days / max(count, 1)).astype(int)


def buy(
    world: World, victim: np.ndarray, category: np.ndarray, online: np.ndarray, *, rng: np.random.Generator
) -> np.ndarray:
    """Return merchants for purchases of a thief, who is near the victim's home at times, else in any region."""
    near = rng.random(len(victim)) < 0.35
    origin = np.where(
        near[:, None], world.customers.home[victim], CENTRES[rng.integers(len(REGIONS), size=len(victim))]
    )
    return world.merchants.choose(category, online, origin + rng.normal(0, 8, (len(victim), 2)), rng)


def large_amounts(world: World, count: int, rng: np.random.Generator) -> pd.DataFrame:
    """One or two purchases of goods that sell well, at four to twelve times what the victim would pay."""
    case = np.repeat(np.arange(count), rng.integers(1, 3, count))
    victim = pick_victims(world, count, rng)[case]
    risky = [NAMES.index(name) for name in ("electronics", "jewellery", "travel", "home and garden")]
    category = rng.choice(risky, len(victim), p=[0.4, 0.2, 0.2, 0.2])
    second = spread_days(world, count, rng)[case] * 86400 + clock(category, np.full(len(case), 0.08), rng)
    amount = price(category, world.customers.scale[victim], rng) * rng.uniform(4.0, 12.0, len(victim))
    online = rng.random(len(victim)) < 0.5
    return pd.DataFrame(
        {
            "customer": victim,
            "merchant": buy(world, victim, category, online, rng=rng),
            "second": second,
            "amount": amount,
            "channel": np.where(online, "online", "chip"),
            "scenario": SCENARIOS[0],
        }
    )


def stolen_cards(world: World, count: int, rng: np.random.Generator) -> pd.DataFrame:
    """Two to four days of several purchases a day, larger and later than the victim's."""
    days = rng.integers(2, 5, count)
    case = np.repeat(np.arange(count), rng.poisson(4.0 * days) + 1)
    victim = pick_victims(world, count, rng)[case]
    habit = world.customers.taste[victim] * np.where(RISKY, 5.0, 1.0)
    upto = np.cumsum(habit, axis=1)
    category = (upto < rng.random(len(case))[:, None] * upto[:, -1:]).sum(axis=1)
    day = spread_days(world, count, rng)[case] + rng.uniform(0, 1, len(case)) * days[case]
    amount = price(category, world.customers.scale[victim], rng) * rng.uniform(2.0, 5.0, len(case))
    online = rng.random(len(case)) < np.minimum(np.array([kind.online for kind in CATEGORIES])[category], 1)
    return pd.DataFrame(
        {
            "customer": victim,
            "merchant": buy(world, victim, category, online, rng=rng),
            "second": np.floor(day) * 86400 + clock(category, np.full(len(case), 0.25), rng),
            "amount": amount,
            "channel": pay(online, amount, np.full(len(case), 0.85), rng),
            "scenario": SCENARIOS[2],
        }
    )


def takeovers(world: World, count: int, rng: np.random.Generator) -> pd.DataFrame:
    """Eight to sixteen small purchases on the internet within an hour."""
    case = np.repeat(np.arange(count), rng.integers(8, 17, count))
    victim = pick_victims(world, count, rng)[case]
    kinds = [NAMES.index(name) for name in ("online games", "electronics", "clothing", "leisure")]
    category = rng.choice(kinds, len(case), p=[0.7, 0.1, 0.1, 0.1])
    start = spread_days(world, count, rng) * 86400 + clock(category[:count], np.full(count, 0.2), rng)
    return pd.DataFrame(
        {
            "customer": victim,
            "merchant": world.merchants.choose(category, np.full(len(case), True), np.zeros((len(case), 2)), rng),
            "second": start[case] + rng.uniform(0, 3600, len(case)),
            "amount": np.exp(rng.normal(np.log(12), 0.35, len(case))),
            "channel": "online",
            "scenario": SCENARIOS[3],
        }
    )


def fuel_payments(world: World, count: int, rng: np.random.Generator) -> pd.DataFrame:
    """The new tactic: three to five contactless payments in a day at fuel stations, each just under the limit."""
    start = NEW_TACTIC + (world.days - NEW_TACTIC) * np.sort(rng.random(count)) ** 0.8  # more and more of them
    case = np.repeat(np.arange(count), rng.integers(3, 6, count))
    victim = pick_victims(world, count, rng)[case]
    category = np.full(len(case), NAMES.index("fuel"))
    return pd.DataFrame(
        {
            "customer": victim,
            "merchant": buy(world, victim, category, np.full(len(case), False), rng=rng),
            "second": np.floor(start)[case] * 86400 + clock(category, np.full(len(case), 0.02), rng),
            "amount": rng.uniform(LIMIT - 4, LIMIT - 0.1, len(case)),
            "channel": "contactless",
            "scenario": SCENARIOS[4],
        }
    )


def compromised(world: World, rng: np.random.Generator) -> pd.Series:
    """Return which honest purchases were made while their merchant was compromised, (n,) bool.

    In every four weeks one shop of each region, a second one of the capital and one on the internet, of middling size.
    """
    honest, shops = world.honest, world.merchants
    volume = np.bincount(honest["merchant"], minlength=len(shops.name)) / world.days
    busy = (volume > np.quantile(volume, 0.28)) & (volume < np.quantile(volume, 0.58))
    nearest = np.argmin(np.linalg.norm(shops.place[:, None] - CENTRES[None], axis=2), axis=1)
    hit = np.zeros(len(honest), dtype=bool)
    for first in range(-PERIOD, world.days, PERIOD):
        for region in (*range(len(REGIONS)), REGIONS.index("Capital"), None):
            there = shops.online if region is None else (nearest == region) & ~shops.online & (shops.country == 0)
            shop = rng.choice(np.flatnonzero(there & busy))
            start = first + rng.uniform(0, PERIOD)
            when = honest["second"].between(start * 86400, (start + PERIOD) * 86400)
            hit |= ((honest["merchant"] == shop) & when).to_numpy()
    return pd.Series(hit, index=honest.index)


def level(world: World, others: pd.DataFrame, hit: pd.Series, rng: np.random.Generator) -> np.ndarray:
    """Return which purchases at compromised merchants are fraud, so that every region has the same rate each month."""
    honest, region = world.honest, world.customers.region
    month, month_others = honest["second"] // (30 * 86400), others["second"] // (30 * 86400)
    of, of_others = region[honest["customer"]], region[others["customer"]]
    flipped = np.zeros(len(honest), dtype=bool)
    for block in np.unique(month):
        now = (month == block).to_numpy()
        frauds = (month_others == block).sum() + FLIPPED * (hit & now).sum()
        for place in range(len(REGIONS)):
            rows = np.flatnonzero(hit & now & (of == place))
            wanted = frauds * (now & (of == place)).sum() / now.sum()
            wanted -= ((month_others == block) & (of_others == place)).sum()
            share = np.clip(wanted, LEAST * len(rows), MOST * len(rows))
            flipped[rng.permutation(rows)[: round(share)]] = True
    return flipped


def add_fraud(world: World, rng: np.random.Generator) -> pd.DataFrame:
    """Return honest purchases and frauds together, with a column ``scenario`` that is empty for the honest."""
    size = len(world.honest)
    late = max(world.days - NEW_TACTIC, 0) / world.days
    parts = [
        large_amounts(world, round(LARGE * size), rng),
        stolen_cards(world, round(STOLEN * size), rng),
        takeovers(world, round(TAKEOVER * size), rng),
        fuel_payments(world, round(FUEL * size * late), rng),
    ]
    others = pd.concat([part for part in parts if len(part)], ignore_index=True)
    flipped = level(world, others, compromised(world, rng), rng)
    more = np.where(flipped, rng.uniform(1.0, 2.6, size), 1.0)
    honest = world.honest.assign(amount=world.honest["amount"] * more, scenario=np.where(flipped, SCENARIOS[1], ""))
    return pd.concat([honest, others], ignore_index=True)
