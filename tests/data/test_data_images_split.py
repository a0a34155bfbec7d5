"""The split: given, by unit, or at random within classes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dl_core.data.dataset import Dataset, Source
from dl_core.data.images.split import split_rows
from dl_core.errors import OptionError, SchemaError
from dl_core.schema import Role


def dataset(labels: list[str], units: list[str] | None = None, fixed: list[str] | None = None) -> Dataset:
    ids = [f"row {i}" for i in range(len(labels))]
    table = pd.DataFrame({"label": labels}, index=ids)
    roles = {Role.LABEL: ("label",)}
    if units is not None:
        table["patient"] = units
        roles[Role.UNIT] = ("patient",)
    series = None if fixed is None else pd.Series(fixed, index=ids, dtype="object")
    return Dataset("toy", table, roles, Source("toy"), classes=tuple(sorted(set(labels))), fixed_split=series)


def test_classes_keep_their_proportion():
    splits = split_rows(dataset(["a"] * 80 + ["b"] * 20), 0, {})
    assert splits.kind == "stratified" and splits.counts() == {"train": 70, "validation": 10, "test": 20}
    for part, number in (("train", 14), ("validation", 2), ("test", 4)):
        assert sum(int(row.split()[1]) >= 80 for row in getattr(splits, part)) == number
    assert splits.protocol == "70/10/20 % at random within classes (70/10/20 training/validation/test rows), seed 0"


def test_seed_decides():
    data = dataset(["a", "b"] * 50)
    assert split_rows(data, 1, {}) == split_rows(data, 1, {})
    assert split_rows(data, 1, {}).test != split_rows(data, 2, {}).test


def test_rows_of_a_patient_stay_together():
    rng = np.random.default_rng(0)
    units = [f"p{i}" for i in rng.integers(0, 60, 400)]
    labels = ["sick" if int(unit[1:]) % 3 == 0 else "well" for unit in units]
    data = dataset(labels, units)
    splits = split_rows(data, 0, {})
    parts = splits.part_of()
    assert pd.crosstab(data.table["patient"], parts.reindex(data.ids)).gt(0).sum(axis=1).max() == 1
    assert splits.kind == "by unit" and "by patient" in splits.protocol and "60 patients" in splits.protocol
    share = pd.crosstab(data.table["label"], parts.reindex(data.ids), normalize="columns")
    assert share.loc["sick"].max() - share.loc["sick"].min() < 0.08
    assert abs(len(splits.test) / 400 - 0.2) < 0.04


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 12)), min_size=3, max_size=80), st.integers(0, 5))
def test_every_row_once_and_no_patient_twice(rows: list[tuple[str, int]], seed: int):
    data = dataset([label for label, _ in rows], [f"p{unit}" for _, unit in rows])
    try:
        splits = split_rows(data, seed, {})
    except SchemaError as error:
        assert len({unit for _, unit in rows}) < 3 and "leaves a part empty" in error.problem
        return
    assert sorted(splits.train + splits.validation + splits.test) == sorted(data.ids)
    spread = pd.crosstab(data.table["patient"], splits.part_of().reindex(data.ids))
    assert spread.gt(0).sum(axis=1).max() == 1


@given(st.integers(3, 9), st.integers(3, 9), st.integers(0, 3))
def test_small_classes_stand_in_every_part(a: int, b: int, seed: int):
    data = dataset(["a"] * a + ["b"] * b)
    splits = split_rows(data, seed, {})
    for part in (splits.train, splits.validation, splits.test):
        assert set(data.table.loc[list(part), "label"]) == {"a", "b"}


def test_given_split_is_kept():
    fixed = ["train"] * 6 + ["validation"] * 2 + ["test"] * 2
    splits = split_rows(dataset(["a", "b"] * 5, fixed=fixed), 0, {})
    assert splits.kind == "given" and splits.test == ("row 8", "row 9") and splits.validation == ("row 6", "row 7")
    assert splits.protocol == "given split (6/2/2 training/validation/test rows)"
    assert split_rows(dataset(["a", "b"] * 5, fixed=fixed), 0, {"split": "new"}).kind == "stratified"


def test_validation_is_drawn_from_given_training_rows_by_patient():
    units = [f"p{i // 4}" for i in range(80)] + ["x"] * 20
    data = dataset(["a", "b"] * 50, units, ["train"] * 80 + ["test"] * 20)
    splits = split_rows(data, 0, {})
    assert set(splits.test) == {f"row {i}" for i in range(80, 100)} and 6 <= len(splits.validation) <= 14
    spread = pd.crosstab(data.table["patient"], splits.part_of().reindex(data.ids))
    assert spread.gt(0).sum(axis=1).max() == 1
    assert "validation drawn from the given training rows at random by patient, seed 0" in splits.protocol


def test_what_cannot_be_split_says_so():
    for labels, found in ((["a", "b"], "2 rows cannot"), (["a"], "1 row cannot")):
        with pytest.raises(SchemaError, match=f"{found} be split"):
            split_rows(dataset(labels), 0, {})
    with pytest.raises(SchemaError, match="leaves a part empty") as caught:
        split_rows(dataset(["a", "b"] * 5, ["p1", "p2"] * 5), 0, {})
    assert caught.value.todo
    with pytest.raises(SchemaError, match="no training rows"):
        split_rows(dataset(["a", "b"] * 2, fixed=["test"] * 4), 0, {})


@pytest.mark.parametrize("options", [{"test_share": 0.9}, {"validation_share": 0}, {"split": "magic"}])
def test_options_are_checked(options: dict):
    with pytest.raises(OptionError):
        split_rows(dataset(["a", "b"] * 5), 0, options)
