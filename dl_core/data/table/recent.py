"""An account's last transactions as short sequences, for networks that read in order."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dl_core.data.table.grouped import DAY, Clock, Groups, Keys, key_codes

RECENT_FEATURES = (
    "transaction there",  # 1, or 0 where the account has no transaction so far back
    "days before this one",  # log(1 + days)
    "days after the one before",  # log(1 + days)
    "amount",  # sign · log(1 + |amount|)
    "amount against habit",  # the same of the ratio to the account's settled mean
    "hour of day, sine",
    "hour of day, cosine",
    "counterparty's risk",  # known fraud rate of the counterparty at that time, times 10
)


def recent_steps(
    time: np.ndarray,
    account: Keys,
    amount: np.ndarray | None = None,
    *,
    history: pd.DataFrame | None = None,
    steps: int = 8,
) -> np.ndarray:
    """Return the account's last transactions up to each row, (n, steps, features) float16, the row itself last.

    Features are `RECENT_FEATURES`; a step that does not exist is all zeros. A row without account or time is a
    sequence of itself alone.

    Parameters
    ----------
    time : numpy.ndarray
        (n,) datetime64[ns], in any order.
    account : sequence
        (n,) keys; missing ones are None or NaN.
    amount : numpy.ndarray or None
        (n,)
    history : pandas.DataFrame or None
        What `running_history` made of the same rows: habit and risk come from it and are 0 without it.
    steps : int
        Number of transactions.
    """
    clock = Clock(time)
    about = _features(clock, amount, history)  # (n, 5) in order of time
    groups = Groups(clock, key_codes(clock, account))
    result = np.empty((len(about), steps, len(RECENT_FEATURES)), dtype=np.float16)
    result[clock.order] = _sequences(clock, groups, about, steps)
    return result


def _sequences(clock: Clock, groups: Groups, about: np.ndarray, steps: int) -> np.ndarray:
    """Return each row's sequence, (n, steps, features) float16 in order of time."""
    days = np.full(len(about), np.nan)
    days[: clock.timed] = clock.stamp / DAY
    found = np.zeros((len(about), steps, len(RECENT_FEATURES)), dtype=np.float16)
    place, previous = np.arange(len(groups.rows)), _gap(groups, days)
    for back in range(steps):
        there = place - back >= groups.all.start  # not before the first row of the group
        now, then = groups.rows[there], groups.rows[(place - back)[there]]
        found[now, steps - 1 - back] = _step(about, days, previous, now, then)
    alone = np.ones(len(about), dtype=bool)
    alone[groups.rows] = False
    lone = np.flatnonzero(alone)
    found[lone, -1] = _step(about, days, previous, lone, lone)
    return found


def _gap(groups: Groups, days: np.ndarray) -> np.ndarray:
    """Return log(1 + days since the account's transaction before), (n,) in order of time; 0 for the first."""
    gap = np.zeros(len(days))
    if len(groups.rows):
        place = np.arange(len(groups.rows))
        between = days[groups.rows] - days[groups.rows[np.maximum(place - 1, 0)]]
        gap[groups.rows] = np.where(place > groups.all.start, np.log1p(np.maximum(between, 0)), 0)
    return gap


def _step(about: np.ndarray, days: np.ndarray, gap: np.ndarray, now: np.ndarray, then: np.ndarray) -> np.ndarray:
    """Return the features (k, 8) of the rows ``then`` as seen from the rows ``now``."""
    ago = np.nan_to_num(np.log1p(np.maximum(days[now] - days[then], 0)))
    return np.column_stack([np.ones(len(now)), ago, gap[then], about[then]]).astype(np.float16)


def _features(clock: Clock, amount: np.ndarray | None, history: pd.DataFrame | None) -> np.ndarray:
    """Return what does not depend on the row that looks back, (n, 5) float32 in order of time."""
    found = np.zeros((len(clock.order), 5), dtype=np.float32)
    if amount is not None:
        found[:, 0] = _signed_log(np.asarray(amount, dtype=np.float64)[clock.order])
    if history is not None:
        for name in history.columns:
            if name.startswith("amount / account's mean until"):
                found[:, 1] = _signed_log(history[name].to_numpy()[clock.order])
        rates = [name for name in history.columns if name.startswith("counterparty: known fraud rate")]
        if rates:
            found[:, 4] = 10 * np.nan_to_num(history[rates[len(rates) // 2]].to_numpy()[clock.order])
    turn = np.zeros(len(found))
    turn[: clock.timed] = clock.stamp % DAY / DAY * 2 * np.pi
    found[: clock.timed, 2], found[: clock.timed, 3] = np.sin(turn[: clock.timed]), np.cos(turn[: clock.timed])
    return found


def _signed_log(values: np.ndarray) -> np.ndarray:
    values = np.where(np.isfinite(values), values, 0.0)
    return np.sign(values) * np.log1p(np.abs(values))
