"""Splits by time, by account and at random; what a table gives away, and mending it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dl_core.data.dataset import Dataset, Source
from dl_core.data.table.check import check_transactions
from dl_core.data.table.leakage import mend_transactions
from dl_core.data.table.split import split_transactions
from dl_core.errors import OptionError, SchemaError
from dl_core.schema import Role

HANDBOOK = Path(__file__).resolve().parents[3] / "shared" / "data" / "fraud_handbook.parquet"
NOON = np.timedelta64(12, "h")


def make(days: list[int], accounts: list[str], fraud: list[int], **columns: Any) -> Dataset:
    """Return transactions at noon of the given days of 2024 (0 is January 1)."""
    time = np.datetime64("2024-01-01", "ns") + np.array(days) * np.timedelta64(1, "D") + NOON
    table = pd.DataFrame({"time": time, "account": accounts, "label": np.where(fraud, "fraud", "honest"), **columns})
    table.index = pd.Index([str(at) for at in range(len(table))])
    roles = {Role.TIME: ("time",), Role.ENTITY: ("account",), Role.UNIT: ("account",), Role.LABEL: ("label",)}
    if columns:
        roles[Role.FEATURE] = tuple(columns)
    return Dataset("made", table, roles, Source("made"), classes=("honest", "fraud"))


def without(dataset: Dataset, *roles: Role) -> Dataset:
    """Return the data set without some roles."""
    kept = {role: columns for role, columns in dataset.roles.items() if role not in roles}
    return Dataset("made", dataset.table, kept, Source("made"), classes=dataset.classes)


def days_of(dataset: Dataset, rows: tuple[str, ...]) -> set[int]:
    """Return the days of rows, counted from January 1."""
    return set(dataset.table.loc[list(rows), "time"].dt.dayofyear - 1)


def test_time_split_by_hand() -> None:
    # 20 days, one row a day of each of two accounts: 4 test days, 2 of delay, 14 left; the last 2 (.15 · 14) validate
    days = [day for day in range(20) for _ in range(2)]
    dataset = make(days, ["a", "b"] * 20, [0] * 40)
    dataset.table.loc["0", "label"] = "fraud"
    splits = split_transactions(dataset, 0, {"delay_days": 2})
    assert days_of(dataset, splits.train) == set(range(12))
    assert days_of(dataset, splits.validation) == {12, 13}
    assert days_of(dataset, splits.test) == {16, 17, 18, 19}
    assert splits.kind == "by time"
    assert "test 2024-01-17 to 2024-01-20 (8)" in splits.protocol
    assert "label delay 2 days" in splits.protocol


def test_compromised_accounts_leave_the_test_once_it_is_known() -> None:
    # train days 0-6, delay 7-13, test 14-20. a: fraud on day 3, known before. b: fraud on day 8, known from day 16 on
    # (8 <= 16 - 7 - 1). c: fraud on day 14, never known in time. d: fraud before training, forgotten.
    days = [day for day in range(-3, 21) for _ in range(4)]
    frauds = {("a", 3), ("b", 8), ("c", 14), ("d", -1)}
    accounts = ["a", "b", "c", "d"] * 24
    fraud = [int((account, day) in frauds) for account, day in zip(accounts, days, strict=True)]
    dataset = make(days, accounts, fraud)
    options = {"test_start": "2024-01-15", "train_days": 7, "test_days": 7, "validation": "earlier"}
    splits = split_transactions(dataset, 0, options)
    test = dataset.table.loc[list(splits.test)]
    seen = {account: sorted(rows["time"].dt.dayofyear - 1) for account, rows in test.groupby("account")}
    assert seen == {"b": [14, 15], "c": list(range(14, 21)), "d": list(range(14, 21))}
    assert len(splits.train) == 28
    assert set(dataset.table.loc[list(splits.validation), "time"].dt.date.astype(str)) == {
        "2023-12-29",
        "2023-12-30",
        "2023-12-31",
    }
    assert "12 of the test (0 frauds)" in splits.protocol
    kept = split_transactions(dataset, 0, options | {"compromised_days": 0})
    assert len(kept.test) == 28


def test_short_data_shorten_the_delay_and_say_so() -> None:
    minutes = np.arange(600)
    dataset = make([0] * 600, ["a"] * 600, (minutes % 9 == 0).astype(int).tolist())
    dataset.table["time"] = np.datetime64("2024-01-01", "ns") + minutes * np.timedelta64(4, "m")
    splits = split_transactions(without(dataset, Role.ENTITY), 0, {})
    assert "shortened" in splits.protocol
    assert max(map(int, splits.train)) < min(map(int, splits.validation)) < min(map(int, splits.test))
    assert len(splits.test) == 120


def test_without_time_accounts_stay_together() -> None:
    rng = np.random.default_rng(0)
    accounts = [f"a{at}" for at in rng.integers(0, 60, 600)]
    dataset = without(make([0] * 600, accounts, (rng.random(600) < 0.1).astype(int).tolist()), Role.TIME)
    splits = split_transactions(dataset, 3, {})
    sides = [set(dataset.table.loc[list(getattr(splits, part)), "account"]) for part in ("train", "validation", "test")]
    assert splits.kind == "by account"
    assert not sides[0] & sides[2]
    assert not sides[0] & sides[1]
    assert not sides[1] & sides[2]
    assert 0.1 < len(splits.test) / 600 < 0.3
    assert splits == split_transactions(dataset, 3, {})
    assert splits != split_transactions(dataset, 4, {})


def test_without_time_and_accounts_classes_are_in_proportion() -> None:
    dataset = without(make([0] * 500, ["a"] * 500, [1] * 50 + [0] * 450), Role.TIME, Role.ENTITY, Role.UNIT)
    splits = split_transactions(dataset, 0, {})
    frauds = [(dataset.table.loc[list(getattr(splits, part)), "label"] == "fraud").sum() for part in ("train", "test")]
    assert splits.kind == "stratified"
    assert frauds == [34, 10]
    assert len(splits.test) == 100


def test_one_fraud_goes_to_training_and_two_to_training_and_test() -> None:
    for frauds in (1, 2):
        fraud = [1] * frauds + [0] * 60
        dataset = without(make([0] * len(fraud), ["a"] * len(fraud), fraud), Role.TIME, Role.ENTITY, Role.UNIT)
        splits = split_transactions(dataset, 1, {})
        assert (dataset.table.loc[list(splits.train), "label"] == "fraud").sum() == 1
        assert (dataset.table.loc[list(splits.test), "label"] == "fraud").sum() == frauds - 1


def test_no_fraud_in_training_says_what_to_do() -> None:
    days = list(range(40))
    dataset = make(days, ["a"] * 40, [int(day == 39) for day in days])
    with pytest.raises(SchemaError, match="no fraud is among the .* split by account or at random"):
        split_transactions(dataset, 0, {})


def test_rows_without_label_or_time_stand_in_no_part() -> None:
    days = [day for day in range(30) for _ in range(3)]
    dataset = make(days, ["a", "b", "c"] * 30, [int(at % 7 == 0) for at in range(90)])
    dataset.table.loc["5", "label"] = None
    dataset.table.loc["80", "time"] = pd.NaT
    splits = split_transactions(dataset, 0, {"compromised_days": 0})
    used = {*splits.train, *splits.validation, *splits.test}
    assert not {"5", "80"} & used


def test_without_labels_time_still_splits() -> None:
    days = [day for day in range(30) for _ in range(3)]
    dataset = without(make(days, ["a", "b", "c"] * 30, [0] * 90), Role.LABEL)
    splits = split_transactions(dataset, 0, {})
    assert splits.kind == "by time"
    assert len(splits.test) == 18


def test_given_test_rows_are_kept_and_validation_is_the_latest_of_training() -> None:
    days = list(range(40)) + [100] * 10
    dataset = make(days, ["a"] * 50, [at % 5 == 0 for at in range(50)])
    fixed = pd.Series(["train"] * 40 + ["test"] * 10, index=dataset.ids, dtype="object")
    given = Dataset("made", dataset.table, dataset.roles, Source("made"), classes=dataset.classes, fixed_split=fixed)
    splits = split_transactions(given, 0, {})
    assert splits.kind == "given"
    assert splits.test == tuple(str(at) for at in range(40, 50))
    assert days_of(dataset, splits.validation) == set(range(34, 40))


@pytest.mark.parametrize(
    "options",
    [
        {"split": "by moon"},
        {"delay_days": -1},
        {"test_share": 0.9},
        {"test_start": "soon"},
        {"validation": "never"},
        {"train_days": "x"},
    ],
)
def test_options_that_do_not_fit(options: dict[str, Any]) -> None:
    with pytest.raises(OptionError):
        split_transactions(make(list(range(40)), ["a"] * 40, [1] * 40), 0, options)


def test_a_test_outside_of_the_data_is_refused() -> None:
    with pytest.raises(SchemaError, match="2030-01-01.*2024-01-01 to 2024-02-09"):
        split_transactions(make(list(range(40)), ["a"] * 40, [1] * 40), 0, {"test_start": "2030-01-01"})


@pytest.fixture(scope="module")
def leaky() -> Dataset:
    """400 rows of 40 accounts over 40 days with every kind of leak."""
    rng = np.random.default_rng(0)
    accounts = np.array([f"a{at:02d}" for at in range(40)] * 10)
    weak = np.isin(accounts, [f"a{at:02d}" for at in range(0, 40, 4)])
    fraud = weak & (rng.random(400) < 0.5)
    total = pd.Series(fraud).groupby(accounts).transform("sum").to_numpy()
    days = np.repeat(np.arange(40), 10)
    return make(
        days.tolist(),
        accounts.tolist(),
        fraud.astype(int).tolist(),
        disguise=np.where(fraud, np.where(np.arange(400) % 2, "x", "y"), "z"),
        frauds_total=total.astype(float),
        same=np.ones(400),
        gaps=np.where(np.arange(400) % 4 == 0, np.nan, rng.normal(size=400)),
        fine=rng.normal(size=400),
    )


def test_findings_name_columns_and_come_errors_first(leaky: Dataset) -> None:
    splits = split_transactions(leaky, 0, {"compromised_days": 0})
    findings = check_transactions(leaky, splits)
    by_kind = {finding.kind: finding for finding in findings}
    assert "'disguise'" in by_kind["leaking-column"].message
    assert by_kind["leaking-column"].mend == "leaking-column"
    assert "'frauds_total'" in by_kind["future-looking"].message
    assert "'same'" in by_kind["constant-column"].message
    assert "'gaps' 100 (25.0%)" in by_kind["missing-values"].message
    assert by_kind["shared-accounts"].level == "info"
    assert not any("'fine'" in finding.message for finding in findings)
    order = ["error", "warning", "info"]
    levels = [order.index(finding.level) for finding in findings]
    assert levels == sorted(levels)


def test_mending_takes_columns_out_of_the_features_only(leaky: Dataset) -> None:
    splits = split_transactions(leaky, 0, {"compromised_days": 0})
    mended, same = mend_transactions(leaky, splits, ["leaking-column", "future-looking"])
    assert mended.roles[Role.FEATURE] == ("same", "gaps", "fine")
    assert same == splits
    assert len(mended) == len(leaky)
    with pytest.raises(OptionError, match="cannot be fixed"):
        mend_transactions(leaky, splits, ["weather"])


def test_copies_across_the_split_leave_training() -> None:
    values = np.arange(200.0)
    values[150] = values[3] = values[4]
    dataset = without(make([0] * 200, ["a"] * 200, [at % 5 == 0 for at in range(200)], value=values), Role.TIME)
    fixed = pd.Series(["train"] * 120 + ["validation"] * 20 + ["test"] * 60, index=dataset.ids, dtype="object")
    given = Dataset("made", dataset.table, dataset.roles, Source("made"), classes=dataset.classes, fixed_split=fixed)
    splits = split_transactions(given, 0, {})
    found = {finding.kind: finding for finding in check_transactions(given, splits)}
    assert found["duplicates"].rows == ("3", "4")
    assert "2 rows are duplicates of an earlier one" in found["duplicate-rows"].message
    _, mended = mend_transactions(given, splits, ["duplicates"])
    assert set(splits.train) - set(mended.train) == {"3", "4"}
    assert mended.test == splits.test
    assert "2 duplicates dropped" in mended.protocol


def test_gaps_in_time_few_frauds_and_parts_without_fraud_are_told() -> None:
    days = [day for day in range(60) if not 20 <= day < 30]
    dataset = make(days, ["a"] * 50, [int(at in (1, 2, 3)) for at in range(50)])
    splits = split_transactions(dataset, 0, {"compromised_days": 0})
    found = {finding.kind: finding for finding in check_transactions(dataset, splits)}
    assert "2024-01-21 to 2024-01-30" in found["time-gap"].message
    assert "3 frauds are few" in found["few-frauds"].message
    assert found["part-without-class"].level == "warning"


@pytest.mark.skipif(not HANDBOOK.exists(), reason="the Handbook's transactions are not here")
def test_the_handbook_protocol_gives_its_counts() -> None:
    table = pd.read_parquet(HANDBOOK, columns=["TX_DATETIME", "CUSTOMER_ID", "TX_FRAUD"])
    table = table[table["TX_DATETIME"].between("2018-07-01", "2018-08-15")]
    table = table.assign(TX_FRAUD=np.where(table["TX_FRAUD"] == 1, "fraud", "honest"))
    table.index = table.index.astype(str)
    roles = {Role.TIME: ("TX_DATETIME",), Role.ENTITY: ("CUSTOMER_ID",), Role.LABEL: ("TX_FRAUD",)}
    dataset = Dataset("h", table, roles, Source("h"), classes=("honest", "fraud"), fingerprint="h")
    week = {"test_start": "2018-08-08", "train_days": 7, "test_days": 7, "validation": "earlier"}
    splits = split_transactions(dataset, 0, week)
    frauds = [(table.loc[list(rows), "TX_FRAUD"] == "fraud").sum() for rows in (splits.train, splits.test)]
    assert (len(splits.train), len(splits.test)) == (67_240, 58_264)
    assert frauds == [598, 385]
    assert "training 2018-07-25 to 2018-07-31 (67,240 rows), validation 2018-07-18 to 2018-07-24" in splits.protocol
