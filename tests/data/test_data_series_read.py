"""Series as people have them, in any of three layouts, read to one typed data set."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dl_core.data.dataset import Dataset
from dl_core.data.reading import QuestionError
from dl_core.data.series.panel import AHEAD, PANEL, SERIES, Panel
from dl_core.data.series.split import split_series
from dl_core.schema import Role
from tests.data.series_cases import daily, kinds, note, read, values_of, write
from tests.series import toy_dataset, toy_frame

M4 = Path(__file__).parents[3] / "shared" / "data" / "m4"


def wide(n: int = 60) -> pd.DataFrame:
    """Return three stores side by side; one starts later and one ends earlier."""
    frame = pd.DataFrame({name: daily(n, seed=at)["sales"] for at, name in enumerate(("north", "south", "west"))})
    frame.loc[:9, "south"] = np.nan
    frame.loc[50:, "west"] = np.nan
    frame.insert(0, "date", daily(n)["date"])
    return frame


def expected(frame: pd.DataFrame) -> dict[str, list[float]]:
    """Return the values of a wide table's columns without blanks at their ends."""
    return {name: frame[name].dropna().tolist() for name in frame.columns[1:]}


def test_a_long_table_is_read_as_lead_makes_it(tmp_path: Path) -> None:
    data = read(write(tmp_path / "shops.csv", toy_frame(covariates=True)))
    made = toy_dataset(covariates=True)
    assert data.roles == made.roles and data.classes == () and data.name == "shops"
    assert np.array_equal(data.table["sales"], made.table["sales"])
    assert data.table["month"].dtype == "datetime64[ns]" and (data.table["month"] == made.table["month"]).all()
    assert np.allclose(data.table[["promo", "temp"]], made.table[["promo", "temp"]])
    assert data.ids.tolist() == made.ids.tolist()
    assert data.side[SERIES]["region"].to_dict() == made.side[SERIES]["region"].to_dict()
    assert data.side[PANEL].iloc[0].to_dict() == {"frequency": "MS", "seasons": "12", "scale_season": 12}
    assert json.dumps(data.describe()) and Dataset.load(data.save(tmp_path / "saved")).fingerprint == data.fingerprint


@pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet", "xlsx", "jsonl"])
def test_formats_give_the_same(tmp_path: Path, suffix: str) -> None:
    frame = toy_frame(n=2, length=40)
    path = tmp_path / f"shops.{suffix}"
    if suffix == "parquet":
        frame.to_parquet(path, index=False)
    elif suffix == "xlsx":
        frame.to_excel(path, index=False)
    elif suffix == "jsonl":
        frame.assign(month=frame["month"].astype(str)).to_json(path, orient="records", lines=True)
    else:
        write(path, frame, sep="\t" if suffix == "tsv" else ",")
    data = read(path)
    assert data.table["sales"].tolist() == frame["sales"].tolist()
    assert (data.table["month"].to_numpy() == frame["month"].to_numpy()).all()


def test_a_zip_of_a_table_is_read(tmp_path: Path) -> None:
    write(tmp_path / "d.csv", daily())
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as archive:
        archive.write(tmp_path / "d.csv", "d.csv")
    assert len(read(tmp_path / "d.zip")) == 60


def test_a_column_a_series(tmp_path: Path) -> None:
    frame = wide()
    data = read(write(tmp_path / "w.csv", frame))
    assert values_of(data) == expected(frame)
    assert {role: names[0] for role, names in data.roles.items()} == {
        Role.SERIES: "series",
        Role.TIME: "date",
        Role.VALUE: "value",
    }
    south = data.table[data.table["series"] == "south"]
    assert south["date"].iloc[0] == pd.Timestamp("2024-01-11")
    assert (
        note(data, "layout")
        == "w.csv was read as wide format, series in columns: time = date; 3 series, a column each."
    )
    assert note(data, "different-ends").startswith("1 of 3 series end before the others, by up to 10 steps")


def test_an_unnamed_first_column_is_the_time_and_dashes_are_blanks(tmp_path: Path) -> None:
    frame = wide().set_index("date").rename_axis(None)
    data = read(write(tmp_path / "w.csv", frame, index=True, na_rep="--"))
    assert values_of(data) == expected(wide()) and data.column(Role.TIME) == "time"


def test_a_column_that_only_numbers_rows_is_no_series(tmp_path: Path) -> None:
    data = read(write(tmp_path / "w.csv", wide(), index=True))
    assert values_of(data) == expected(wide())


def test_numbered_stores_beside_dates_are_columns_and_no_steps(tmp_path: Path) -> None:
    frame = wide().set_axis(["date", "s1", "s2", "s3"], axis=1)
    assert list(values_of(read(write(tmp_path / "w.csv", frame)))) == ["s1", "s2", "s3"]


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_decimal_commas_are_read_over_all_columns(tmp_path: Path, separator: str) -> None:
    path = write(tmp_path / "w.csv", wide(), sep=separator, decimal=",", na_rep="..", date_format="%d.%m.%Y")
    data = read(path)
    assert values_of(data) == expected(wide()) and "day-first" in kinds(data)


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["1,234", "12,345", "1,234,567", "800"], [1234, 12345, 1234567, 800]),
        (["1.234,5", "12.345,25", "1.234.567,0", "800"], [1234.5, 12345.25, 1234567, 800]),
        (["1 234,5", "12 345,0", "1 234 567,5", "800"], [1234.5, 12345, 1234567.5, 800]),
        (["1,234.5", "12,345.25", "1,234,567.0", "800"], [1234.5, 12345.25, 1234567, 800]),
        (["1,5", "12,25", "-3,125", "800"], [1.5, 12.25, -3.125, 800]),
        (["$1.50", "$1,200.25", "($3.00)", "$8"], [1.5, 1200.25, -3, 8]),
    ],
)
def test_thousands_and_decimals(tmp_path: Path, texts: list[str], numbers: list[float]) -> None:
    frame = pd.DataFrame({"date": daily(8)["date"], "sales": texts * 2})
    assert read(write(tmp_path / "n.csv", frame, sep=";")).table["sales"].tolist() == numbers * 2


def test_a_row_a_series_with_dates_in_the_header(tmp_path: Path) -> None:
    frame = wide().set_index("date").T.rename_axis("store")
    data = read(write(tmp_path / "r.csv", frame, index=True))
    assert values_of(data) == expected(wide()) and data.column(Role.SERIES) == "store"
    assert data.side[PANEL]["frequency"].iloc[0] == "D"


def test_years_in_the_header_and_groups_before_them(tmp_path: Path) -> None:
    frame = wide(40).fillna(1.0).set_index("date").T.set_axis([str(year) for year in range(1980, 2020)], axis=1)
    frame.insert(0, "region", ["n", "s", "w"])
    data = read(write(tmp_path / "r.csv", frame.rename_axis("country"), index=True))
    assert data.side[PANEL]["frequency"].iloc[0] == "YS-JAN" and len(data) == 120
    assert data.side[SERIES]["region"].to_dict() == {"north": "n", "south": "s", "west": "w"}


def test_the_layout_of_m4_has_numbered_steps(tmp_path: Path) -> None:
    rows = {"W1": [1.0, 2, 3, 4, 5, 6, 7, 8], "W2": [5.0, 6, 5, 6, 5]}
    text = '"V1","V2","V3","V4","V5","V6","V7","V8","V9"\n'
    for name, values in rows.items():
        text += ",".join([f'"{name}"', *(f'"{value}"' for value in values), *[""] * (8 - len(values))]) + "\n"
    (tmp_path / "train.csv").write_text(text)
    later = tmp_path / "test.csv"
    later.write_text('"V1","V2","V3"\n"W1",9,10\n"W2",7,8\n')
    data = read(tmp_path / "train.csv", test=later, season="52", labelled=False)
    assert values_of(data) == {"W1": [*rows["W1"], 9, 10], "W2": [*rows["W2"], 7, 8]}
    assert data.table["time"].dtype == "int64" and data.table["time"].tolist() == [*range(1, 11), *range(1, 8)]
    assert data.side[PANEL].iloc[0].to_dict() == {"frequency": "", "seasons": "52", "scale_season": 1}
    assert (data.fixed_split == "test").to_numpy().nonzero()[0].tolist() == [8, 9, 15, 16]


@pytest.mark.skipif(not M4.is_dir(), reason="the M4 files are not here")
def test_m4_weekly_with_its_official_test() -> None:
    data = read(M4 / "Weekly-train.csv", test=M4 / "Weekly-test.csv", season="52")
    panel = Panel.of(data)
    assert len(panel) == 359 and panel.seasons == (52,) and panel.scale_season == 1 and panel.frequency == ""
    splits = split_series(data, 0, {"horizon": 13})
    assert splits.counts()["test"] == 359 * 13 and splits.kind == "given"
    assert splits.protocol.startswith("the given test of 13 steps of each of 359 series; the 2 windows of 13 steps")


@pytest.mark.parametrize("layout", ["columns", "rows", "values"])
def test_files_without_a_header(tmp_path: Path, layout: str) -> None:
    frame = wide().dropna()
    if layout == "columns":
        path = write(tmp_path / "h.csv", frame, header=False)
    elif layout == "rows":
        path = write(tmp_path / "h.csv", frame.set_index("date").T, header=False, index=True)
    else:
        path = write(tmp_path / "h.csv", frame[["north"]], header=False)
    data = read(path)
    assert list(values_of(data).values())[0] == frame["north"].tolist() and "no-header" in kinds(data)


def test_the_layout_can_be_told(tmp_path: Path) -> None:
    frame = wide().dropna().rename(columns={"north": "sales"})
    path = write(tmp_path / "w.csv", frame)
    guessed, told = read(path), read(path, layout="columns")
    assert guessed.roles[Role.PAST] == ("south", "west") and list(values_of(told)) == ["sales", "south", "west"]
    named = read(path, roles={Role.VALUE: ("south", "west")})
    assert list(values_of(named)) == ["south", "west"]


def test_covariates_of_a_wide_table_are_shared(tmp_path: Path) -> None:
    frame = wide().dropna().assign(holiday=[0, 1] * 20)
    data = read(write(tmp_path / "w.csv", frame), roles={Role.FUTURE: ("holiday",)})
    assert list(values_of(data)) == ["north", "south", "west"] and data.roles[Role.FUTURE] == ("holiday",)
    assert data.table["holiday"].tolist() == [0, 1] * 60


def states() -> pd.DataFrame:
    """Return months of generation by state and source, with prices known for half a year more."""
    parts = []
    for at, (state, source) in enumerate([(s, k) for s in ("Ohio", "Iowa", "Utah") for k in ("coal", "wind")]):
        part = daily(96, "2015-01-01", "MS", at).rename(columns={"sales": "generation"})
        part["date"] = part["date"].dt.strftime("%Y-%m")
        part.loc[90:, "generation"] = np.nan
        parts.append(part.assign(state=state, source=source, price=np.arange(96) / 100))
    return pd.concat(parts, ignore_index=True)


def test_several_columns_name_the_series_and_stay_as_groups(tmp_path: Path) -> None:
    data = read(write(tmp_path / "k.csv", states()))
    assert data.column(Role.SERIES) == "state / source" and len(data) == 6 * 90
    assert data.side[SERIES].loc["Ohio / wind"].to_dict() == {"state": "Ohio", "source": "wind"}
    told = read(write(tmp_path / "k.csv", states()), roles={Role.SERIES: ("source", "state")})
    assert "wind / Ohio" in told.side[SERIES].index


def test_values_after_the_end_are_known_ahead(tmp_path: Path) -> None:
    data = read(write(tmp_path / "k.csv", states()))
    ahead = data.side[AHEAD]
    assert data.roles[Role.FUTURE] == ("price",) and list(ahead.columns) == ["series", "time", "price"]
    assert len(ahead) == 36 and ahead.index.tolist() == [str(at) for at in range(36)]
    assert np.allclose(Panel.of(data).ahead[:, :, 0], np.arange(90, 96) / 100)


def test_a_table_about_states_joins_as_groups(tmp_path: Path) -> None:
    folder = tmp_path / "both"
    folder.mkdir()
    write(folder / "months.csv", states())
    about = pd.DataFrame({"state": ["Utah", "Ohio", "Iowa"], "region": ["west", "mid", "mid"], "people": [3, 11, 3]})
    write(folder / "states.csv", about)
    data = read(folder)
    assert data.side[SERIES]["region"].tolist() == ["mid"] * 4 + ["west"] * 2
    assert data.side[SERIES]["people"].tolist() == [11, 11, 3, 3, 3, 3] and "series-table" in kinds(data)


def test_years_in_two_files_are_one_table(tmp_path: Path) -> None:
    frame = toy_frame(n=2, length=48)
    old = frame["month"] < "2012-01-01"
    first, second = write(tmp_path / "a.csv", frame[old]), write(tmp_path / "b.csv", frame[~old])
    assert read(first, second).table["sales"].tolist() == frame["sales"].tolist()


def test_rows_after_the_end_of_training_are_the_test(tmp_path: Path) -> None:
    frame = toy_frame(n=3, length=60)
    known = frame["month"] < "2014-01-01"
    later = frame[frame["month"] >= "2013-07-01"]  # half a year stands in both files
    data = read(write(tmp_path / "a.csv", frame[known]), test=write(tmp_path / "b.csv", later))
    assert data.table["sales"].tolist() == frame["sales"].tolist()
    assert (data.fixed_split == "test").to_numpy().tolist() == (~known).tolist()


def test_series_that_only_the_test_has_are_left_out(tmp_path: Path) -> None:
    frame = toy_frame(n=3, length=60)
    known = frame[(frame["month"] < "2014-01-01") & (frame["series"] != "shop 2")]
    later = frame[frame["month"] >= "2014-01-01"]
    data = read(write(tmp_path / "a.csv", known), test=write(tmp_path / "b.csv", later))
    assert data.table["series"].nunique() == 2 and "new-test-series" in kinds(data, "warning")


def traffic() -> pd.DataFrame:
    """Return hours of traffic with weather, holidays, an hour of the day, a note and a lost thermometer."""
    rng = np.random.default_rng(0)
    times = pd.date_range("2023-01-01", periods=24 * 30, freq="h")
    frame = pd.DataFrame({"ts": times, "traffic_volume": rng.integers(100, 5000, len(times))})
    frame["temp"] = np.arange(len(times), dtype=float)
    frame.loc[100:105, "temp"] = np.nan
    frame["weather"] = rng.choice(["Rain", "Clear", "Snow"], len(times))
    frame["holiday"] = np.where(frame["ts"].dt.dayofyear == 7, "Epiphany", "None")
    frame["hour"], frame["road"] = frame["ts"].dt.hour, "I-94"
    return frame.assign(comment=[f"note {at}" for at in range(len(times))])


def test_covariates_become_numbers(tmp_path: Path) -> None:
    data = read(write(tmp_path / "t.csv", traffic()))
    assert data.roles[Role.PAST] == ("temp", "weather=Clear", "weather=Rain", "weather=Snow")
    assert data.roles[Role.FUTURE] == ("holiday=Epiphany",)
    assert data.table["holiday=Epiphany"].to_numpy().nonzero()[0].tolist() == list(range(144, 168))
    assert data.table["temp"].iloc[98:108].tolist() == [98, 99, 99, 99, 99, 99, 99, 99, 106, 107]
    assert data.table[["weather=Clear", "weather=Rain", "weather=Snow"]].sum(axis=1).eq(1).all()
    assert {"calendar-columns", "constant-columns", "free-texts"} <= kinds(data)


def test_roles_of_covariates_can_be_told(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", traffic())
    data = read(path, roles={Role.FUTURE: ("temp",), Role.PAST: ("holiday", "hour")})
    assert data.roles[Role.FUTURE] == ("temp",)
    assert data.roles[Role.PAST] == ("holiday=Epiphany", "hour")  # both are named: what neither names is left out
    weather = ("weather=Clear", "weather=Rain", "weather=Snow")
    data = read(path, roles={Role.PAST: ("holiday", "hour")})
    assert data.roles[Role.PAST] == ("temp", *weather, "holiday=Epiphany", "hour")


def test_twelve_categories_at_most(tmp_path: Path) -> None:
    frame = daily(300).assign(kind=[f"k{min(at % 20, at % 7 + 8):02d}" for at in range(300)])
    data = read(write(tmp_path / "t.csv", frame))
    assert 2 <= len(data.roles[Role.PAST]) <= 12


def test_truth_is_a_number(tmp_path: Path) -> None:
    frame = daily(60).assign(promo=["yes", "no", "no"] * 20, opened=[True, False] * 30)
    data = read(write(tmp_path / "t.csv", frame))
    assert data.table["promo"].tolist() == [1, 0, 0] * 20 and data.table["opened"].tolist() == [1, 0] * 30


def test_new_cases_are_read_as_the_training_data_were(tmp_path: Path) -> None:
    trained = read(write(tmp_path / "t.csv", traffic()))
    like = trained.describe()
    frame = traffic().iloc[-200:].drop(columns="weather").rename(columns={"traffic_volume": "Traffic Volume"})
    frame["Traffic Volume"] = frame["Traffic Volume"].where(np.arange(200) < 176)
    options = {"frequency": "h", "season": "24,168", "scale_season": 24, "like": like}
    data = read(write(tmp_path / "new.csv", frame), labelled=False, **options)
    assert data.roles == trained.roles and list(data.table.columns) == list(trained.table.columns)
    assert len(data) == 176 and data.table["weather=Rain"].eq(0).all()
    assert "'weather=Clear', 'weather=Rain'" in note(data, "missing-covariates")
    assert len(data.side[AHEAD]) == 24 and data.side[PANEL].equals(trained.side[PANEL])


def test_new_cases_may_lie_in_another_layout(tmp_path: Path) -> None:
    trained = read(write(tmp_path / "t.csv", toy_frame(n=3, length=60)))
    frame = toy_frame(n=3, length=60).pivot(index="month", columns="series", values="sales")
    options = {"frequency": "MS", "season": "12", "scale_season": 12, "like": trained.describe(), "layout": "long"}
    data = read(write(tmp_path / "new.csv", frame, index=True), labelled=False, **options)
    assert dict(data.roles) == dict(trained.roles)
    assert data.table["sales"].tolist() == trained.table["sales"].tolist()


def test_new_cases_of_numbered_steps(tmp_path: Path) -> None:
    rows = pd.DataFrame([[name, *np.arange(20.0) ** 1.5] for name in ("W1", "W2")])
    rows = rows.set_axis([f"V{at}" for at in range(1, 22)], axis=1)
    like = read(write(tmp_path / "m.csv", rows), season="7").describe()
    data = read(write(tmp_path / "m.csv", rows), labelled=False, season="7", frequency="", scale_season=1, like=like)
    assert len(data) == 40 and data.side[PANEL]["seasons"].iloc[0] == "7" and data.table["time"].dtype == "int64"


def test_a_target_among_several_is_asked_and_never_guessed(tmp_path: Path) -> None:
    frame = wide().dropna().assign(day_kind=["a", "b"] * 20)
    path = write(tmp_path / "w.csv", frame)
    with pytest.raises(QuestionError) as caught:
        read(path)
    (question,) = caught.value.reading.questions
    assert question.about == "target" and [one.text for one in question.choices[:3]] == ["north", "south", "west"]
    assert {one.name for one in caught.value.reading.columns} == {"date", "north", "south", "west", "day_kind"}
    answered = read(path, roles=question.choices[1].roles)
    assert answered.column(Role.VALUE) == "south" and answered.reading.questions == ()
    assert read(path, labelled=False).column(Role.VALUE) == "north"  # new cases never ask


def test_a_file_a_series(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{name}.csv", daily(40, seed=at)) for at, name in enumerate(("north", "south"))]
    data = read(*paths)
    assert list(values_of(data)) == ["north", "south"] and "named-by-file" in kinds(data)
    assert values_of(data)["south"] == daily(40, seed=1)["sales"].tolist()
    halves = write(tmp_path / "a.csv", daily(40)[:20]), write(tmp_path / "b.csv", daily(40)[20:])
    assert list(values_of(read(*halves)).values()) == [daily(40)["sales"].tolist()]


def test_an_empty_last_column_is_no_step(tmp_path: Path) -> None:
    frame = wide(40).fillna(1.0).set_index("date").T.set_axis([str(year) for year in range(1980, 2020)], axis=1)
    text = frame.rename_axis("Country Name").to_csv().replace("\n", ",\n")
    (tmp_path / "w.csv").write_text(text)
    assert len(read(tmp_path / "w.csv")) == 120


def test_new_cases_may_name_series_in_one_column(tmp_path: Path) -> None:
    trained = read(write(tmp_path / "k.csv", states()))
    frame = states().drop(columns=["state", "source"]).assign(**{"state / source": np.repeat(["a", "b", "c"], 192)})
    frame = frame[~frame.duplicated(["state / source", "date"])]
    options = {"like": trained.describe(), "frequency": "MS", "season": "12", "scale_season": 12}
    data = read(write(tmp_path / "n.csv", frame), labelled=False, **options)
    assert data.column(Role.SERIES) == "state / source" and list(values_of(data)) == ["a", "b", "c"]


def test_a_blank_or_two_at_the_end_are_no_plan(tmp_path: Path) -> None:
    frame = traffic()[["ts", "traffic_volume", "temp"]]
    lost = frame.assign(traffic_volume=frame["traffic_volume"].where(np.arange(720) < 718))
    assert read(write(tmp_path / "t.csv", lost)).roles[Role.PAST] == ("temp",)
    planned = frame.assign(traffic_volume=frame["traffic_volume"].where(np.arange(720) < 696))
    data = read(write(tmp_path / "t.csv", planned))
    assert data.roles[Role.FUTURE] == ("temp",) and "known in the future: 'temp'" in note(data, "covariates")


def test_a_test_that_tells_nothing_later_is_said(tmp_path: Path) -> None:
    data = read(write(tmp_path / "a.csv", daily(60)), test=write(tmp_path / "b.csv", daily(60)[40:]))
    assert data.fixed_split is None and len(data) == 60 and "no-later-test" in kinds(data, "warning")
