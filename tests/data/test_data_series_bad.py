"""Bad series: a clear line that says where, what was found, what was expected and what to do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dl_core.data.series.split import split_series
from dl_core.errors import FileError, LimitError, OptionError, SchemaError
from dl_core.reading.limits import Limits
from dl_core.reading.series.layouts import ROW_BYTES
from dl_core.reading.tables.room import Room, TableKind
from dl_core.schema import Role
from tests.data.series_cases import daily, kinds, note, read, refused, write


def days(values: list[object]) -> str:
    """Return a table of one value a day."""
    dates = pd.date_range("2024-01-01", periods=len(values)).strftime("%Y-%m-%d")
    return "date,sales\n" + "".join(f"{date},{value}\n" for date, value in zip(dates, values, strict=True))


def written(tmp_path: Path, text: str) -> Path:
    """Write text as a CSV."""
    path = tmp_path / "data.csv"
    path.write_text(text)
    return path


def test_one_point_is_refused(tmp_path: Path) -> None:
    error = refused(SchemaError, written(tmp_path, days([5])))
    assert error.problem == "there is a single value" and "needs a history" in error.todo


def test_one_point_without_time_is_refused(tmp_path: Path) -> None:
    assert refused(SchemaError, written(tmp_path, "sales\n5\n")).problem == "there is a single value"


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ([0] * 30, "all values are zero"),
        ([7.5] * 30, "every series has the same value at all times"),
        ([5, 6, 7], "no series has 4 values; the longest has 3"),
    ],
)
def test_what_never_changes_is_refused(tmp_path: Path, values: list[object], problem: str) -> None:
    assert refused(SchemaError, written(tmp_path, days(values))).problem == problem


@pytest.mark.parametrize("mark", ["", "NA", "--", "n/a", "."])
def test_all_missing_is_refused(tmp_path: Path, mark: str) -> None:
    error = refused(SchemaError, written(tmp_path, days([mark] * 30)))
    assert error.problem == "every value is missing" and error.where == "column sales"


def test_text_among_values_is_refused_by_row_and_not_repeated(tmp_path: Path) -> None:
    values: list[object] = [*range(30)]
    values[3], values[10] = "Jane Secret", "closed"
    error = refused(SchemaError, written(tmp_path, days(values)))
    assert error.problem == "2 cells with text instead of a number (rows 4, 11)" and error.where == "column 'sales'"
    assert "Secret" not in error.line()


def test_two_values_for_one_time_are_refused_by_row(tmp_path: Path) -> None:
    frame = daily()
    error = refused(SchemaError, write(tmp_path / "d.csv", pd.concat([frame, frame.iloc[[5]].assign(sales=1.0)])))
    assert error.problem == "1 time with several different values (rows 6, 61)"
    assert "option duplicates (sum, mean, first, last)" in error.todo


def test_the_column_that_tells_rows_apart_is_named(tmp_path: Path) -> None:
    frame = pd.concat([daily(seed=at).assign(shop="x", kind=kind) for at, kind in enumerate("ab")])
    path = write(tmp_path / "d.csv", frame)
    error = refused(SchemaError, path, roles={Role.SERIES: ("shop",)})
    assert error.todo.startswith("name 'kind' with the role series too")
    total = read(path, roles={Role.SERIES: ("shop",)}, duplicates="sum")
    assert np.allclose(total.table["sales"], frame.groupby("date")["sales"].sum().to_numpy())
    assert "duplicates" in kinds(total)


@pytest.mark.parametrize(("way", "expected"), [("sum", 12.0), ("mean", 6.0), ("first", 2.0), ("last", 10.0)])
def test_doubles_are_folded_as_the_user_says(tmp_path: Path, way: str, expected: float) -> None:
    text = days([1, 2, 3, 4, 5, 6, 7, 8]) + "2024-01-02,10\n"
    data = read(written(tmp_path, text), duplicates=way)
    assert data.table["sales"].tolist() == [1, expected, 3, 4, 5, 6, 7, 8]


def test_an_unknown_way_with_doubles_is_refused(tmp_path: Path) -> None:
    text = days([*range(9)]) + "2024-01-02,10\n"
    assert refused(OptionError, written(tmp_path, text), duplicates="guess").where == "option duplicates"


def test_the_same_row_twice_counts_once(tmp_path: Path) -> None:
    frame = daily()
    data = read(write(tmp_path / "d.csv", pd.concat([frame, frame.iloc[:3]])))
    assert len(data) == 60 and note(data, "duplicates").startswith("3 rows with the series, time and value")


def test_a_value_and_a_blank_for_one_time_give_the_value(tmp_path: Path) -> None:
    data = read(written(tmp_path, days([1, "", 3, 4, 5, 6]) + "2024-01-02,2\n"))
    assert data.table["sales"].tolist() == [1, 2, 3, 4, 5, 6]


def test_decreasing_time_is_sorted_and_said(tmp_path: Path) -> None:
    frame = daily()
    data = read(write(tmp_path / "d.csv", frame.iloc[::-1]))
    assert data.table["sales"].tolist() == frame["sales"].tolist()
    assert note(data, "unordered-times") == "The rows of 1 series stood newest first; they were sorted."


def test_mixed_frequencies_are_refused(tmp_path: Path) -> None:
    frame = pd.concat([daily().assign(id="a"), daily(40, frequency="MS").assign(id="b")])
    error = refused(SchemaError, write(tmp_path / "m.csv", frame))
    assert error.problem == "1 of 2 series is monthly, the others daily"


def test_a_series_of_rare_sales_is_no_mixed_frequency(tmp_path: Path) -> None:
    rare = daily(200).iloc[np.random.default_rng(0).choice(200, 12, replace=False)]
    data = read(write(tmp_path / "m.csv", pd.concat([daily(200).assign(id="a"), rare.assign(id="b")])))
    assert data.table["id"].nunique() == 2 and "gaps" in kinds(data)


def test_irregular_times_are_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = daily(100)
    frame["date"] = np.sort(pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 10**7, 100), unit="s"))
    error = refused(SchemaError, write(tmp_path / "i.csv", frame))
    assert "do not lie on a common step" in error.problem and "option frequency" in error.todo


def test_a_step_far_too_short_is_refused(tmp_path: Path) -> None:
    frame = pd.DataFrame({"t": [1, 2, 3, 4, 10_000_000], "y": [1.0, 2, 3, 4, 5]})
    assert "so most values would be missing" in refused(SchemaError, write(tmp_path / "s.csv", frame)).problem


def test_a_horizon_longer_than_the_history_is_refused(tmp_path: Path) -> None:
    data = read(write(tmp_path / "h.csv", daily(40)))
    with pytest.raises(SchemaError, match=r"a horizon of 30 steps is too long for the history") as caught:
        split_series(data, 0, {"horizon": 30})
    assert caught.value.expected.startswith("at most 13 steps here")
    assert split_series(data, 0, {"horizon": 13}).counts() == {"train": 14, "validation": 13, "test": 13}


def test_a_history_too_short_for_any_window_is_refused(tmp_path: Path) -> None:
    data = read(write(tmp_path / "h.csv", daily(7)))
    with pytest.raises(SchemaError, match="a history of 7 steps is too short to evaluate forecasts"):
        split_series(data, 0, {"horizon": 2})


def test_a_season_longer_than_the_history_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "h.csv", daily(40))
    error = refused(SchemaError, path, season="52")
    assert error.problem == "a season of 52 steps is longer than the history of 40 steps"
    assert "long-season" in kinds(read(path, season="30"), "warning")


@pytest.mark.parametrize("season", ["weekly", "-3", "7;x"])
def test_a_season_that_is_no_number_is_refused(tmp_path: Path, season: str) -> None:
    assert refused(OptionError, write(tmp_path / "h.csv", daily()), season=season).where == "option season"


def test_a_date_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    frame = daily()
    frame["date"] = frame["date"].dt.strftime("%d/%m/%Y")
    frame.loc[30, "date"] = "31/02/2024"
    error = refused(SchemaError, write(tmp_path / "b.csv", frame))
    assert error.problem == "1 of 60 values are no times (row 31)" and error.where == "column date"


def test_lines_below_the_table_are_left_out(tmp_path: Path) -> None:
    path = written(tmp_path, days([*range(60)]) + "Source: the shop,\n")
    data = read(path)
    assert len(data) == 60 and "footer" in kinds(data, "warning")


def test_rows_without_time_or_series_are_left_out_and_counted(tmp_path: Path) -> None:
    frame = pd.concat([daily(seed=at).assign(shop=name) for at, name in enumerate("ab")])
    text = frame.to_csv(index=False) + ",5,a\n2024-01-09,5,\n"
    data = read(written(tmp_path, text))
    assert len(data) == 120 and {"no-time", "no-series"} <= kinds(data, "warning")


def test_degenerate_series_among_others_are_told_and_kept(tmp_path: Path) -> None:
    frame = pd.concat([daily(100, seed=at).assign(item=f"s{at}") for at in range(9)])
    frame.loc[frame["item"] == "s3", "sales"] = 0.0
    frame.loc[frame["item"] == "s4", "sales"] = 5.0
    frame.loc[frame["item"] == "s6", "sales"] = np.nan
    frame = frame[~((frame["item"] == "s5") & (frame["date"] > "2024-01-02"))]
    data = read(write(tmp_path / "d.csv", frame))
    assert {"zero-series", "constant-series", "tiny-series", "empty-series"} <= kinds(data, "warning")
    assert data.table["item"].nunique() == 8
    splits = split_series(data, 0, {"horizon": 7})
    judged = set(data.table.loc[list(splits.test), "item"])
    assert (
        judged == {"s0", "s1", "s2", "s7", "s8"}
        and "3 too short or constant are used for training only" in splits.protocol
    )


def test_a_table_without_values_is_refused(tmp_path: Path) -> None:
    frame = daily(9).assign(sales=list("abcdefghi"))
    assert refused(SchemaError, write(tmp_path / "n.csv", frame)).problem == "no column of values was recognised"


def test_a_role_of_no_column_is_refused(tmp_path: Path) -> None:
    error = refused(SchemaError, write(tmp_path / "n.csv", daily()), roles={Role.VALUE: ("umsatz",)})
    assert error.problem == "there is no column 'umsatz'"


@pytest.mark.parametrize("frequency", ["fortnight", "D-SUN", "W-JAN", "0D"])
def test_an_unknown_frequency_is_refused(tmp_path: Path, frequency: str) -> None:
    assert refused(OptionError, write(tmp_path / "n.csv", daily()), frequency=frequency).where == "option frequency"


def test_an_unknown_layout_is_refused(tmp_path: Path) -> None:
    assert refused(OptionError, write(tmp_path / "n.csv", daily()), layout="tall").where == "option layout"


def test_empty_files_are_refused(tmp_path: Path) -> None:
    assert refused(FileError, written(tmp_path, "")).problem == "the file is empty"
    assert refused(FileError, written(tmp_path, "date,sales\n")).problem == "the table has no rows"


@pytest.mark.parametrize("layout", ["long", "columns", "rows"])
def test_too_many_steps_are_refused(tmp_path: Path, layout: str) -> None:
    frame = pd.DataFrame({name: daily(400, seed=at)["sales"] for at, name in enumerate("abcdefgh")})
    frame.insert(0, "date", daily(400)["date"])
    if layout == "long":
        frame = frame.melt("date", var_name="series", value_name="y")
    elif layout == "rows":
        frame = frame.set_index("date").T.rename_axis("series").reset_index()
    error = refused(LimitError, write(tmp_path / "l.csv", frame), limits=Limits(max_rows=1_000))
    assert "at most 1,000 rows" in error.expected and error.todo.startswith("keep the latest steps")


def test_ten_million_rows_do_not_fit_the_usual_limits() -> None:
    room = Room("sales.csv", TableKind(bool, ROW_BYTES, "keep the latest steps"), Limits())
    room.check(8_000_000, 3)
    with pytest.raises(LimitError, match=r"sales.csv: 10,000,000 rows of 3 columns need 4,480 MB of memory"):
        room.check(10_000_000, 3)


def test_a_test_in_another_layout_is_refused(tmp_path: Path) -> None:
    data = write(tmp_path / "a.csv", pd.DataFrame({"V1": ["a", "b"], **{f"V{at}": [at, 2.0] for at in range(2, 40)}}))
    error = refused(SchemaError, data, test=write(tmp_path / "b.csv", daily()))
    assert error.where == "b.csv" and "the same layout" in error.expected


def test_no_message_repeats_names_or_cells(tmp_path: Path) -> None:
    frame = pd.concat([daily(seed=at).assign(shop=f"Jane Secret {at}") for at in range(3)])
    frame = pd.concat([frame.iloc[::-1], frame.iloc[:4]])
    frame.loc[frame["shop"] == "Jane Secret 1", "sales"] = 0.0
    data = read(write(tmp_path / "p.csv", frame))
    assert all("Secret" not in found.message for found in data.notes)


def test_dates_that_cannot_be_read_are_never_taken_for_something_else(tmp_path: Path) -> None:
    frame = daily(40).assign(date=[f"the {at}th" for at in range(40)])
    assert refused(SchemaError, write(tmp_path / "d.csv", frame)).where == "column date"


def test_a_named_step_far_shorter_than_the_data_is_refused(tmp_path: Path) -> None:
    error = refused(SchemaError, write(tmp_path / "d.csv", daily(40, frequency="MS")), frequency="D")
    assert error.problem == "the frequency daily is too high: times are monthly"


def test_points_that_group_thousands_are_told(tmp_path: Path) -> None:
    values = ["950", "1.050", "980", "1.110", "1.200", "990"] * 5
    data = read(written(tmp_path, days(values).replace(",", ";")))
    assert "grouped-points" in kinds(data, "warning")
    assert "grouped-points" not in kinds(read(write(tmp_path / "d.csv", daily(60))))


def test_new_cases_without_times_are_refused_where_training_had_them(tmp_path: Path) -> None:
    like = read(write(tmp_path / "d.csv", daily(60))).describe()
    path = write(tmp_path / "n.csv", daily(60)[["sales"]])
    error = refused(SchemaError, path, labelled=False, like=like, frequency="D")
    assert error.problem == "the table has no time stamps" and error.where == "column date"
