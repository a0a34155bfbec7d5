"""Running aggregates of accounts and counterparties that never look ahead, for any table of dated events.

Count and amount of windows follow Whitrow et al. 2009 ("Transaction aggregation as a strategy for credit card fraud
detection"); labels count only once they are known, a delay after the event (Dal Pozzolo et al. 2018).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from dl_core.data.table.grouped import DAY, Clock, Groups, Keys, Members, key_codes


@dataclass(frozen=True)
class HistoryPlan:
    """Which windows to look back on; all in days.

    Parameters
    ----------
    delay_days : float
        Age from which a label is known.
    windows : tuple of float
        Windows that end now, the row itself included.
    label_windows : tuple of float
        Windows of known labels of the counterparty, which end ``delay_days`` ago.
    usual_windows : tuple of float
        Windows of the account's own habit, which end just before the row.
    settled_days, settled_window : float
        The habit that an ongoing fraud cannot have changed yet: a window that ends ``settled_days`` ago.
    run_window : float
        How far back the first known fraud of a counterparty is looked for.
    last_known : tuple of int
        Numbers of latest known labels of the counterparty whose share of fraud is taken.
    unusual : float
        An amount so many times the account's settled mean counts as unusual.
    smooth : float
        Prior rows with the share of fraud 0 that draw a rate of few rows down.
    """

    delay_days: float = 7
    windows: tuple[float, ...] = (1, 7, 30)
    label_windows: tuple[float, ...] = (1, 3, 7, 14, 30, 60)
    usual_windows: tuple[float, ...] = (30, 90)
    settled_days: float = 14
    settled_window: float = 120
    run_window: float = 28
    last_known: tuple[int, ...] = (1, 3, 10)
    unusual: float = 2.5
    smooth: float = 2.0


def running_history(
    time: np.ndarray,
    account: Keys | None = None,
    counterparty: Keys | None = None,
    amount: np.ndarray | None = None,
    label: np.ndarray | None = None,
    *,
    plan: HistoryPlan | None = None,
) -> pd.DataFrame:
    """Return running aggregates of each row, (n, d) float32, rows in the order given.

    A row sees the rows that come before it (earlier, or of the same instant and higher up in the file) and itself, and
    labels only where they are at least ``plan.delay_days`` old. NaN stands where there is nothing to look back on,
    where the key is missing, and in every column of a row without a time. Cost: n log n.

    Parameters
    ----------
    time : numpy.ndarray
        (n,) datetime64[ns], in any order.
    account, counterparty : sequence or None
        (n,) keys of any hashable kind; missing ones are None or NaN.
    amount : numpy.ndarray or None
        (n,); what is not finite counts as missing.
    label : numpy.ndarray or None
        (n,) 1 fraud, 0 honest, -1 unknown.
    plan : HistoryPlan or None
    """
    plan = plan or HistoryPlan()
    clock = Clock(time)
    work = _Work(clock, plan, amount, label)
    columns = _calendar(clock)
    if account is not None:
        columns.update(work.account(Groups(clock, key_codes(clock, account))))
    if counterparty is not None:
        columns.update(work.counterparty(Groups(clock, key_codes(clock, counterparty))))
    if account is not None and counterparty is not None:
        columns.update(work.pair(key_codes(clock, account), key_codes(clock, counterparty)))
    names = list(columns)
    table = np.empty((len(names), len(clock.order)), dtype=np.float32)
    for place, name in enumerate(names):
        table[place] = columns.pop(name)  # freed at once: many columns of many rows
    return pd.DataFrame(table.T, columns=names, copy=False)


def _calendar(clock: Clock) -> dict[str, np.ndarray]:
    hours = clock.stamp % DAY / (DAY / 24)
    day = (clock.stamp // DAY + 3) % 7  # 1970-01-01 was a Thursday; Monday is 0
    found = {"hour of day": hours, "night": hours < 7, "weekend": day >= 5}
    columns = {}
    for name, values in found.items():
        columns[name] = np.full(len(clock.order), np.nan, dtype=np.float32)
        columns[name][clock.order[: clock.timed]] = values
    return columns


def _habit(
    groups: Groups, amount: np.ndarray, days: float, ago: float, itself: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean, standard deviation and count of the amounts in a window that ends ``ago`` days ago, (m,)."""
    paid = Members(groups, ~np.isnan(amount))
    first = np.zeros(len(amount))  # the group's first amount is taken off, so that squares stay small
    if len(paid.rows):
        _, start, group = np.unique(paid.code, return_index=True, return_inverse=True)
        first[paid.rows] = amount[paid.rows[start]][group]
    away = np.nan_to_num(amount) - first
    low, high = paid.place(ago + days, itself), paid.place(ago, itself)
    count = (high - low).astype(np.float64)
    mean = _divide(paid.total(paid.cumulate(away), low, high), count)
    square = _divide(paid.total(paid.cumulate(away**2), low, high), count)
    offset = first[paid.rows[np.minimum(paid.start, max(0, len(paid.rows) - 1))]] if len(paid.rows) else 0.0
    return mean + offset, np.sqrt(np.maximum(square - mean**2, 0.0)), count


def _ratio(groups: Groups, amount: np.ndarray, mean: np.ndarray) -> np.ndarray:
    return _divide(amount[groups.rows], np.where(np.abs(mean) > 1e-9, mean, 0.0))


def _divide(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Return above / below, NaN where below is 0."""
    return np.divide(above, below, out=np.full(len(above), np.nan), where=below != 0)


class _Work:
    """What all columns are made from: clock, plan, amounts and labels in order of time."""

    def __init__(self, clock: Clock, plan: HistoryPlan, amount: np.ndarray | None, label: np.ndarray | None) -> None:
        self.clock, self.plan = clock, plan
        self.amount = None if amount is None else clock.sorted(np.asarray(amount, dtype=np.float64))
        if self.amount is not None:
            self.amount = np.where(np.isfinite(self.amount), self.amount, np.nan)
        self.label = None if label is None else clock.sorted(np.asarray(label)).astype(np.int8)
        if self.label is not None and not (self.label >= 0).any():
            self.label = None
        self.ordinary: np.ndarray | None = None  # (timed,) whether the amount is usual for the account, once known

    def account(self, groups: Groups) -> dict[str, np.ndarray]:
        """Return the account's columns."""
        columns = self._counts(groups, "account")
        every = groups.all
        last = every.place(0) - 1
        columns["account: days since last transaction"] = groups.spread(every.age(last, last >= every.start))
        if self.amount is not None:
            columns.update(self._own_habit(groups, self.amount))
        if self.label is not None:
            known = Members(groups, self.label >= 0)
            sums, high = known.cumulate(self.label), known.place(self.plan.delay_days)
            for days in self.plan.windows[-1:]:
                found = known.total(sums, known.place(self.plan.delay_days + days), high)
                columns[f"account: known frauds, {days:g} days"] = groups.spread(found)
        return columns

    def counterparty(self, groups: Groups) -> dict[str, np.ndarray]:
        """Return the counterparty's columns."""
        columns = self._counts(groups, "counterparty", amounts=False)
        if self.amount is not None:
            days = self.plan.windows[-1]
            mean, _, _ = _habit(groups, self.amount, days, 0)
            columns[f"amount / counterparty's mean, {days:g} days"] = groups.spread(_ratio(groups, self.amount, mean))
        if self.label is not None:
            columns.update(self._known_rates(groups, self.label))
            columns.update(self._known_times(groups, self.label))
        return columns

    def pair(self, account: np.ndarray, counterparty: np.ndarray) -> dict[str, np.ndarray]:
        """Return how often the account was at this counterparty before."""
        codes = np.where(
            (account < 0) | (counterparty < 0), -1, account * (counterparty.max(initial=0) + 1) + counterparty
        )
        groups = Groups(self.clock, pd.factorize(np.where(codes < 0, -1, codes), sort=True)[0] - int((codes < 0).any()))
        before = groups.all.place(0) - groups.all.start
        return {"account: earlier transactions at this counterparty": groups.spread(before)}

    def _counts(self, groups: Groups, name: str, amounts: bool = True) -> dict[str, np.ndarray]:
        """Return count and mean amount of the windows that end with the row itself."""
        columns, every = {}, groups.all
        high = every.place(0, itself=True)
        for days in self.plan.windows:
            columns[f"{name}: count, {days:g} days"] = groups.spread(high - every.place(days))
        if self.amount is not None and amounts:
            for days in self.plan.windows:
                mean, _, _ = _habit(groups, self.amount, days, 0, itself=True)
                columns[f"{name}: mean amount, {days:g} days"] = groups.spread(mean)
        return columns

    def _own_habit(self, groups: Groups, amount: np.ndarray) -> dict[str, np.ndarray]:
        """Return the amount against the account's own mean and spread."""
        columns = {}
        spans = [(days, 0.0, f"account's mean, {days:g} days") for days in self.plan.usual_windows]
        settled = f"account's mean until {self.plan.settled_days:g} days ago"
        for days, ago, words in [*spans, (self.plan.settled_window, self.plan.settled_days, settled)]:
            mean, deviation, count = _habit(groups, amount, days, ago)
            ratio = _ratio(groups, amount, mean)
            columns[f"amount / {words}"] = groups.spread(ratio)
            floor = np.maximum(deviation, 0.05 * np.abs(mean) + 1e-9)
            steps = np.where(count >= 3, (amount[groups.rows] - mean) / floor, np.nan)
            columns[f"spreads above {words}"] = groups.spread(np.clip(steps, -100, 100))
        large = np.zeros(len(amount), dtype=np.bool_)
        large[groups.rows] = ratio > self.plan.unusual  # of the settled mean, which comes last
        self.ordinary = ~large
        every = groups.all
        sums, high = every.cumulate(large), every.place(0)
        for days in (7, self.plan.settled_days):
            found = every.total(sums, every.place(days), high)
            columns[f"account: unusual amounts before, {days:g} days"] = groups.spread(found)
        return columns

    def _known_rates(self, groups: Groups, label: np.ndarray) -> dict[str, np.ndarray]:
        """Return counts and rates of known fraud at the counterparty."""
        columns, delay = {}, self.plan.delay_days
        known = Members(groups, label >= 0)
        sums, high = known.cumulate(label), known.place(delay)
        quiet = None if self.ordinary is None else known.cumulate((label == 1) & self.ordinary)
        for days in self.plan.label_windows:
            low = known.place(delay + days)
            frauds, count = known.total(sums, low, high), high - low
            columns[f"counterparty: known frauds, {days:g} days"] = groups.spread(frauds)
            columns[f"counterparty: known fraud rate, {days:g} days"] = groups.spread(
                frauds / (count + self.plan.smooth)
            )
            if quiet is not None and days >= 7:
                found = known.total(quiet, low, high)
                columns[f"counterparty: known frauds of usual amount, {days:g} days"] = groups.spread(found)
        for number in self.plan.last_known:
            low = np.maximum(high - number, known.start)
            share = _divide(known.total(sums, low, high), (high - low).astype(np.float64))
            columns[f"counterparty: fraud among the last {number} known"] = groups.spread(share)
        return columns

    def _known_times(self, groups: Groups, label: np.ndarray) -> dict[str, np.ndarray]:
        """Return days since known frauds and since known honest rows of the counterparty."""
        delay, columns = self.plan.delay_days, {}
        for value, name in ((1, "fraud"), (0, "honest transaction")):
            some = Members(groups, label == value)
            high = some.place(delay)
            columns[f"counterparty: days since last known {name}"] = groups.spread(
                some.age(high - 1, high > some.start)
            )
            if value:
                low = some.place(delay + self.plan.run_window)
                first = f"counterparty: days since first known fraud of {self.plan.run_window:g} days"
                columns[first] = groups.spread(some.age(low, high > low))
                columns["counterparty: days since fraud run began"] = groups.spread(
                    self._run_age(groups, label, some, high)
                )
        return columns

    def _run_age(self, groups: Groups, label: np.ndarray, frauds: Members, high: np.ndarray) -> np.ndarray:
        """Return days since the first of the known frauds that no known honest row has followed, (m,), else NaN."""
        honest = Members(groups, label == 0)
        end = honest.place(self.plan.delay_days)
        last = np.where(end > honest.start, honest.rows[np.maximum(end, 1) - 1] + 1, 0) if len(honest.rows) else 0
        first = np.searchsorted(frauds.keys, groups.base + last)  # the first fraud after the last honest row
        return frauds.age(first, high > first)
