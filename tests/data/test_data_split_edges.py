"""Splits at their edges: where windows overlap, series are short, few units are drawn or a given split lacks parts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dl_core.data.dataset import Dataset, Source
from dl_core.data.parts import NONE, TEST, TRAIN, VALIDATION, part_ranks, without_rows
from dl_core.data.series.split import _Plan, _windows, split_series
from dl_core.data.splits import PARTS, Splits
from dl_core.data.table.split import _fill, _random_parts, split_transactions
from dl_core.errors import OptionError
from dl_core.schema import Role
from tests.data.test_data_series_split import cut, lengths
from tests.series import toy_dataset

SPLITS = Splits(("a", "b", "c"), ("d", "e"), ("f", "g"), "given", "as given")


def test_windows_that_overlap_take_fewer_steps_and_none_takes_none() -> None:
    plan = _Plan(horizon=6, stride=2, windows=3, validation=2, season=1)
    assert plan.steps(np.array([0, 1, 2, 3])).tolist() == [0, 6, 8, 10]
    data = cut(toy_dataset(), {"shop 4": 15, "shop 5": 13})
    counts = lengths(data, split_series(data, 0, {"horizon": 6, "stride": 2}))
    assert counts["test"] == [10] * 4 + [6, 0]
    assert counts["validation"] == [10] * 4 + [0, 0]
    assert counts["train"] == [100] * 4 + [9, 13]


def test_what_a_series_must_keep_to_learn_from() -> None:
    assert _Plan(6, 6, 3, 3, 12).history == (24, 8) and _Plan(6, 6, 3, 3, 1).history == (12, 8)
    assert _Plan(2, 2, 3, 3, 2).history == (8, 8) and _Plan(20, 20, 3, 3, 4).history == (40, 20)


def test_windows_by_the_length_of_a_series() -> None:
    # three and two of 6 steps and 12 to learn from: 42; then two and two: 36; one and one: 24, or 20 with 8 to learn
    # from; a test alone: 14
    test, validation = _windows(np.array([42, 41, 36, 35, 24, 20, 19, 14, 13]), _Plan(6, 6, 3, 2, 1))
    assert test.tolist() == [3, 2, 2, 1, 1, 1, 1, 1, 0]
    assert validation.tolist() == [2, 2, 2, 1, 1, 1, 0, 0, 0]


def test_one_window_of_each_part_has_no_stride() -> None:
    asked = {"horizon": 6, "stride": 3, "windows": 1}
    words = split_series(toy_dataset(), 0, {**asked, "validation_windows": 1}).protocol
    assert "stride" not in words and words.endswith("; the window before it chooses")
    assert "stride 3" in split_series(toy_dataset(), 0, {**asked, "validation_windows": 2}).protocol
    two = split_series(toy_dataset(), 0, {**asked, "windows": 2, "validation_windows": 1}).protocol
    assert "stride 3; the window before them chooses" in two


def test_a_given_test_may_leave_some_series_without_validation() -> None:
    data = toy_dataset()
    place = data.table.groupby("series").cumcount()
    # six tested steps of each; shop 5 has twelve before them, which leaves it nothing to choose on
    tested = ((data.table["series"] == "shop 5") & (place >= 12)) | (place >= 114)
    kept = (data.table["series"] != "shop 5") | (place < 18)
    given = pd.Series(np.where(tested, "test", "train"), index=data.table.index)[kept]
    data = data.subset(data.ids[kept.to_numpy()])
    data = Dataset(data.name, data.table, data.roles, data.source, fixed_split=given)
    splits = split_series(data, 0, {"horizon": 6, "validation_windows": 2})
    counts = lengths(data, splits)
    assert counts["test"] == [6] * 6 and counts["validation"] == [12] * 5 + [0]
    assert splits.protocol.endswith("; 1 series has fewer validation windows")


def test_rows_are_taken_from_training_and_validation_only() -> None:
    assert without_rows(SPLITS, set(), "nothing") is SPLITS
    found = without_rows(SPLITS, {"b", "e", "f"}, "two gone")
    assert (found.train, found.validation, found.test) == (("a", "c"), ("d",), ("f", "g"))
    assert found.protocol == "as given; two gone"
    for gone in ({"a", "b", "c"}, {"d", "e"}):
        with pytest.raises(OptionError, match=r"would leave no training or validation rows"):
            without_rows(SPLITS, gone, "")


def table(n: int, given: list[str] | None = None, days: int | None = None, fraud: int = 2) -> Dataset:
    """Return n transactions of one account each, every ``fraud``-th a fraud, one a day where ``days`` is given."""
    made = pd.DataFrame(
        {"label": np.where(np.arange(n) % fraud, "honest", "fraud")}, index=[str(at) for at in range(n)]
    )
    roles = {Role.LABEL: ("label",)}
    if days is not None:
        made["time"] = np.datetime64("2024-01-01", "ns") + np.arange(n) * np.timedelta64(days, "D")
        roles[Role.TIME] = ("time",)
    fixed = None if given is None else pd.Series(given, index=made.index)
    return Dataset("made", made, roles, Source("made"), classes=("honest", "fraud"), fixed_split=fixed)


def test_ranks_of_parts_and_of_rows_without_one() -> None:
    data = table(4)
    assert part_ranks(data, Splits(("2",), ("0",), ("3",), "", "")).tolist() == [VALIDATION, NONE, TRAIN, TEST]
    assert part_ranks(data, None).tolist() == [TRAIN] * 4


def test_where_few_are_drawn_training_gets_one_first_then_the_test_then_validation() -> None:
    for before, after in (
        ([2, 2, 2], [1, 2, 0]),
        ([2, 2], [2, 0]),
        ([1], [0]),
        ([0, 0, 0, 0], [0, 1, 2, 0]),
        ([0, 2, 1, 0], [0, 2, 1, 0]),
    ):
        part = np.array(before)
        _fill(part)
        assert part.tolist() == after


def test_parts_at_random_hold_their_shares_of_frauds_and_of_others() -> None:
    usable, fraud = np.ones(300, dtype=bool), np.arange(300) < 100
    usable[-40:] = False  # no labels in the last rows
    parts = _random_parts(usable, fraud, None, {VALIDATION: 0.1, TEST: 0.2}, 0)
    assert (parts[-40:] == NONE).all()
    assert np.bincount(parts[:100]).tolist() == [70, 10, 20] and np.bincount(parts[100:260]).tolist() == [112, 16, 32]
    accounts = np.repeat(np.arange(60), 5)
    parts = _random_parts(usable, fraud, accounts, {VALIDATION: 0.1, TEST: 0.2}, 0)
    assert all(len(set(parts[accounts == at])) == 1 for at in range(52)) and (parts[-40:] == NONE).all()
    assert np.bincount(parts[:100]).tolist() == [70, 10, 20]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["train"] * 100, [65, 15, 20]),  # both are lacking
        (["train"] * 60 + ["test"] * 40, [51, 9, 40]),  # validation: 15 % of the 60
        (["train"] * 60 + ["validation"] * 40, [48, 40, 12]),  # test: 20 % of the 60
    ],
)
def test_what_a_given_split_lacks_is_the_latest_of_its_training_rows(given: list[str], expected: list[int]) -> None:
    data = table(100, given, days=1)
    splits = split_transactions(data, 0, {})
    assert [len(getattr(splits, part)) for part in PARTS] == expected
    held = [int(row) for part in PARTS for row in getattr(splits, part) if given[int(row)] == "train"]
    assert held == sorted(held)  # training first, then validation, then the test
    assert splits.protocol.startswith(f"given split ({'/'.join(map(str, expected))} training/validation/test rows)")
    assert "the latest of the given training rows" in splits.protocol


def test_without_times_what_a_given_split_lacks_is_drawn_at_random() -> None:
    data = table(100, ["train"] * 60 + ["test"] * 40)
    splits = split_transactions(data, 0, {})
    # of 30 frauds and of 30 others the first 4 validate: the middle of the fifth lies at 4.5 / 30 = 0.15, not under it
    assert [len(getattr(splits, part)) for part in PARTS] == [52, 8, 40]
    assert {int(row) for row in splits.test} == set(range(60, 100))
    assert splits.protocol.endswith("validation: at random from the given training rows")


def test_the_protocol_of_a_random_split_tells_its_shares() -> None:
    splits = split_transactions(table(200), 3, {})  # of 100 frauds and 100 others 20 % judge, 15 % of the rest choose
    assert splits.protocol == "68/12/20 % at random within classes, 136/24/40 training/validation/test rows, seed 3"
