"""Times of series: steps and seasons inferred, zones and clock changes, gaps, the calendar."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dl_core.data.series.calendar import calendar_features
from dl_core.data.series.frequency import Step, parse_frequency
from dl_core.data.series.panel import PANEL, Panel, zone_of
from dl_core.data.series.seasons import read_seasons
from dl_core.errors import OptionError, SchemaError
from dl_core.problems.forecasting import Forecasting
from dl_core.reading.series.stamps import header_times
from tests.data.series_cases import daily, kinds, note, read, refused, write

ALIASES = (
    *("s", "15min", "h", "6h", "D", "B", "W-SUN", "W-WED", "MS", "ME", "6MS"),
    *("QS-JAN", "QS-FEB", "QE-DEC", "QE-NOV", "YS-JAN", "YS-APR", "YE-DEC", "YE-JUN"),
)


def facts(data) -> tuple[str, str, int]:
    """Return frequency, seasons and scale season as reading noted them."""
    line = data.side[PANEL].iloc[0]
    return str(line["frequency"]), str(line["seasons"]), int(line["scale_season"])


@pytest.mark.parametrize(
    ("alias", "n", "seasons", "scale"),
    [
        ("15min", 1400, "96 672", 96),
        ("h", 400, "24 168", 24),
        ("6h", 100, "4 28", 4),
        ("D", 60, "7", 1),
        ("B", 60, "5", 1),
        ("W-SUN", 150, "52", 1),
        ("W-WED", 150, "52", 1),
        ("MS", 60, "12", 12),
        ("ME", 60, "12", 12),
        ("QS-JAN", 40, "4", 4),
        ("QE-DEC", 40, "4", 4),
        ("QE-NOV", 40, "4", 4),
        ("YS-JAN", 30, "", 1),
        ("YE-DEC", 30, "", 1),
        ("YE-JUN", 30, "", 1),
        ("14D", 40, "", 1),
        ("6MS", 40, "2", 2),
    ],
)
def test_the_step_is_inferred_with_its_seasons(tmp_path: Path, alias: str, n: int, seasons: str, scale: int) -> None:
    frame = daily(n, "2001-01-01", alias)
    data = read(write(tmp_path / "d.csv", frame))
    assert facts(data) == (alias, seasons, scale)
    assert data.table["sales"].tolist() == frame["sales"].tolist()
    assert (data.table["date"].to_numpy() == frame["date"].to_numpy()).all()
    ahead = pd.date_range(frame["date"].iloc[-1], periods=4, freq=alias)[1:]
    assert (Panel.of(data).times_ahead(3)[0] == ahead.to_numpy()).all()


@pytest.mark.parametrize("alias", ALIASES)
def test_positions_and_times_of_a_step_agree_with_pandas(alias: str) -> None:
    times = pd.date_range("1968-03-05", periods=60, freq=alias).to_numpy().astype("datetime64[ns]")
    step = parse_frequency(alias)
    if alias == "6MS":
        step = Step("MS", 6, anchor=int(times[0].astype("datetime64[M]").astype(int) % 6))
    position = step.position(times)
    assert (np.diff(position) == 1).all() and (step.time(position) == times).all() and step.alias == alias


@pytest.mark.parametrize(
    ("word", "alias"),
    [("H", "h"), ("T", "min"), ("M", "ME"), ("Q", "QE-DEC"), ("A", "YE-DEC"), ("W", "W-SUN"), ("monthly", "MS")],
)
def test_old_aliases_and_words_are_understood(word: str, alias: str) -> None:
    assert parse_frequency(word).alias == alias


@pytest.mark.parametrize("text", ["31", "W-FOO", "", "h-MON", "every day"])
def test_other_frequencies_are_refused(text: str) -> None:
    with pytest.raises(OptionError, match="is no frequency"):
        parse_frequency(text)


@pytest.mark.parametrize(
    ("text", "seasons"), [("", None), ("52", (52,)), ("168,24", (24, 168)), ("1", ()), ("24; 168", (24, 168))]
)
def test_seasons_are_read(text: str, seasons: tuple[int, ...] | None) -> None:
    assert read_seasons(text) == seasons


@pytest.mark.parametrize(
    ("texts", "first", "alias"),
    [
        ([f"{year}Q{part}" for year in range(2000, 2006) for part in range(1, 5)], "2000-01-01", "QS-JAN"),
        ([f"Q{part} {year}" for year in range(2000, 2006) for part in range(1, 5)], "2000-01-01", "QS-JAN"),
        ([f"{year}-{month:02d}" for year in (2000, 2001) for month in range(1, 13)], "2000-01-01", "MS"),
        ([f"{year}M{month:02d}" for year in (2000, 2001) for month in range(1, 13)], "2000-01-01", "MS"),
        ([f"{month:02d}/{year}" for year in (2000, 2001) for month in range(1, 13)], "2000-01-01", "MS"),
        ([f"{year}{month:02d}" for year in (2000, 2001) for month in range(1, 13)], "2000-01-01", "MS"),
        (pd.date_range("2001-01-01", periods=24, freq="MS").strftime("%b-%y").tolist(), "2001-01-01", "MS"),
        (pd.date_range("2001-01-01", periods=24, freq="MS").strftime("%B %Y").tolist(), "2001-01-01", "MS"),
        ([f"2004-W{week:02d}" for week in range(1, 31)], "2003-12-29", "W-MON"),
        ([str(year) for year in range(1980, 2010)], "1980-01-01", "YS-JAN"),
        (pd.date_range("2024-02-01", periods=30).strftime("%d.%m.%Y").tolist(), "2024-02-01", "D"),
        (pd.date_range("2024-01-05", periods=30).strftime("%m/%d/%Y").tolist(), "2024-01-05", "D"),
        (pd.date_range("2024-01-05", periods=30).strftime("%Y%m%d").tolist(), "2024-01-05", "D"),
        ([str(1_700_000_000 + 3600 * at) for at in range(48)], "2023-11-14 22:13:20", "h"),
    ],
)
def test_times_as_people_write_them(tmp_path: Path, texts: list[str], first: str, alias: str) -> None:
    values = np.arange(len(texts)) % 5 + 1.0
    data = read(write(tmp_path / "d.csv", pd.DataFrame({"time": texts, "value": values})))
    assert data.table["time"].iloc[0] == pd.Timestamp(first) and facts(data)[0] == alias
    assert data.table["value"].tolist() == values.tolist()


def test_year_and_month_in_two_columns(tmp_path: Path) -> None:
    frame = pd.DataFrame({"year": np.repeat([2000, 2001, 2002], 12), "month": [*range(1, 13)] * 3})
    data = read(write(tmp_path / "d.csv", frame.assign(units=np.arange(36.0))))
    assert facts(data)[0] == "MS" and data.table["time"].iloc[-1] == pd.Timestamp("2002-12-01")


def test_header_times() -> None:
    assert (header_times(["2024-01-31", "2024-02-29"]) == np.array(["2024-01-31", "2024-02-29"], "datetime64")).all()
    assert header_times(["2019", "2020"])[0] == np.datetime64("2019-01-01")
    assert header_times(["1970", "1971"])[0] == np.datetime64("1970-01-01")
    assert np.isnat(header_times(["V2", "V3", "north", "south"])).all()


def test_numbers_of_steps_stay_numbers(tmp_path: Path) -> None:
    season = 10 * np.sin(2 * np.pi * np.arange(60) / 12)
    frame = pd.DataFrame({"t": range(1, 61), "y": season}).drop(index=[4])
    data = read(write(tmp_path / "d.csv", frame))
    assert data.table["t"].tolist() == list(range(1, 61)) and facts(data) == ("", "12", 12)
    assert np.isnan(data.table["y"].iloc[4]) and np.isnan(data.table["y"]).sum() == 1
    assert facts(read(write(tmp_path / "d.csv", frame), season="7")) == ("", "7", 1)
    assert "no-time-stamps" in kinds(read(write(tmp_path / "d.csv", frame), frequency="D"), "warning")


def test_gaps_are_put_in_and_counted(tmp_path: Path) -> None:
    frame = daily(100)
    data = read(write(tmp_path / "d.csv", frame.drop(index=[5, 6, 50])))
    assert len(data) == 100 and np.flatnonzero(data.table["sales"].isna()).tolist() == [5, 6, 50]
    assert note(data, "gaps").startswith("3 steps of 100 without a value or left out in the data, in 1 series of 1")


def test_blanks_at_both_ends_are_trimmed(tmp_path: Path) -> None:
    frame = daily(40)
    frame.loc[[0, 1, 38, 39], "sales"] = np.nan
    data = read(write(tmp_path / "d.csv", frame))
    assert data.table["sales"].tolist() == frame["sales"].iloc[2:38].tolist()
    assert data.table["date"].iloc[0] == pd.Timestamp("2024-01-03")


@pytest.mark.parametrize(("zone", "said"), [("Europe/Berlin", "Europe/Berlin"), ("Asia/Kolkata", "+05:30")])
def test_hours_with_offsets_follow_the_local_clock(tmp_path: Path, zone: str, said: str) -> None:
    times = pd.date_range("2024-03-25", "2024-04-10", freq="h", tz=zone)
    frame = pd.DataFrame({"time": times.map(str), "load": times.hour.to_numpy(dtype=float)})
    data = read(write(tmp_path / "d.csv", frame))
    assert facts(data)[0] == "h" and "zones" in kinds(data) and zone_of(data) == said
    assert data.table["time"].iloc[0] == pd.Timestamp("2024-03-25 00:00")
    known = data.table[data.table["load"].notna()]
    assert (known["time"].dt.hour == known["load"]).all() and len(known) == len(times)


def test_times_in_utc_stay_so_and_are_told_in_it(tmp_path: Path) -> None:
    times = pd.date_range("2024-03-25", "2024-04-10", freq="h", tz="UTC")
    frame = pd.DataFrame({"time": times.strftime("%Y-%m-%dT%H:%M:%SZ"), "load": np.arange(len(times)) % 24.0})
    data = read(write(tmp_path / "d.csv", frame))
    assert zone_of(data) == "UTC" and data.table["load"].tolist() == frame["load"].tolist()
    assert zone_of(read(write(tmp_path / "e.csv", frame.assign(time=times.strftime("%Y-%m-%d %H:%M"))))) == ""


@pytest.mark.parametrize(
    ("form", "start", "note", "first"),
    [
        ("%Y-%m-%d %H:%M", "2024-04-11", "zone-of-training", "2024-04-11 00:00"),
        ("%Y-%m-%dT%H:%M:%SZ", "2024-04-11", "other-zone", "2024-04-11 02:00"),
        ("%Y-%m-%dT%H:%M:%S+02:00", "2024-04-11", "zones", "2024-04-11 00:00"),
    ],
)
def test_new_cases_are_of_the_zone_of_the_training(
    tmp_path: Path, form: str, start: str, note: str, first: str
) -> None:
    times = pd.date_range("2024-03-25", "2024-04-10", freq="h", tz="Europe/Berlin")
    trained = read(
        write(tmp_path / "d.csv", pd.DataFrame({"time": times.map(str), "load": np.arange(len(times)) % 24.0}))
    )
    settled = Forecasting().settle_options({}, trained)
    assert settled["zone"] == "Europe/Berlin"
    later = pd.date_range(start, periods=200, freq="h").strftime(form)
    options = {**settled, "like": trained.describe()}
    new = read(
        write(tmp_path / "e.csv", pd.DataFrame({"time": later, "load": np.arange(200) % 24.0})),
        **options,
        labelled=False,
    )
    assert zone_of(new) == "Europe/Berlin" and note in kinds(new)
    assert new.table["time"].iloc[0] == pd.Timestamp(first)


def test_local_hours_are_averaged_where_clocks_are_put_back(tmp_path: Path) -> None:
    times = pd.date_range("2023-10-20", "2023-11-10", freq="h", tz="Europe/Berlin").tz_localize(None)
    load = np.arange(len(times), dtype=float)
    data = read(write(tmp_path / "d.csv", pd.DataFrame({"time": times, "load": load})))
    twice = np.flatnonzero(times == pd.Timestamp("2023-10-29 02:00"))
    assert "clock-change" in kinds(data) and len(data) == len(times) - 1
    assert data.table["load"].iloc[twice[0]] == load[twice].mean()


def test_local_hours_have_a_gap_where_clocks_are_put_forward(tmp_path: Path) -> None:
    times = pd.date_range("2024-03-25", "2024-04-10", freq="h", tz="Europe/Berlin").tz_localize(None)
    data = read(write(tmp_path / "d.csv", pd.DataFrame({"time": times, "load": np.arange(len(times)) % 24.0})))
    gap = data.table["time"][data.table["load"].isna().to_numpy()]
    assert gap.tolist() == [pd.Timestamp("2024-03-31 02:00")]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Sydney"])
def test_midnights_of_a_zone_are_its_days(tmp_path: Path, zone: str) -> None:
    times = pd.date_range("2023-09-01", "2023-12-10", freq="D", tz=zone)
    frame = pd.DataFrame({"time": times.map(str), "load": np.arange(len(times)) % 7.0})
    data = read(write(tmp_path / "d.csv", frame))
    assert facts(data)[0] == "D" and data.table["load"].tolist() == frame["load"].tolist()
    assert (data.table["time"].to_numpy() == times.tz_localize(None).to_numpy()).all()


def test_inexact_times_are_moved_onto_the_step(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    times = pd.date_range("2024-01-01", periods=480, freq="h")
    frame = pd.DataFrame(
        {"time": times + pd.to_timedelta(rng.integers(-40, 41, 480), unit="s"), "load": rng.random(480)}
    )
    data = read(write(tmp_path / "d.csv", frame))
    assert (data.table["time"].to_numpy() == times.to_numpy()).all() and facts(data)[0] == "h"
    assert data.table["load"].tolist() == frame["load"].tolist() and "moved-times" in kinds(data)


def test_weeks_from_different_days_share_one_step(tmp_path: Path) -> None:
    frame = daily(60, "2024-01-07", "W-SUN").assign(id="a")
    other = frame.assign(id="b", date=frame["date"] + pd.Timedelta(days=2))
    data = read(write(tmp_path / "d.csv", pd.concat([frame, other])))
    panel = Panel.of(data)
    assert len(panel) == 2 and panel.frequency in ("W-SUN", "W-TUE") and (panel.lengths == 60).all()
    assert len(np.unique(panel.times)) in (60, 61) and "moved-times" in kinds(data)


def test_days_inside_months_count_for_the_month(tmp_path: Path) -> None:
    frame = daily(60, "2001-01-31", "BME")
    data = read(write(tmp_path / "d.csv", frame))
    assert facts(data)[0] == "ME" and (data.table["date"] == pd.date_range("2001-01-31", periods=60, freq="ME")).all()


def test_hours_can_be_brought_to_days(tmp_path: Path) -> None:
    times = pd.date_range("2024-01-01 13:00", periods=24 * 20, freq="h")
    frame = pd.DataFrame({"time": times, "load": np.arange(480.0)})
    data = read(write(tmp_path / "d.csv", frame), frequency="D", duplicates="sum")
    whole = frame.groupby(frame["time"].dt.floor("D"))["load"].sum().iloc[1:-1]  # the first and last day are incomplete
    assert data.table["load"].tolist() == whole.tolist() and "incomplete-steps" in kinds(data)
    weeks = read(write(tmp_path / "d.csv", frame), frequency="W", duplicates="mean", labelled=False)
    mean = frame.resample("W-SUN", on="time")["load"].mean()
    assert np.allclose(weeks.table["load"], mean) and (weeks.table["time"].to_numpy() == mean.index.to_numpy()).all()


def test_a_short_history_has_no_long_season(tmp_path: Path) -> None:
    data = read(write(tmp_path / "d.csv", daily(90, frequency="W-SUN")))
    assert facts(data) == ("W-SUN", "", 1) and "not used: the longest series has 90 steps" in note(data, "long-season")


@pytest.mark.parametrize(
    ("alias", "names"),
    [
        ("h", ["hour", "weekday", "weekend", "day of year"]),
        ("D", ["weekday", "weekend", "day of month", "day of year"]),
        ("B", ["weekday", "day of month", "day of year"]),
        ("W-SUN", ["day of year"]),
        ("MS", ["month"]),
        ("QE-DEC", ["month"]),
        ("YS-JAN", []),
    ],
)
def test_the_calendar_tells_what_differs_from_step_to_step(alias: str, names: list[str]) -> None:
    times = pd.date_range("2023-01-01", periods=500 if alias == "h" else 40, freq=alias).to_numpy()
    features, found = calendar_features(times, alias)
    assert (
        features.dtype == np.float32
        and features.shape == (len(times), len(found))
        and np.abs(features).max(initial=0) <= 1
    )
    assert list(dict.fromkeys(name.split(" (")[0] for name in found)) == names
    assert all(np.ptp(features[:, at]) > 0 for at in range(len(found)))


def test_the_calendar_by_hand() -> None:
    times = np.array(["2024-01-06T06:00", "2024-01-08T00:00"], dtype="datetime64[ns]")  # a Saturday and a Monday
    features, names = calendar_features(times, "h")
    found = dict(zip(names, features.T.tolist(), strict=True))
    assert np.allclose(found["hour (sin)"], [1, 0], atol=1e-6) and np.allclose(found["hour (cos)"], [0, 1], atol=1e-6)
    assert found["weekend"] == [1, -1] and np.allclose(found["weekday (cos)"], [np.cos(2 * np.pi * 5 / 7), 1])


def test_the_calendar_knows_nothing_of_numbered_steps() -> None:
    features, names = calendar_features(np.arange(1, 8), "")
    assert features.shape == (7, 0) and names == ()
    assert calendar_features(np.zeros((3, 4), "datetime64[ns]"), "MS")[0].shape == (3, 4, 2)


def test_seasons_of_numbered_steps_are_seen_in_the_values(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    hour = 5 * np.sin(2 * np.pi * np.arange(24 * 35) / 24)
    week = np.repeat(np.tile([0, 0, 0, 0, 0, -4, -5], 5), 24)
    panel = pd.DataFrame({f"s{at}": np.round(50 + hour + week + rng.normal(0, 0.7, 840), 2) for at in range(4)})
    data = read(write(tmp_path / "d.csv", panel.T.set_axis([f"V{at}" for at in range(2, 842)], axis=1), index=True))
    assert facts(data) == ("", "24 168", 24)
    walk = pd.DataFrame({f"s{at}": rng.normal(0, 1, 200).cumsum().round(3) for at in range(6)})
    assert facts(read(write(tmp_path / "d.csv", walk))) == ("", "", 1)


HOURS = pd.date_range("2024-01-01", periods=96, freq="h")


@pytest.mark.parametrize(
    "columns",
    [
        {"date": HOURS.strftime("%Y-%m-%d"), "hour": HOURS.hour},
        {"Date": HOURS.strftime("%d.%m.%Y"), "Time": HOURS.strftime("%H:%M:%S")},
        {"Datum": HOURS.strftime("%Y-%m-%d"), "Uhrzeit": HOURS.strftime("%H:%M")},
    ],
)
def test_date_and_clock_in_two_columns(tmp_path: Path, columns: dict) -> None:
    data = read(write(tmp_path / "d.csv", pd.DataFrame(columns).assign(load=np.arange(96) % 24.0)))
    assert (data.table["time"].to_numpy() == HOURS.to_numpy()).all() and facts(data)[0] == "h"
    assert data.table["load"].tolist() == (np.arange(96) % 24.0).tolist()


def test_hours_from_one_to_24_end_at_midnight(tmp_path: Path) -> None:
    frame = pd.DataFrame({"date": HOURS.strftime("%Y-%m-%d"), "hour": HOURS.hour + 1, "load": np.arange(96) % 7.0})
    data = read(write(tmp_path / "d.csv", frame))
    assert data.table["time"].iloc[[0, 23]].tolist() == [pd.Timestamp("2024-01-01 01:00"), pd.Timestamp("2024-01-02")]


def test_months_by_name(tmp_path: Path) -> None:
    months = pd.date_range("2000-01-01", periods=36, freq="MS")
    frame = pd.DataFrame({"Year": months.year, "Month": months.strftime("%B"), "units": np.arange(36) % 5.0})
    data = read(write(tmp_path / "d.csv", frame))
    assert (data.table["time"].to_numpy() == months.to_numpy()).all() and facts(data)[0] == "MS"


def test_a_day_that_a_month_lacks_is_refused_in_three_columns(tmp_path: Path) -> None:
    frame = pd.DataFrame({"year": 2024, "month": 2, "day": range(10, 32), "units": np.arange(22.0)})
    error = refused(SchemaError, write(tmp_path / "d.csv", frame))
    assert (
        error.problem == "2 of 22 values are no times (rows 21, 22)" and error.where == "column year and month and day"
    )
