"""Running aggregates against a plain loop that looks at every earlier row, and what must never be seen."""

import numpy as np
import pandas as pd
import pytest

from dl_core.data.table.history import HistoryPlan, running_history
from dl_core.data.table.recent import RECENT_FEATURES, recent_steps

DAY = np.timedelta64(86_400_000_000_000, "ns")
PLAN = HistoryPlan(delay_days=2, windows=(1, 4), label_windows=(1, 7), usual_windows=(5,), settled_days=3)


def made(count=160, seed=0):
    """Unsorted rows with equal times, and with missing keys, amounts and labels."""
    rng = np.random.default_rng(seed)
    time = np.datetime64("2024-01-05T00:00", "ns") + rng.integers(0, 80, count) * np.timedelta64(6, "h")
    account = pd.Series(rng.choice(["a", "b", "c", None], count, p=[0.4, 0.3, 0.2, 0.1]), dtype=object)
    counterparty = pd.Series(rng.choice(["x", "y", None], count, p=[0.5, 0.4, 0.1]), dtype=object)
    amount = rng.gamma(2, 20, count) * rng.choice([1, 5], count, p=[0.9, 0.1])
    amount[rng.choice(count, 8)] = [np.nan, np.inf, -5, 0, np.nan, 1e6, -np.inf, 3]
    label = rng.choice([0, 1, -1], count, p=[0.5, 0.4, 0.1]).astype(np.int8)
    return time, account, counterparty, amount, label


class Oracle:
    """One row's past by a plain loop."""

    def __init__(self, rows, i):
        self.time, self.account, self.counterparty, amount, self.label = rows
        self.amount = np.where(np.isfinite(amount), amount, np.nan)
        self.i = i

    def past(self, key, days=np.inf, ago=0.0, itself=False):
        """Rows of the key, oldest first, in a window that ends so many days ago."""
        i, found = self.i, []
        for j in np.argsort(self.time, kind="stable"):
            age = (self.time[i] - self.time[j]) / DAY
            before = j == i and itself or (age > 0 or (age == 0 and j < i))
            if key[j] == key[i] and before and ago <= age < ago + days:
                found.append(j)
        return np.array(found, dtype=int)

    def known(self, days=np.inf):
        rows = self.past(self.counterparty, days, PLAN.delay_days)
        return rows[self.label[rows] >= 0]

    def age(self, j):
        return (self.time[self.i] - self.time[j]) / DAY

    def unusual(self, j):
        other = Oracle((self.time, self.account, self.counterparty, self.amount, self.label), j)
        mean = other.mean(self.account, PLAN.settled_window, PLAN.settled_days)[0]
        return self.account[j] is not None and mean != 0 and self.amount[j] / mean > PLAN.unusual

    def mean(self, key, days, ago=0.0, itself=False):
        values = self.amount[self.past(key, days, ago, itself)]
        values = values[~np.isnan(values)]
        return (values.mean(), values.std(), len(values)) if len(values) else (np.nan, np.nan, 0)


def expected_account(row):
    i, key = row.i, row.account
    found, amount = {}, row.amount[i]
    for days in PLAN.windows:
        found[f"account: count, {days} days"] = len(row.past(key, days, itself=True))
        found[f"account: mean amount, {days} days"] = row.mean(key, days, itself=True)[0]
    before = row.past(key)
    found["account: days since last transaction"] = row.age(before[-1]) if len(before) else np.nan
    spans = [(5, 0, "account's mean, 5 days"), (PLAN.settled_window, 3, "account's mean until 3 days ago")]
    for days, ago, words in spans:
        mean, spread, count = row.mean(key, days, ago)
        found[f"amount / {words}"] = amount / mean if mean else np.nan
        floor = max(spread, 0.05 * abs(mean) + 1e-9)
        found[f"spreads above {words}"] = np.clip((amount - mean) / floor, -100, 100) if count >= 3 else np.nan
    found["account: unusual amounts before, 3 days"] = sum(row.unusual(j) for j in row.past(key, 3))
    old = row.past(key, 4, PLAN.delay_days)
    found["account: known frauds, 4 days"] = (row.label[old] == 1).sum()
    return found


def expected_counterparty(row):
    known = row.known()
    frauds, honest = known[row.label[known] == 1], known[row.label[known] == 0]
    found = {"counterparty: count, 4 days": len(row.past(row.counterparty, 4, itself=True))}
    for days in PLAN.label_windows:
        labels = row.label[row.known(days)]
        found[f"counterparty: known frauds, {days} days"] = labels.sum()
        found[f"counterparty: known fraud rate, {days} days"] = labels.sum() / (len(labels) + PLAN.smooth)
    quiet = [j for j in row.known(7) if row.label[j] == 1 and not row.unusual(j)]
    found["counterparty: known frauds of usual amount, 7 days"] = len(quiet)
    for number in PLAN.last_known:
        share = row.label[known[-number:]].mean() if len(known) else np.nan
        found[f"counterparty: fraud among the last {number} known"] = share
    found["counterparty: days since last known fraud"] = row.age(frauds[-1]) if len(frauds) else np.nan
    found["counterparty: days since last known honest transaction"] = row.age(honest[-1]) if len(honest) else np.nan
    recent = [j for j in frauds if row.age(j) < PLAN.delay_days + PLAN.run_window]
    found["counterparty: days since first known fraud of 28 days"] = row.age(recent[0]) if recent else np.nan
    at = {j: place for place, j in enumerate(known)}
    run = [j for j in frauds if not any(at[k] > at[j] for k in honest)]
    found["counterparty: days since fraud run began"] = row.age(run[0]) if run else np.nan
    return found


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_every_column_is_what_a_plain_loop_finds(seed):
    rows = made(seed=seed)
    table = running_history(*rows, plan=PLAN)
    assert table.dtypes.unique().tolist() == [np.float32]
    for i in range(0, len(table), 3):
        row = Oracle(rows, i)
        for key, expected in ((row.account, expected_account), (row.counterparty, expected_counterparty)):
            for name, value in expected(row).items():
                wanted = np.nan if key[i] is None else value
                np.testing.assert_allclose(
                    table[name].iloc[i], wanted, rtol=2e-4, atol=1e-4, err_msg=f"{name}, row {i}"
                )


def test_earlier_visits_are_counted_by_pair_and_need_both_keys():
    time, account, counterparty, amount, label = rows = made()
    column = running_history(*rows)["account: earlier transactions at this counterparty"]
    for i in range(len(time)):
        pair = account == account[i]
        expected = np.nan
        if account[i] is not None and counterparty[i] is not None:
            both = Oracle(
                (time, account.where(pair & (counterparty == counterparty[i])), counterparty, amount, label), i
            )
            expected = len(both.past(both.account))
        np.testing.assert_equal(column.iloc[i], expected)


def test_the_future_and_labels_not_yet_known_change_nothing():
    time, account, counterparty, amount, label = made()
    whole = running_history(time, account, counterparty, amount, label, plan=PLAN)
    cut = np.sort(time)[100]
    early = time <= cut
    young = early & (time > cut - PLAN.delay_days * DAY)
    hidden = np.where(young, 1 - np.abs(label), label)
    part = running_history(time[early], account[early], counterparty[early], amount[early], hidden[early], plan=PLAN)
    pd.testing.assert_frame_equal(part, whole[early].reset_index(drop=True), check_exact=False, rtol=1e-5)


def test_without_delay_a_row_does_not_see_its_own_label():
    time = np.array(["2024-01-01", "2024-01-02"], dtype="datetime64[ns]")
    plan = HistoryPlan(delay_days=0)
    table = running_history(time, None, ["x", "x"], None, np.array([0, 1], dtype=np.int8), plan=plan)
    assert table["counterparty: known frauds, 7 days"].tolist() == [0, 0]
    assert table["counterparty: fraud among the last 1 known"].iloc[1] == 0


def test_calendar_and_rows_without_a_time():
    time = np.array(["2024-01-06T06:30", "NaT", "2024-01-08T23:00"], dtype="datetime64[ns]")  # Saturday, none, Monday
    table = running_history(time, ["a", "a", "a"], None, np.ones(3))
    assert table["hour of day"].tolist()[::2] == [6.5, 23]
    assert table["night"].tolist()[::2] == [1, 0]
    assert table["weekend"].tolist()[::2] == [1, 0]
    assert table.iloc[1].isna().all()
    assert table["account: count, 7 days"].tolist()[2] == 2


@pytest.mark.parametrize("missing", range(1, 5))
def test_anything_but_time_may_be_missing(missing):
    rows = list(made())
    rows[missing] = None
    table = running_history(*rows)
    assert len(table) == len(rows[0])
    words = ["", "account:", "counterparty:", "amount", "fraud"][missing]
    assert not table.columns.str.contains(words).any()


def test_no_rows_and_no_known_label():
    nothing = np.array([], dtype="datetime64[ns]")
    assert running_history(nothing, [], [], np.array([]), np.array([])).shape[0] == 0
    time, account, counterparty, amount, label = made()
    table = running_history(time, account, counterparty, amount, np.full(len(label), -1))
    assert not table.columns.str.contains("fraud").any()
    empty = running_history(time, [None] * len(time), [None] * len(time), np.full(len(time), np.nan), label)
    assert empty.drop(columns=["hour of day", "night", "weekend"]).isna().all(axis=None)


def test_recent_steps_are_the_accounts_last_ones_with_the_row_itself_last():
    time, account, counterparty, amount, label = rows = made()
    steps = recent_steps(time, account, amount, history=running_history(*rows, plan=PLAN), steps=3)
    assert steps.shape == (len(time), 3, len(RECENT_FEATURES))
    assert steps.dtype == np.float16
    assert np.isfinite(steps).all()
    there, gap = RECENT_FEATURES.index("transaction there"), RECENT_FEATURES.index("days before this one")
    for i in range(len(time)):
        row = Oracle((time, account, counterparty, amount, label), i)
        past = row.past(account, itself=True)[-3:] if account[i] is not None else np.array([i])
        assert steps[i, :, there].tolist() == [0.0] * (3 - len(past)) + [1.0] * len(past)
        ages = [np.log1p(row.age(j)) for j in past]
        np.testing.assert_allclose(steps[i, 3 - len(past) :, gap], ages, rtol=1e-2, atol=1e-3)
    assert (steps[steps[:, :, there] == 0] == 0).all()
