"""Numbers that stand for missing values: ages and years of 0, codes beyond all others, and what is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dl_core.data.dataset import Dataset, Source
from dl_core.data.images.check import check_images
from dl_core.data.interactions.check import check_interactions
from dl_core.data.placeholders import check_placeholders, find_placeholder
from dl_core.data.table.check import check_transactions
from dl_core.schema import Role

RNG = np.random.default_rng(0)
AGES = RNG.integers(18, 90, 800).astype(float)
YEARS = np.r_[RNG.integers(1950, 2006, 800), 1376, 2050].astype(float)  # two typing errors
MONTHS = RNG.poisson(30, 800).astype(float)


def among(values: np.ndarray, code: float, count: int) -> np.ndarray:
    """Return the values with a code in some rows, shuffled."""
    return np.random.default_rng(1).permutation(np.r_[values, np.full(count, code)])


@pytest.mark.parametrize(
    ("values", "code"),
    [
        (among(AGES, 0, 24), 0),
        (among(np.r_[AGES, 3, 5, 7], 0, 60), 0),  # some children, and far more of 0
        (among(AGES, -1, 24), -1),
        (among(AGES, 999, 5), 999),
        (among(AGES[AGES < 80], 120, 12), 120),
        (among(YEARS, 0, 40), 0),
        (among(YEARS[:-2], 1900, 40), 1900),
        (among(YEARS[:-2], 9999, 40), 9999),
        (among(MONTHS, -1, 200), -1),
        (among(RNG.normal(0, 1, 800), -999, 30), -999),
    ],
)
def test_what_lies_apart_from_ages_years_and_counts_is_found(values: np.ndarray, code: float) -> None:
    assert find_placeholder(values) == code


@pytest.mark.parametrize(
    "values",
    [
        AGES,
        RNG.integers(0, 90, 2000).astype(float),  # newborns among all ages
        np.maximum(AGES, 40),  # cut off below
        np.minimum(RNG.integers(18, 100, 2000), 89).astype(float),  # and above
        RNG.poisson(0.5, 2000).astype(float),  # counts, most of them none
        np.where(RNG.random(2000) < 0.3, 0, np.round(RNG.lognormal(6, 1, 2000), 2)),  # balances, some accounts empty
        RNG.integers(0, 2, 800).astype(float),
        np.array([-1.0, 0, 1, 2] * 200),  # levels
        RNG.integers(0, 24, 2000).astype(float),  # hours
        RNG.normal(0, 1, 800),
        np.array([np.nan] * 5),
        among(AGES, 0, 2),  # two may be true
    ],
)
def test_what_belongs_to_the_others_is_left_alone(values: np.ndarray) -> None:
    assert find_placeholder(values) is None


def test_the_finding_names_column_value_and_count() -> None:
    table = pd.DataFrame({"alter": among(AGES, 0, 24), "name": "a", "amount": np.arange(824.0)})
    (found,) = check_placeholders(table)
    assert found.level == "warning" and found.kind == "placeholder"
    assert "'alter': 0 in 24 rows, all others 18 to 89." in found.message
    assert check_placeholders(table[["name", "amount"]]) == []


def dataset(table: pd.DataFrame, roles: dict[Role, tuple[str, ...]], **more: Any) -> Dataset:
    return Dataset("Ages", table.set_axis([str(at) for at in range(len(table))]), roles, Source("made up"), **more)


@pytest.mark.parametrize("kind", ["table", "images", "interactions"])
def test_every_kind_with_columns_beside_its_rows_says_so(kind: str) -> None:
    aged = pd.DataFrame({"alter": among(AGES, 0, 24)})
    if kind == "table":
        found = check_transactions(dataset(aged, {Role.GROUP: ("alter",)}))
    elif kind == "images":
        pixels = RNG.integers(0, 255, (len(aged), 8, 8, 1), dtype=np.uint8)
        found = check_images(dataset(aged, {Role.IMAGE: ("image",), Role.GROUP: ("alter",)}, arrays={"image": pixels}))
    else:
        rows = pd.DataFrame({"who": [f"u{at}" for at in range(len(aged))], "what": "x"})
        side = {"users": aged.set_axis(rows["who"])}
        found = check_interactions(dataset(rows, {Role.USER: ("who",), Role.ITEM: ("what",)}, side=side))
    assert ["'alter': 0 in 24 rows" in note.message for note in found if note.kind == "placeholder"] == [True]
