"""Findings on interactions: what is sparse, odd, missing or known ahead, and what mending takes out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from interaction_cases import dataset

from dl_core.data.dataset import Dataset, Finding
from dl_core.data.interactions.check import check_interactions, mend_interactions
from dl_core.data.interactions.split import split_interactions
from dl_core.data.splits import Splits
from dl_core.errors import OptionError
from dl_core.schema import Role


def found(data: Dataset, splits: Splits | None = None) -> dict[str, Finding]:
    """Return the findings by kind."""
    return {finding.kind: finding for finding in check_interactions(data, splits)}


def test_sparsity_is_counted() -> None:
    data = dataset("a x, a y, b x, c z")
    assert (
        found(data)["sparsity"].message == "3 users, 3 items, 4 rows, density 44.44%; the median user has 1 "
        "rows, the median item 1."
    )
    assert found(data)["rare-items"].message.startswith("3 of 3 items have fewer than 5 interactions (2 of them one)")
    assert found(data)["rare-items"].level == "warning"


def test_popularity_is_told_by_share_of_rows() -> None:
    rows = ", ".join([*(f"u{at} top" for at in range(60)), *(f"u{at} i{at}" for at in range(19))])
    popularity = found(dataset(rows))["popularity"]
    assert "top 10 % of items make up 77% of the rows, the most popular one 76%" in popularity.message
    assert popularity.level == "warning"


def test_a_till_is_named_and_mended_without_touching_the_test() -> None:
    rows = [f"u{user} i{item}" for user in range(250) for item in range(user % 3, user % 3 + 4)]
    rows += [f"till i{item}" for item in range(300)]
    data = dataset(", ".join(rows))
    splits = split_interactions(data, 0, {})
    heavy = found(data, splits)["heavy-users"]
    assert heavy.level == "warning" and heavy.mend == "heavy-users" and "1 user made 23% of all rows" in heavy.message
    _, mended = mend_interactions(data, splits, ["heavy-users"])
    who = data.values(Role.USER)
    assert not (who.loc[[*mended.train, *mended.validation]] == "till").any() and mended.test == splits.test
    assert mended.protocol.endswith("299 rows removed from training and validation (heavy-users)")


def test_items_without_a_row_in_their_table_are_counted() -> None:
    items = pd.DataFrame({"title": ["A lamp", "a lamp", "Cup"]}, index=["x", "y", "new"])
    data = dataset("a x, a y, b x, c z", items=items)
    kinds = found(data)
    assert kinds["items-without-metadata"].message.startswith(
        "1 of 3 items of the interactions are missing from the items table"
    )
    assert kinds["untaken-items"].message.startswith("Without interactions: 1 item of the items table")
    assert kinds["same-title"].message.startswith("2 items share their title")


@pytest.mark.parametrize(
    ("users", "what"),
    [
        (["ann@example.org", "bob@example.org"], "mail addresses"),
        (["Ann Miller", "Bob Smith"], "names of persons"),
    ],
)
def test_personal_ids_are_told_without_repeating_them(users: list[str], what: str) -> None:
    data = dataset([(user, item) for user in users for item in "xyz"])
    finding = found(data)["personal-ids"]
    assert what in finding.message and finding.level == "warning"
    assert not any(user in each.message for each in check_interactions(data) for user in users)


def test_numbered_users_are_not_personal() -> None:
    assert "personal-ids" not in found(dataset("1 x, 1 y, 2 x"))


def _given(parts: str) -> Splits:
    rows = {name: tuple(str(at) for at, part in enumerate(parts) if part == letter) for letter, name in _PARTS.items()}
    return Splits(**rows, kind="given", protocol="given")


_PARTS = {"t": "train", "v": "validation", "h": "test"}


def test_pairs_known_from_training_are_found_and_mended() -> None:
    data = dataset("a x, a y, a x, b x, b y, b z")
    splits = _given("tththv")
    finding = found(data, splits)["known-pairs"]
    assert finding.rows == ("0",) and finding.mend == "known-pairs"
    same, mended = mend_interactions(data, splits, ["known-pairs"])
    assert mended.train == ("1", "3") and mended.test == splits.test and same is data
    assert "known-pairs" not in found(data, mended)
    with pytest.raises(OptionError, match="'magic' cannot be fixed"):
        mend_interactions(data, splits, ["magic"])
    with pytest.raises(OptionError, match="leave no training or validation rows"):
        mend_interactions(data, _given("hhthvv"), ["known-pairs"])


def test_test_users_and_items_that_training_never_saw() -> None:
    data = dataset("a x, a y, b x, c z, b y")
    kinds = found(data, _given("tvthh"))
    assert (
        "Unseen in training (cold start): 1 user of the test (50.0% of its rows)" in kinds["unknown-test-users"].message
    )
    assert (
        "Unseen in training (cold start): 1 item of the test (50.0% of its rows)" in kinds["unknown-test-items"].message
    )
    assert kinds["few-test-users"].message.startswith("The test has 2 users only")


def test_the_future_is_told_where_the_split_is_not_by_time() -> None:
    times = pd.to_datetime(["2024-01-01", "2024-01-05", "2024-01-03", "2024-01-02", "2024-01-09", "2024-01-04"])
    data = dataset("a x, a y, a z, b x, b y, b w", times=times)
    kinds = found(data, _given("tthtvh"))
    assert kinds["own-future"].message.startswith(
        "For 50% of the test rows, training holds later rows of the same user"
    )
    by_time = found(data, _given("thvtvh"))
    assert "own-future" not in by_time and "others-future" not in by_time


def test_baskets_across_the_split_are_told() -> None:
    times = pd.to_datetime(["2024-01-01"] * 3 + ["2024-01-02"] * 3)
    kinds = found(dataset("a x, a y, a z, b x, b y, b w", times=times), _given("tvhtvh"))
    assert kinds["same-moment"].message.startswith("100% of the test rows have the same time as a training row")


def test_errors_come_first_and_ratings_without_threshold_are_told() -> None:
    note = Finding("error", "one-user", "There is one user only.")
    ratings = Finding("info", "ratings", "Column 'rating' was read as a rating.")
    data = dataset("a x, a y", values=np.array([1.0, 5.0]), notes=(ratings, note))
    findings = check_interactions(data)
    assert findings[0] is note and "lowest too (1 to 5)" in found(data)["no-threshold"].message
    same = dataset("a x, a y", values=np.array([4.0, 4.0]))
    assert found(same)["constant-value"].level == "info"


def test_a_list_of_users_needs_no_check() -> None:
    data = dataset("a x, b y")
    users = Dataset("users", data.table[["user"]], {Role.USER: ("user",)}, data.source)
    assert check_interactions(users) == []
