"""Whoever changes a role or a read option keeps the split that was given: test rows never train."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import dl_core.domains  # noqa: F401 - makes the domains known
from dl_core import pipeline
from dl_core.domain import ReadRequest, get_domain
from dl_core.schema import Role


def payments(count: int, start: str, rng: np.random.Generator) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "time": pd.date_range(start, periods=count, freq="h"),
            "customer": [f"c{at}" for at in rng.integers(0, 9, count)],
            "amount": rng.integers(1, 90, count),
            "gender": rng.choice(["F", "M"], count),
            "fraud": [int(at % 7 == 0) for at in range(count)],
        }
    )


def ratings(count: int, start: str, rng: np.random.Generator) -> pd.DataFrame:
    pairs = rng.permutation(30 * 40)[:count]
    return pd.DataFrame(
        {
            "user": [f"u{pair // 40}" for pair in pairs],
            "item": [f"i{pair % 40}" for pair in pairs],
            "rating": rng.integers(1, 6, count),
            "time": pd.date_range(start, periods=count, freq="h"),
        }
    )


def sales(count: int, start: str, rng: np.random.Generator) -> pd.DataFrame:
    times = pd.date_range(start, periods=count // 2, freq="D")
    frames = [
        pd.DataFrame(
            {
                "shop": shop,
                "day": times,
                "sales": rng.integers(5, 50, len(times)),
                "promo": rng.integers(0, 2, len(times)),
            }
        )
        for shop in ("north", "south")
    ]
    return pd.concat(frames, ignore_index=True)


CASES = {
    "fraud_detection": (payments, "2024-04-01", {Role.GROUP: ("gender",)}, {}),
    "recommendation": (ratings, "2024-04-01", {}, {"positive_from": 3}),
    "forecasting": (sales, "2024-05-20", {}, {"season": "7"}),
}


@pytest.mark.parametrize("name", CASES)
def test_the_rows_given_as_test_stay_the_test(name, tmp_path):
    make, later, roles, options = CASES[name]
    rng = np.random.default_rng(0)
    make(280, "2024-01-01", rng).to_csv(tmp_path / "train.csv", index=False)
    make(60, later, rng).to_csv(tmp_path / "test.csv", index=False)
    domain = get_domain(name)
    asked = domain.parse_options(options)
    request = ReadRequest((tmp_path / "train.csv",), (tmp_path / "test.csv",), options=asked)
    first = pipeline.ingest(domain, request)
    if roles:
        roles = {**{role: names for role, names in first.roles.items() if role != Role.HISTORY}, **roles}
    again = pipeline.read_again(domain, first, roles, options, tmp_path / "again")
    assert first.fixed_split is not None and again.fixed_split is not None
    key = [first.column(role) for role in (Role.TIME, Role.ENTITY, Role.USER, Role.ITEM, Role.SERIES)]
    columns = [column for column in key if column]

    def held(dataset):
        rows = dataset.table[(dataset.fixed_split == "test").to_numpy()]
        return set(rows[columns].itertuples(index=False, name=None))

    assert held(again) == held(first) and len(held(first)) == 60
    drawn = pipeline.split(domain, again, 0, {})
    trained = again.table.loc[[*drawn.train, *drawn.validation], columns]
    assert not held(first) & set(trained.itertuples(index=False, name=None))


def test_validation_rows_that_were_given_stay_too(tmp_path):
    payments(300, "2024-01-01", np.random.default_rng(1)).to_csv(tmp_path / "all.csv", index=False)
    domain = get_domain("fraud_detection")
    first = pipeline.ingest(domain, ReadRequest((tmp_path / "all.csv",)))
    parts = pd.Series(["train"] * 200 + ["validation"] * 60 + ["test"] * 40, index=first.ids)
    given = type(first)(**{**vars(first), "fixed_split": parts})
    again = pipeline.read_again(domain, given, {Role.GROUP: ("gender",)}, {}, tmp_path / "again")
    assert again.fixed_split.tolist() == parts.tolist()
    assert again.table["amount"].tolist() == first.table["amount"].tolist()
