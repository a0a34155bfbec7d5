"""Metrics of a review queue: what a team that can look at so many cases a day would find, and what that saves.

Like all metrics they judge many weighted resamples (r, n) at once. ``about`` holds facts of the rows (`about.py`):
``day`` (n,), ``account`` (n,), ``amount`` (n,) in currency, ``budget`` (cases a day), ``review_cost`` (currency a
review) and ``loss_share`` (0…1: share of a missed fraud's amount that is lost). Two classes; the last one is fraud.

Equal scores share the places left by equal parts, so that the order of the rows in a file decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from dl_core.evaluate.about import DAYS, About
from dl_core.evaluate.formulas import Threshold, decide, divide, plain, total
from dl_core.evaluate.keep import keep

EMPTY: About = MappingProxyType({})  # without facts a metric is never called: `Metric.fits` says so
AHEAD = 3  # places looked at for each place in the budget, before resampled weights ask for more


class _Queue(NamedTuple):
    """Rows by day and falling score: ``order`` (n,), and in that order the ``day`` and the ``step`` of equal scores."""

    order: np.ndarray
    day: np.ndarray
    step: np.ndarray


@keep
def _queue(y_score: np.ndarray, day: np.ndarray) -> _Queue:
    score = y_score[:, -1]
    order = np.lexsort((-score, day))
    days, scores = day[order], score[order]
    new_day = np.r_[True, days[1:] != days[:-1]]
    new_step = new_day | np.r_[True, scores[1:] != scores[:-1]]
    return _Queue(order, np.cumsum(new_day) - 1, np.cumsum(new_step) - 1)


def _places(weights: np.ndarray, step: np.ndarray, budget: float) -> np.ndarray:
    """Return the share (r, n) of each row of one day that is looked at; rows run from the highest score down.

    ``step`` (n,) numbers the distinct scores; a step that does not fit whole is looked at in part.
    """
    first = np.flatnonzero(np.r_[True, np.diff(step) != 0])
    size = np.add.reduceat(weights, first, axis=1)
    left = budget - (np.cumsum(size, axis=1) - size)
    share = np.clip(np.divide(left, size, out=np.zeros_like(size), where=size > 0), 0.0, 1.0)
    return share[:, np.repeat(np.arange(len(first)), np.diff(np.r_[first, len(step)]))]


def _enough(step: np.ndarray, budget: float, weighed: Callable[[int], np.ndarray]) -> np.ndarray:
    """Return the weights (r, m) of the first of a day's lines, as many as fill the budget of every resample.

    ``step`` (n,) numbers their distinct scores, which are never cut apart; ``weighed`` gives the weights of so many.
    """
    most = int(AHEAD * budget) + 1
    while True:
        last = int(np.searchsorted(step, step[min(most, len(step)) - 1], side="right"))
        mine = weighed(last)
        if last == len(step) or (mine.sum(axis=1) >= budget).all():
            return mine
        most *= 2


def _first(weights: np.ndarray, columns: np.ndarray, most: int) -> np.ndarray:
    return np.take(weights, columns[:most], axis=1)


@keep
def _top(
    y_true: np.ndarray, y_score: np.ndarray, weights: np.ndarray, day: np.ndarray, budget: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return frauds found and rows looked at (r,), over all days."""
    found, seen = np.zeros(len(weights)), np.zeros(len(weights))
    if not len(y_true):
        return found, seen
    queue = _queue(y_score, day)
    starts = np.flatnonzero(np.r_[True, np.diff(queue.day) != 0, True])
    for start, stop in zip(starts[:-1], starts[1:], strict=True):
        columns, step = queue.order[start:stop], queue.step[start:stop]
        mine = _enough(step, budget, partial(_first, weights, columns))
        most = mine.shape[1]
        looked = mine * _places(mine, step[:most], budget)
        seen += looked.sum(axis=1)
        found += looked @ (y_true[columns[:most]] == 1)
    return found, seen


def weighted_precision_at_k(
    y_true: np.ndarray, y_score: np.ndarray, weights: np.ndarray, threshold: Threshold = None, about: About = EMPTY
) -> np.ndarray:
    """Return the share of frauds (r,) among each day's ``budget`` rows with the highest scores, over all days."""
    return divide(*_top(y_true, y_score, weights, about["day"], float(about["budget"])))


def weighted_recall_at_k(
    y_true: np.ndarray, y_score: np.ndarray, weights: np.ndarray, threshold: Threshold = None, about: About = EMPTY
) -> np.ndarray:
    """Return the share of all frauds (r,) that stand among each day's ``budget`` rows with the highest scores."""
    found, seen = _top(y_true, y_score, weights, about["day"], float(about["budget"]))
    return divide(found, np.where(seen > 0, np.take(weights, np.flatnonzero(y_true == 1), axis=1).sum(axis=1), 0.0))


class _Cards(NamedTuple):
    """One line for each card and day, by day and falling score: see `_cards`."""

    card: np.ndarray  # (m,) 0-based number of the card
    fraud: np.ndarray  # (m,) bool
    step: np.ndarray  # (m,) number of the distinct score
    start: np.ndarray  # (days + 1,) where each day begins
    rows: np.ndarray  # (n,) rows by line
    first: np.ndarray  # (m,) where each line's rows begin in ``rows``


@keep
def _card_days(day: np.ndarray, account: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return each row's card (n,), the rows by day and card (n,), and where each card's day begins in them (m,)."""
    card = np.unique(account, return_inverse=True)[1]
    rows = np.lexsort((card, day))
    return card, rows, np.flatnonzero(np.r_[True, (np.diff(day[rows]) != 0) | (np.diff(card[rows]) != 0)])


@keep
def _cards(y_true: np.ndarray, y_score: np.ndarray, day: np.ndarray, account: np.ndarray) -> _Cards:
    card, rows, first = _card_days(day, account)
    score = np.maximum.reduceat(y_score[rows, -1], first)
    fraud = np.maximum.reduceat((y_true[rows] == 1).astype(np.int8), first) > 0
    days = day[rows[first]]
    order = np.lexsort((-score, days))
    counts = np.diff(np.r_[first, len(rows)])[order]
    begin = np.r_[0, np.cumsum(counts)[:-1]]  # of each line's rows, lines sorted
    moved = np.arange(len(rows)) + np.repeat(first[order] - begin, counts)
    days, score = days[order], score[order]
    new_day = np.r_[True, np.diff(days) != 0]
    return _Cards(
        card=card[rows[first[order]]],
        fraud=fraud[order],
        step=np.cumsum(new_day | np.r_[True, np.diff(score) != 0]) - 1,
        start=np.r_[np.flatnonzero(new_day), len(days)],
        rows=rows[moved],
        first=begin,
    )


def weighted_card_precision(
    y_true: np.ndarray, y_score: np.ndarray, weights: np.ndarray, threshold: Threshold = None, about: About = EMPTY
) -> np.ndarray:
    """Return the card precision (r,): the share of truly compromised cards among those looked at, mean over days.

    Each day the ``budget`` cards with the highest score are looked at. A card's score is its highest of that day, and
    it is compromised if any of its transactions that day is fraud. One that was found is blocked: it takes no part in
    later days.

    References
    ----------
    Le Borgne, Siblini, Lebichot and Bontempi (2022), *Reproducible Machine Learning for Credit Card Fraud Detection*,
    section 4.3, "card precision top-k". Deviation: a day with fewer cards than places is divided by its cards. In a
    resample a card counts as often as it was drawn; where its rows were not drawn together, its largest count is taken.
    """
    budget = float(about["budget"])
    if not len(y_true) or not budget > 0:
        return np.full(len(weights), np.nan)
    cards = _cards(y_true, y_score, about["day"], about["account"])
    free = np.ones((len(weights), int(cards.card.max()) + 1))  # share of each card that is not blocked yet
    total, days = np.zeros(len(weights)), np.zeros(len(weights))
    for start, stop in zip(cards.start[:-1], cards.start[1:], strict=True):
        mine = _enough(cards.step[start:stop], budget, partial(_todays, cards, start, weights, free))
        lines = slice(start, start + mine.shape[1])
        share = _places(mine, cards.step[lines], budget)
        seen = (mine * share).sum(axis=1)
        bad = np.flatnonzero(cards.fraud[lines])
        found = (mine[:, bad] * share[:, bad]).sum(axis=1)
        free[:, cards.card[lines][bad]] *= 1 - share[:, bad]
        total += np.divide(found, seen, out=np.zeros_like(found), where=seen > 0)
        days += seen > 0
    return divide(total, days)


def _todays(cards: _Cards, start: int, weights: np.ndarray, free: np.ndarray, most: int) -> np.ndarray:
    """Return the weights (r, most) of the first of a day's lines, less what is blocked."""
    lines = slice(start, start + most)
    first = cards.first[lines]
    end = cards.first[start + most] if start + most < len(cards.first) else len(cards.rows)
    mine = np.take(weights, cards.rows[first[0] : end], axis=1)
    return np.maximum.reduceat(mine, first - first[0], axis=1) * free[:, cards.card[lines]]


def _money(y_true: np.ndarray, y_score: np.ndarray, threshold: Threshold, about: About) -> tuple[np.ndarray, ...]:
    """Return what each row (n,) loses without review, what deciding saves, and whether it is flagged."""
    flagged = decide(y_score, threshold) == 1
    loss = float(about["loss_share"]) * np.maximum(about["amount"], 0.0) * (y_true == 1)
    return loss, flagged * (loss - float(about["review_cost"])), flagged


def weighted_money_saved(
    y_true: np.ndarray, y_score: np.ndarray, weights: np.ndarray, threshold: Threshold = None, about: About = EMPTY
) -> np.ndarray:
    """Return what reviewing the flagged rows saves (r,), as a share of the loss without review; under 0 it costs."""
    loss, saved, _ = _money(y_true, y_score, threshold, about)
    sums = weights @ np.column_stack([saved, loss])
    return divide(sums[:, 0], sums[:, 1])


def weighted_money_saved_total(
    y_true: np.ndarray, y_score: np.ndarray, weights: np.ndarray, threshold: Threshold = None, about: About = EMPTY
) -> np.ndarray:
    """Return what reviewing the flagged rows saves (r,), in currency."""
    saved = weights @ _money(y_true, y_score, threshold, about)[1]
    return np.where(total(weights) > 0, saved, np.nan)


def weighted_money_lost(
    y_true: np.ndarray, y_score: np.ndarray, weights: np.ndarray, threshold: Threshold = None, about: About = EMPTY
) -> np.ndarray:
    """Return missed frauds' losses and the cost of reviews (r,), in currency for every 1,000 rows."""
    loss, saved, _ = _money(y_true, y_score, threshold, about)
    return 1000 * divide(weights @ (loss - saved), total(weights))


def weighted_review_burden(
    y_true: np.ndarray, y_score: np.ndarray, weights: np.ndarray, threshold: Threshold = None, about: About = EMPTY
) -> np.ndarray:
    """Return flagged rows a day (r,); a part of the rows (a group) is divided by the days of all."""
    days = float(about.get(DAYS, 0.0)) or float(len(np.unique(about["day"])))
    flagged = (decide(y_score, threshold) == 1).astype(float)
    return divide(weights @ flagged, np.where(total(weights) > 0, days, 0.0))


precision_at_k = plain(
    "precision_at_k", weighted_precision_at_k, "Precision among each day's reviewed rows, highest scores first."
)
recall_at_k = plain("recall_at_k", weighted_recall_at_k, "Recall of each day's reviewed rows.")
card_precision = plain(
    "card_precision", weighted_card_precision, "Share of compromised cards among each day's reviewed cards."
)
money_saved = plain("money_saved", weighted_money_saved, "Savings relative to the loss without review.")
money_saved_total = plain("money_saved_total", weighted_money_saved_total, "Savings, in currency.")
money_lost = plain("money_lost", weighted_money_lost, "Losses and review cost per 1,000 rows.")
review_burden = plain("review_burden", weighted_review_burden, "Flagged rows per day.")
