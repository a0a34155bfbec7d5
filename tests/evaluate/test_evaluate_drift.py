"""Drift of inputs: indices by hand, distances against scipy, and columns ranked by how far they moved."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp

from dl_core.evaluate.drift import COLUMNS, FALSE_ALARMS, LEVELS, drift, level_of


def share(count, bins, total):
    return (count + 0.5) / (total + 0.5 * bins)


def test_index_and_distance_of_a_category_by_hand():
    old = pd.DataFrame({"kind": ["a"] * 600 + ["b"] * 400})
    new = pd.DataFrame({"kind": ["a"] * 300 + ["b"] * 600 + [None] * 100})
    row = drift(old, new).iloc[0]
    p = [share(one, 3, 1000) for one in (600, 400, 0)]
    q = [share(one, 3, 1000) for one in (300, 600, 100)]
    assert row["psi"] == pytest.approx(sum((b - a) * np.log(b / a) for a, b in zip(p, q, strict=True)))
    assert row["distance"] == pytest.approx((0.09 / 0.9 + 0.04 / 1.0 + 0.01 / 0.1) / 2)
    assert row["chance"] == pytest.approx(2 * (1 / 1000 + 1 / 1000))
    assert (row["kind"], row["level"], row["n"]) == ("category", "significant drift", 1000)


def test_a_number_moves_by_bins_of_training():
    rng = np.random.default_rng(0)
    old = pd.DataFrame({"amount": rng.normal(0, 1, 20_000)})
    new = pd.DataFrame({"amount": rng.normal(0.5, 1, 8_000)})
    row = drift(old, new).iloc[0]
    # two normals a distance d apart: the index without bins is d², ten bins catch nearly all of it
    assert 0.2 < row["psi"] < 0.26 and row["level"] == "moderate drift"
    assert row["distance"] == pytest.approx(ks_2samp(old["amount"], new["amount"]).statistic)
    same = drift(old, old.iloc[:5000]).iloc[0]
    assert same["level"] == "no drift" and same["psi"] < 0.01


def test_missing_values_and_odd_numbers_are_seen():
    old = pd.DataFrame({"x": np.arange(2000.0)})
    new = pd.DataFrame({"x": np.where(np.arange(2000) % 2, np.nan, np.inf)})
    row = drift(old, new).iloc[0]
    assert row["level"] == "significant drift" and np.isnan(row["distance"])
    constant = pd.DataFrame({"x": np.ones(500)})
    assert drift(constant, constant).iloc[0]["psi"] == 0.0
    assert drift(constant, constant.iloc[:0]).empty


def test_levels_in_words():
    assert [level_of(one) for one in (0.05, 0.1, 0.25, 0.3)] == [
        "no drift",
        "moderate drift",
        "moderate drift",
        "significant drift",
    ]
    assert level_of(0.5, limit=0.6) == level_of(0.05, 0.2, 0.6) == level_of(float("nan")) == "too few rows"
    assert level_of(0.5, 0.2, 0.4) == "significant drift"  # few rows, and yet more than chance gives


def test_columns_are_ranked_and_told():
    """A shop appears late, the amount creeps up, the hour stays."""
    rng = np.random.default_rng(1)
    n = 6000
    old = pd.DataFrame({"hour": rng.integers(0, 24, n), "amount": rng.exponential(50, n)})
    old["shop"] = rng.choice(["books", "food", "fuel"], n)
    week = np.arange(n) * 3 // n
    new = pd.DataFrame({"hour": rng.integers(0, 24, n), "amount": rng.exponential(50 * (1 + 0.25 * week))})
    new["shop"] = np.where((week == 2) & (rng.random(n) < 0.4), "crypto", rng.choice(["books", "food", "fuel"], n))
    found = drift(old.assign(only_here=1), new)
    assert tuple(found.columns) == COLUMNS and found["column"].tolist() == ["shop", "amount", "hour"]
    assert found["level"].tolist() == ["significant drift", "no drift", "no drift"]
    assert found["psi"].is_monotonic_decreasing and found["psi"].iloc[1] > 4 * found["psi"].iloc[2]
    assert found["sentence"].iloc[0].startswith("shop: significant drift since training (PSI ")
    assert "hour: no drift since training (PSI 0.0" in found["sentence"].iloc[2]


def test_too_few_rows_are_told_and_come_last():
    old = pd.DataFrame({"x": np.arange(500.0), "y": ["a", "b"] * 250})
    found = drift(old, pd.DataFrame({"x": [1.0, 2.0], "y": ["a", "b"]}))
    assert found["level"].tolist() == ["too few rows"] * 2 and found["psi"].isna().all()
    assert found["sentence"].iloc[0] == "x: too few rows to measure drift."


def test_all_later_rows_at_once():
    old = pd.DataFrame({"x": np.arange(1000.0), "y": np.arange(1000.0)})
    found = drift(old, old.assign(y=old["y"] + 500))
    assert found["column"].tolist() == ["y", "x"] and found["distance"].tolist() == [0.5, 0.0]
    assert found["level"].tolist() == ["significant drift", "no drift"] and (found["n"] == 1000).all()


def rows_of(count, rng, shift=0.0):
    """Return rows of columns as they come: bell-shaped, skewed, counts, rare words, often missing."""
    words = np.arange(1, 60)
    return pd.DataFrame(
        {
            "bell": rng.normal(shift, 1, count),
            "amount": rng.exponential(50, count).round(2),
            "count": rng.poisson(0.6, count),
            "shop": rng.choice(words.astype(str), count, p=(1 / words) / (1 / words).sum()),
            "often missing": np.where(rng.random(count) < 0.7, np.nan, rng.normal(0, 1, count)),
        }
    )


@pytest.mark.parametrize("later", (30, 120, 250, 1000))
def test_steady_data_drift_as_rarely_as_is_stated(later):
    """Of 200 steady data sets at most one in twenty has a drifted column, within what 200 draws tell."""
    rng = np.random.default_rng(later)
    alarms = sum(drift(rows_of(2000, rng), rows_of(later, rng))["level"].isin(LEVELS[1:3]).any() for _ in range(200))
    assert alarms / 200 <= FALSE_ALARMS + 2 * np.sqrt(FALSE_ALARMS * (1 - FALSE_ALARMS) / 200)


@pytest.mark.parametrize("later", (120, 1000))
def test_planted_drift_is_found(later):
    rng = np.random.default_rng(7)
    found = [drift(rows_of(2000, rng), rows_of(later, rng, shift=1.0)) for _ in range(20)]
    assert all(one["column"].iloc[0] == "bell" and one["level"].iloc[0] == "significant drift" for one in found)
