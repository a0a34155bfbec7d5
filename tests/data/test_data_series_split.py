"""Series split by time, checked and mended."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dl_core.data.dataset import Dataset, Finding
from dl_core.data.series.check import check_series, mend_series
from dl_core.data.series.origins import rolling_origins
from dl_core.data.series.panel import AHEAD, Panel
from dl_core.data.series.split import split_series
from dl_core.data.splits import PARTS, Splits
from dl_core.errors import OptionError, SchemaError
from dl_core.schema import Role
from tests.data.series_cases import read, write
from tests.series import toy_dataset, toy_frame


def lengths(dataset: Dataset, splits: Splits) -> dict[str, list[int]]:
    """Return how many steps of each series stand in each part."""
    names = dataset.values(Role.SERIES)
    order = list(dict.fromkeys(names))
    found = {part: names.loc[list(getattr(splits, part))].value_counts() for part in PARTS}
    return {part: [int(counts.get(name, 0)) for name in order] for part, counts in found.items()}


def cut(dataset: Dataset, keep: dict[str, int]) -> Dataset:
    """Return the data set with only the first steps of some series."""
    names = dataset.values(Role.SERIES)
    place = names.groupby(names).cumcount()
    rows = dataset.ids[(place < names.map(keep).fillna(10**6)).to_numpy()]
    table = dataset.table.loc[rows]
    return replace(dataset, table=table.set_axis([str(at) for at in range(len(table))]), fingerprint="")


def found(findings: list[Finding], kind: str) -> Finding:
    """Return the finding of a kind."""
    return next(finding for finding in findings if finding.kind == kind)


def test_the_last_windows_judge_and_those_before_choose() -> None:
    data = toy_dataset()
    splits = split_series(data, 0, {"horizon": 6})
    assert lengths(data, splits) == {"train": [84] * 6, "validation": [18] * 6, "test": [18] * 6}
    assert splits.kind == "by time" and splits == split_series(data, 7, {"horizon": 6})
    assert splits.protocol == (
        "the last 3 windows of 6 steps of each of 6 series, stride 6; the 3 windows before them choose"
    )
    times = data.values(Role.TIME)
    assert times.loc[list(splits.test)].min() > times.loc[list(splits.validation)].max()
    assert all(isinstance(row, str) for row in splits.test)


@pytest.mark.parametrize(
    ("options", "test", "validation"),
    [
        ({"windows": 1}, 6, 6),
        ({"windows": 2, "validation_windows": 4}, 12, 24),
        ({"windows": 4, "stride": 1}, 9, 9),
        ({"windows": 2, "stride": 12}, 18, 18),
    ],
)
def test_windows_and_stride(options: dict, test: int, validation: int) -> None:
    data = toy_dataset()
    splits = split_series(data, 0, {"horizon": 6, **options})
    counts = lengths(data, splits)
    assert counts["test"] == [test] * 6 and counts["validation"] == [validation] * 6
    known = Panel.of(data.subset(data.ids[~data.ids.isin(splits.test)]))
    origins = rolling_origins(known, Panel.of(data.subset(splits.test)), 6, options.get("stride", 6))
    assert len(origins) == 6 * options["windows"]


def test_the_horizon_that_suits_the_frequency() -> None:
    assert lengths(toy_dataset(), split_series(toy_dataset(), 0, {}))["test"] == [36] * 6  # 18 months, two windows


def test_shorter_series_get_fewer_windows_and_the_shortest_none() -> None:
    data = cut(toy_dataset(), {"shop 1": 59, "shop 2": 36, "shop 3": 20, "shop 4": 15, "shop 5": 13})
    splits = split_series(data, 0, {"horizon": 6})
    counts = lengths(data, splits)
    assert counts["test"] == [18, 12, 6, 6, 6, 0]
    assert counts["validation"] == [18, 12, 6, 6, 0, 0]
    assert counts["train"] == [84, 35, 24, 8, 9, 13]
    assert splits.protocol.endswith("; 4 shorter series have fewer; 1 too short or constant are used for training only")


def test_constant_series_only_train() -> None:
    data = toy_dataset()
    values = data.table["sales"].where(data.table["series"] != "shop 2", 7.0)
    splits = split_series(data.with_table(data.table.assign(sales=values)), 0, {"horizon": 6})
    assert lengths(data, splits)["test"] == [18, 18, 0, 18, 18, 18]


def test_series_that_are_still_until_they_are_held_out_only_train() -> None:
    data = toy_dataset()
    place = data.table.groupby("series").cumcount()
    still = (data.table["series"] == "shop 1") & (place < 110)
    splits = split_series(
        data.with_table(data.table.assign(sales=data.table["sales"].mask(still, 0.0))), 0, {"horizon": 6}
    )
    assert lengths(data, splits)["test"] == [18, 0, 18, 18, 18, 18] and "1 too short or constant" in splits.protocol


def test_a_given_test_is_followed(tmp_path: Path) -> None:
    frame = toy_frame()
    known = frame["month"] < "2019-01-01"
    data = read(write(tmp_path / "a.csv", frame[known]), test=write(tmp_path / "b.csv", frame[~known]))
    splits = split_series(data, 0, {"horizon": 6})
    assert lengths(data, splits) == {"train": [90] * 6, "validation": [18] * 6, "test": [12] * 6}
    assert splits.kind == "given" and splits.protocol == (
        "the given test of 12 steps of each of 6 series, horizon 6; the 3 windows of 6 steps before it choose"
    )


@pytest.mark.parametrize("name", ["horizon", "stride", "windows", "validation_windows"])
def test_numbers_below_zero_are_refused(name: str) -> None:
    with pytest.raises(OptionError, match="is below zero"):
        split_series(toy_dataset(), 0, {name: -1})


def test_a_horizon_that_fits_no_series_is_refused() -> None:
    with pytest.raises(SchemaError, match=r"a horizon of 60 steps is too long .* expected at most 40 steps here"):
        split_series(toy_dataset(), 0, {"horizon": 60})


def test_findings_of_sound_data(tmp_path: Path) -> None:
    data = read(write(tmp_path / "a.csv", toy_frame(n=12)))
    splits = split_series(data, 0, {"horizon": 6})
    assert not [finding for finding in check_series(data, splits) if finding.level != "info"]


def test_series_without_a_test_window_are_told() -> None:
    data = cut(toy_dataset(), {"shop 5": 10})
    finding = found(check_series(data, split_series(data, 0, {"horizon": 6})), "unjudged-series")
    assert finding.message.startswith("1 of 6 series have no test window") and finding.rows == ("600",)


def test_known_ahead_columns_without_later_values_are_told(tmp_path: Path) -> None:
    frame = toy_frame(covariates=True)
    data = read(write(tmp_path / "a.csv", frame))
    finding = found(check_series(data), "nothing-ahead")
    assert finding.level == "warning" and "will use the values of one season before" in finding.message
    later = frame[frame["month"] < "2010-04-01"].assign(sales=np.nan)
    later["month"] = later["month"] + pd.DateOffset(years=10)
    told = read(write(tmp_path / "a.csv", pd.concat([frame, later])))
    assert len(told.side[AHEAD]) == 18 and "nothing-ahead" not in {f.kind for f in check_series(told)}


def test_a_covariate_that_repeats_the_value_is_told_and_taken_out(tmp_path: Path) -> None:
    frame = toy_frame().assign(plan=lambda table: 3 * table["sales"] + 1, promo=[0, 1, 0, 0] * 180)
    data = read(write(tmp_path / "a.csv", frame))
    splits = split_series(data, 0, {"horizon": 6})
    finding = found(check_series(data, splits), "value-copied")
    assert finding.level == "warning" and "'plan'" in finding.message and finding.mend == "value-copied"
    mended, after = mend_series(data, splits, ["value-copied"])
    assert mended.roles[Role.FUTURE] == ("promo",) and "plan" not in mended.table
    assert after.protocol.endswith("; without plan") and after.test == splits.test
    assert "value-copied" not in {finding.kind for finding in check_series(mended, after)}


def test_constant_series_can_be_taken_out_of_training() -> None:
    data = toy_dataset()
    data = data.with_table(data.table.assign(sales=data.table["sales"].where(data.table["series"] != "shop 2", 7.0)))
    splits = split_series(data, 0, {"horizon": 6})
    _, after = mend_series(data, splits, ["constant-series"])
    assert lengths(data, after)["train"] == [84, 84, 0, 84, 84, 84] and after.test == splits.test


def test_only_what_can_be_mended_is() -> None:
    data = toy_dataset()
    with pytest.raises(OptionError, match="cannot be fixed"):
        mend_series(data, split_series(data, 0, {}), ["gaps"])


def test_missing_values_in_the_test_are_told() -> None:
    data = toy_dataset()
    splits = split_series(data, 0, {"horizon": 6})
    table = data.table.copy()
    table.loc[list(splits.test[:30]), "sales"] = np.nan
    finding = found(check_series(data.with_table(table), splits), "missing-test-values")
    assert (
        finding.message == "27.8% of the test steps have missing values and are not evaluated."
        and finding.level == "warning"
    )


def test_names_that_are_mail_addresses_get_pseudonyms(tmp_path: Path) -> None:
    frame = toy_frame()
    frame["series"] = frame["series"].str.replace("shop ", "jane.doe") + "@example.org"
    data = read(write(tmp_path / "a.csv", frame))
    assert data.table["series"].str.fullmatch("mail [a-z2-7]{12}").all()
    assert "secrets" in {note.kind for note in data.notes}
    assert data.table["series"].nunique() == frame["series"].nunique()
    assert data.pseudonyms["columns"] == {"series": "mail addresses"}


def test_headers_that_are_mail_addresses_are_told(tmp_path: Path) -> None:
    frame = toy_frame()
    frame["series"] = frame["series"].str.replace("shop ", "jane.doe") + "@example.org"
    wide = frame.pivot(index=frame.columns[1], columns="series", values=frame.columns[2]).reset_index()
    data = read(write(tmp_path / "a.csv", wide))
    assert "personal-ids" in {finding.kind for finding in check_series(data)}
