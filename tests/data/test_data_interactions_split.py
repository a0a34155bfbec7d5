"""Splits of interactions against hand-worked parts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from interaction_cases import dataset

from dl_core.data.dataset import Dataset
from dl_core.data.interactions.split import split_interactions
from dl_core.data.splits import Splits
from dl_core.errors import OptionError, SchemaError
from dl_core.schema import Role

DAYS = [f"2024-01-{day:02d}" for day in range(1, 32)]


def split(data: Dataset, seed: int = 0, **options: Any) -> Splits:
    """Split with options by name."""
    return split_interactions(data, seed, options)


def letters(data: Dataset, splits: Splits) -> str:
    """Return each row's part as t, v, h (test) or - (none), in the order of the table."""
    part = splits.part_of().map({"train": "t", "validation": "v", "test": "h"})
    return "".join(part.reindex(data.ids).fillna("-"))


def test_the_last_row_of_each_user_is_the_test_and_the_one_before_validates() -> None:
    # a: days 4, 1, 3, 2; b: two rows; c: one row; d: three rows, of which two at the same instant
    rows = "a w, a x, a y, a z, b x, b y, c x, d x, d y, d z"
    times = [DAYS[at - 1] for at in (4, 1, 3, 2, 5, 6, 7, 8, 9, 9)]
    data = dataset(rows, times=times)
    splits = split(data)
    assert letters(data, splits)[:8] == "htvt" + "th" + "t" + "t"
    assert splits.kind == "last of each user"
    assert splits.protocol == (
        "the last row of each user by time for test, the one before or 10 % of the user's rows, whichever is more, for "
        "validation; rows of one moment in random order, seed 0 (5/2/3 rows, 3 test users); full ranking over the "
        "catalogue, consumed items excluded"
    )
    last = {letters(data, split(data, seed=seed))[8:] for seed in range(20)}
    assert last == {"vh", "hv"}  # rows of one instant have no order that means anything


def test_the_last_day_holds_out_whole_visits() -> None:
    # a: two rows on day 1, one on day 2, two on day 4; b: two days; c: one day
    times = [DAYS[at] for at in (0, 0, 1, 3, 3, 5, 6, 7, 7)]
    data = dataset("a v, a w, a x, a y, a z, b x, b y, c x, c y", times=times)
    splits = split(data, split="last day")
    assert letters(data, splits) == "ttvhh" + "th" + "tt"
    assert splits.protocol.startswith(
        "all rows of the last day of each user for test, those of the day before for validation (5/1/3 rows, 2 test "
    )


def test_the_last_two_need_five_rows_for_both_parts() -> None:
    data = dataset(", ".join(f"a {at}" for at in range(5)) + ", b 1, b 2, b 3, c 1, c 2", times=DAYS[:10])
    splits = split(data, held_out=2)
    assert letters(data, splits) == "tvvhh" + "thh" + "tt"
    assert splits.protocol.startswith("the last 2 rows of each user by time for test, the 2 before or 10 %")


def test_a_tenth_of_long_histories_validates() -> None:
    data = dataset(", ".join(f"a {at:02d}" for at in range(30)) + ", b 1, b 2, b 3", times=[*DAYS[:30], *DAYS[:3]])
    assert letters(data, split(data)) == "t" * 26 + "vvv" + "h" + "tvh"
    assert letters(data, split(data, validation_share=0.5)) == "t" * 14 + "v" * 15 + "h" + "tvh"
    assert letters(data, split(data, validation_share=0.01)) == "t" * 28 + "vh" + "tvh"


def test_what_is_not_liked_is_never_held_out_and_leaves_training_when_it_is_later() -> None:
    data = dataset(
        "a p, a q, a r, a s, b p, b q, b r",
        times=[DAYS[at] for at in (0, 1, 2, 3, 0, 1, 2)],
        positive=[True, True, True, False, False, True, True],
    )
    # a: r is the test, q validates, s is later and not liked; b: r is the test, p stays, as it was seen before
    assert letters(data, split(data)) == "tvh-" + "tth"


def test_rows_without_a_time_are_not_held_out() -> None:
    data = dataset("a x, a y, a z, b x, b y, b z", times=[None, DAYS[1], DAYS[2], DAYS[0], DAYS[1], None])
    assert letters(data, split(data)) == "tvh" + "vht"


def test_where_everyone_has_two_rows_some_of_the_users_validate() -> None:
    data = dataset(", ".join(f"u{at} x, u{at} y" for at in range(20)), times=[DAYS[0], DAYS[1]] * 20)
    assert split(data).counts() == {"train": 20, "validation": 2, "test": 18}


def test_random_rows_of_each_user_where_there_are_no_times() -> None:
    data = dataset(", ".join(f"u{user} i{item}" for user in range(30) for item in range(4)) + ", one i1")
    splits = split(data)
    who = data.values(Role.USER)
    assert splits.kind == "random per user" and splits.counts() == {"train": 61, "validation": 30, "test": 30}
    assert who.loc[list(splits.test)].is_unique and "one" not in set(who.loc[list(splits.test)])
    assert split(data) == splits and split(data, seed=1).test != splits.test
    assert splits.protocol.startswith("one random row of each user for test, another or 10 %")


def test_a_share_of_each_item() -> None:
    data = dataset(", ".join(f"u{user} i{item}" for user in range(40) for item in range(6)))
    splits = split(data, split="by item", test_share=0.25)
    of_item = splits.count_values(data.values(Role.ITEM))
    assert set(of_item["test"].values()) == {10} and set(of_item["validation"].values()) == {4}
    assert splits.protocol.startswith("65/10/25 % of each item's rows at random for training, validation and test")


def test_by_item_every_user_keeps_a_history() -> None:
    data = dataset(", ".join(f"u{user} i{item}" for user in range(40) for item in (user % 3, 3)))
    splits = split(data, split="by item", test_share=0.5, validation_share=0.4)
    assert set(data.values(Role.USER)) == set(data.values(Role.USER).loc[list(splits.train)])
    assert splits.count_values(data.values(Role.USER))["train"]["u0"] >= 1 and len(splits.train) == 40


def test_a_date_splits_all_users_at_once() -> None:
    rows = "a p, a q, a r, b p, b q, b r, new p, new q"
    days = (1, 10, 20, 2, 11, 21, 22, 23)
    data = dataset(rows, times=[DAYS[at - 1] for at in days])
    splits = split(data, split="date", test_from="2024-01-20", validation_share=0.5)
    assert letters(data, splits) == "tvh" + "tvh" + "--"
    assert splits.protocol.startswith(
        "rows from 2024-01-20 on are the test, those from 2024-01-10 on validate; left out: 1 user first "
        "seen in the test (2/2/2 rows, 2 test users)"
    )


def test_the_latest_share_of_rows_is_the_test_without_a_date() -> None:
    data = dataset(", ".join(f"a i{at}" for at in range(10)), times=DAYS[:10])
    assert letters(data, split(data, split="date")) == "ttttttt" + "v" + "hh"


def test_given_test_rows_are_followed_and_validation_is_drawn_from_the_rest() -> None:
    data = dataset(
        ", ".join(f"u{user} i{item}" for user in range(20) for item in range(11)),
        fixed=("t" * 10 + "h") * 20,
        times=[DAYS[at] for _ in range(20) for at in range(11)],
    )
    splits = split(data, split="date")
    assert splits.counts() == {"train": 180, "validation": 20, "test": 20} and splits.kind == "given"
    assert set(splits.test) == set(data.fixed_split.index[data.fixed_split == "test"])
    assert letters(data, split(data, split="last")) == ("t" * 9 + "vh") * 20
    assert "of its training rows, the last row of each user by time or 10 %" in split(data, split="last").protocol


@pytest.mark.parametrize("later", [True, False])
def test_validation_is_drawn_as_the_given_test_was(later: bool) -> None:
    order = range(20) if later else [19, *range(19)]
    data = dataset(", ".join(f"a {at:02d}" for at in order), fixed="t" * 19 + "h", times=[DAYS[at] for at in order])
    rows = letters(data, split(data))
    assert rows.count("v") == 2
    assert rows.endswith("vvh") == later


@pytest.mark.parametrize("timed", [True, False])
def test_a_given_test_of_users_with_three_rows_leaves_one_to_validate(timed: bool) -> None:
    data = dataset(
        ", ".join(f"u{user} i{item}" for user in range(40) for item in range(4)),
        fixed="ttth" * 40,
        times=[DAYS[at] for _ in range(40) for at in range(4)] if timed else None,
    )
    splits = split(data)  # a tenth of three rows is none
    assert splits.counts() == {"train": 80, "validation": 40, "test": 40}
    assert not timed or letters(data, splits) == "ttvh" * 40


def test_given_rows_that_are_not_liked_are_not_judged() -> None:
    data = dataset("a x, a y, a z, a w, b x", fixed="thvhh", positive=[True, False, True, True, True])
    assert letters(data, split(data)) == "t-vhh"


def test_repeats_that_are_kept_stand_in_the_protocol() -> None:
    data = dataset("a x, a y, a x, b x, b y, b z", times=DAYS[:6])
    assert split(data, repeats="keep").protocol.endswith("consumed items included")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"split": "magic"}, "'magic' is not offered; expected auto, last, last day, random, by item, date"),
        ({"split": "last"}, "there is no column of times to split by"),
        ({"held_out": 0}, "0 is below 1; expected 1 or more"),
        ({"held_out": "two"}, "'two' is no number"),
        ({"test_share": 0.9}, "0.9 is no share; expected above 0, at most 0.5"),
        ({"test_from": "soon"}, "'soon' is no date; expected a date as 2024-01-31"),
    ],
)
def test_options_that_do_not_fit(options: dict, message: str) -> None:
    with pytest.raises(OptionError) as caught:
        split(dataset("a x, a y, a z"), **options)
    assert message in caught.value.line() and caught.value.where.startswith("option")


def test_too_few_rows_leave_a_part_empty() -> None:
    with pytest.raises(SchemaError, match=r"leaves a part empty \(2/0/0 training/validation/test rows\)") as caught:
        split(dataset("a x, b y"))
    assert "users with one row cannot be held out" in caught.value.todo
    with pytest.raises(SchemaError, match="leaves a part empty"):
        split(dataset("a x, a y, b y", times=DAYS[:3]), split="date", test_from="2030-01-01")


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 8), st.integers(0, 20), st.booleans()), min_size=8),
    way=st.sampled_from(["last", "random", "by item", "date"]),
    n=st.integers(1, 3),
)
def test_whatever_the_rows_the_promises_hold(rows: list, way: str, n: int) -> None:
    data = dataset(
        [(f"u{user}", f"i{item}") for user, item, _, _ in rows],
        times=pd.Timestamp("2024-01-01") + pd.to_timedelta([time for *_, time, _ in rows], unit="D"),
        positive=[positive for *_, positive in rows],
    )
    try:
        splits = split(data, split=way, held_out=n)
    except SchemaError:
        return
    held = [*splits.validation, *splits.test]
    assert data.table.loc[held, "positive"].all()
    trained = data.table.loc[list(splits.train)]
    assert set(data.table.loc[held, "user"]) <= set(trained.loc[trained["positive"], "user"])
    if way == "last":
        latest = trained.groupby("user")["time"].max()
        first = data.table.loc[held].groupby("user")["time"].min()
        assert (latest.reindex(first.index) <= first).all()
        assert data.table.loc[list(splits.test)].groupby("user").size().max() <= n
    if way == "date":
        assert trained["time"].max() <= data.table.loc[list(splits.validation), "time"].min()
        assert trained["time"].max() < data.table.loc[list(splits.test), "time"].min()


def test_a_hundred_thousand_rows_are_all_in_one_part() -> None:
    rng = np.random.default_rng(0)
    user, item = rng.integers(0, 2_000, 100_000).astype(str), rng.integers(0, 500, 100_000).astype(str)
    data = dataset(
        list(zip(user, item, strict=True)),
        times=pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 10**7, 100_000), unit="s"),
    )
    counts = split(data).counts()
    assert counts == {"train": 87_932, "validation": 10_068, "test": 2_000}
