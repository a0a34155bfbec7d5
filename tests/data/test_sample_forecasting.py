"""The samples of forecasting: complete, as stated, adding up, and made by scripts that do what they say."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

FOLDER = Path(__file__).parents[2] / "sample_data" / "forecasting"
BOTH = ("electricity", "traffic")


def _build(name: str) -> ModuleType:
    """Return a sample's script as a module of its own, since all have one name."""
    spec = importlib.util.spec_from_file_location(f"build_{name}", FOLDER / name / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def generation() -> pd.DataFrame:
    return pd.read_parquet(FOLDER / "electricity" / "generation.parquet")


@pytest.fixture(scope="module")
def traffic() -> pd.DataFrame:
    return pd.read_parquet(FOLDER / "traffic" / "traffic.parquet")


@pytest.mark.parametrize("name", BOTH)
def test_source_states_the_licence_and_checksums_match(name: str):
    folder = FOLDER / name
    about = json.loads((folder / "source.json").read_text(encoding="utf-8"))
    text = (folder / "SOURCE.md").read_text(encoding="utf-8")
    assert about["simulated"] == "" and {"title", "licence", "url", "notice"} <= set(about)
    words = {"electricity": "public domain", "traffic": "creativecommons.org/licenses/by/4.0"}
    assert words[name] in text and about["url"] in text and "build.py" in text
    lines = (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    assert {*about["files"], "cover.png"} <= {line.split("  ")[1] for line in lines}
    for line in lines:
        digest, file = line.split("  ")
        assert hashlib.sha256((folder / file).read_bytes()).hexdigest() == digest, file
    assert sum(file.stat().st_size for file in folder.iterdir() if file.is_file()) < 1_000_000


@pytest.mark.parametrize("name", BOTH)
def test_stated_roles_name_columns_that_are_there(name: str):
    about = json.loads((FOLDER / name / "source.json").read_text(encoding="utf-8"))
    table = pd.read_parquet(FOLDER / name / about["files"][0])
    named = [column for columns in about["roles"].values() for column in columns]
    assert set(named) == set(table.columns) and len(named) == len(set(named))


def test_electricity_has_310_series_of_255_months(generation: pd.DataFrame):
    assert list(generation.columns) == ["state", "sector", "month", "generation", "region", "level", "kind"]
    keys = generation[["state", "sector"]].drop_duplicates()
    assert len(keys) == 310 and len(generation) == 310 * 255
    assert not generation.duplicated(["state", "sector", "month"]).any()
    months = pd.date_range("2001-01-01", "2022-03-01", freq="MS")
    assert (generation["month"].to_numpy().reshape(310, 255) == months.to_numpy()[None]).all()
    assert int(generation["generation"].isna().sum()) == 284


def test_electricity_says_which_series_are_sums_and_groups_do_not_change(generation: pd.DataFrame):
    keys = ["state", "sector"]
    assert (generation.groupby(keys)[["region", "level", "kind"]].nunique() == 1).all(axis=None)
    about = generation.drop_duplicates(keys)
    assert about["level"].value_counts().to_dict() == {"state": 255, "region": 50, "nation": 5}
    assert about["kind"].value_counts().to_dict() == {"part": 204, "sum": 106}
    states = about[about["level"] == "state"].drop_duplicates("state").set_index("state")["region"]
    assert (states["Ohio"], states["Hawaii"], states["Texas"]) == (
        "East North Central",
        "Pacific Noncontiguous",
        "West South Central",
    )
    assert states.value_counts().loc[["New England", "South Atlantic", "Mountain"]].tolist() == [6, 9, 8]


def test_electricity_adds_up_to_rounding(generation: pd.DataFrame):
    found = _build("electricity").gaps(generation)
    assert {name: len(gap.dropna()) for name, gap in found.items()} == {
        "sectors of a place": 15_544,
        "states of a region": 12_518,
        "regions of a nation": 1_272,
    }
    for gap in found.values():
        assert gap.abs().max() <= 7 and (gap.dropna().abs() <= 3).mean() > 0.998


def test_none_becomes_zero_and_what_is_not_published_is_missing():
    build = _build("electricity")
    columns = ["New England : all sectors", "New England : all industrial", "Maine : all sectors"]
    wide = pd.DataFrame([["5", "--", "NM"]], columns=columns, index=pd.to_datetime(["2001-01-01"]))
    table = build.long(build.numbers(wide))
    np.testing.assert_array_equal(table["generation"], [5.0, 0.0, np.nan])
    assert table["level"].tolist() == ["region", "region", "state"]
    assert table["sector"].tolist() == ["all sectors", "industrial", "all sectors"]
    assert table["region"].tolist() == ["New England"] * 3 and set(table["kind"]) == {"sum"}


def test_traffic_is_two_years_by_the_hour_and_a_week_of_holidays_ahead(traffic: pd.DataFrame):
    known, later = traffic[traffic["time"] < "2018-09-01"], traffic[traffic["time"] >= "2018-09-01"]
    assert (len(known), len(later)) == (17_407, 168) and known["traffic volume"].between(1, 8_000).all()
    assert traffic["time"].is_monotonic_increasing and traffic["time"].is_unique
    assert str(known["time"].min()) == "2016-09-01 00:00:00" and str(traffic["time"].max()) == "2018-09-07 23:00:00"
    weather = ["temperature (C)", "rain (mm)", "clouds (%)", "weather"]
    assert known[weather].notna().all(axis=None) and known["temperature (C)"].between(-35, 40).all()
    assert later[["traffic volume", *weather]].isna().all(axis=None) and later["holiday"].notna().all()


def test_holidays_last_all_day_and_are_known_ahead(traffic: pd.DataFrame):
    days = traffic.groupby(traffic["time"].dt.normalize())["holiday"].agg(["min", "max"])
    assert (days["min"] == days["max"]).all() and int(days["max"].sum()) == 21
    assert days["max"]["2018-09-03"] == 1 and days["max"]["2017-08-24"] == 0  # Labor Day, first day of the fair
    daily = traffic.groupby(traffic["time"].dt.normalize())["traffic volume"].agg(["sum", "count"])
    full = daily[(daily["count"] == 24) & (daily.index.day_of_week < 5)]["sum"]
    off = days["max"].reindex(full.index) == 1
    assert full[off].mean() < 0.75 * full[~off].mean()


def test_the_next_hours_follow_the_table_and_truth_lies_beside(traffic: pd.DataFrame):
    ahead = pd.read_csv(FOLDER / "traffic" / "next_hours.csv", parse_dates=["time"])
    truth = pd.read_csv(FOLDER / "traffic" / "next_hours_truth.csv", parse_dates=["time"])
    assert list(ahead.columns) == list(traffic.columns)
    empty = ahead[ahead["traffic volume"].isna()]
    assert empty["time"].tolist() == truth["time"].tolist() and len(truth) == 168
    merged = ahead.dropna(subset=["traffic volume"]).merge(traffic, on="time", suffixes=("", " before"))
    assert len(merged) == len(ahead) - 168
    assert (merged["traffic volume"] == merged["traffic volume before"]).all()


def test_an_hour_with_several_lines_gets_the_strongest_weather():
    build = _build("traffic")
    lines = pd.DataFrame(
        {
            "time": pd.to_datetime(["2017-01-02 00:00", "2017-01-02 00:00", "2017-01-02 01:00"]),
            "holiday": ["New Years Day", "New Years Day", "None"],
            "temp": [274.15, 276.15, 273.15],
            "rain_1h": [0.0, 0.5, 0.0],
            "clouds_all": [90, 75, 1],
            "weather_main": ["Rain", "Mist", "Clear"],
            "traffic_volume": [500, 500, 400],
        }
    )
    table = build.hours(lines)
    assert table["weather"].tolist() == ["Rain", "Clear"] and table["temperature (C)"].tolist() == [2.0, 0.0]
    assert table["rain (mm)"].tolist() == [0.5, 0.0] and table["clouds (%)"].tolist() == [90, 1]
    assert table["holiday"].tolist() == [1, 1]


def test_the_reader_takes_electricity_as_it_is():
    from dl_core.data.series.panel import Panel
    from dl_core.reading.request import ReadRequest
    from dl_core.reading.series.read import read_series

    data = read_series(ReadRequest((FOLDER / "electricity",), name="Sample"))
    panel = Panel.of(data)
    assert not [note for note in data.notes if note.level == "error"]
    assert len(panel) == 310 and (panel.frequency, panel.season) == ("MS", 12)
    assert "Ohio / electric utility" in panel.series
    assert {"region", "level", "kind"} <= set(panel.static)
    assert data.source.licence.startswith("Public domain") and not data.source.simulated


def test_the_reader_takes_traffic_and_the_hours_to_forecast_as_they_are():
    from dl_core.data.series.panel import Panel
    from dl_core.reading.request import ReadRequest
    from dl_core.reading.series.read import read_series

    data = read_series(ReadRequest((FOLDER / "traffic",), name="Sample"))
    panel = Panel.of(data)
    assert len(panel) == 1 and len(panel.values) == 17_520 and int(np.isnan(panel.values).sum()) == 113
    assert panel.frequency == "h" and panel.seasons == (24, 168)
    assert panel.future_names == ("holiday",) and "temperature (C)" in panel.past_names
    assert panel.ahead.shape == (1, 168, 1) and panel.ahead.sum() == 24  # Labor Day
    path = FOLDER / "traffic" / "next_hours.csv"
    new = Panel.of(read_series(ReadRequest((path,), options={"like": data.describe()}, labelled=False)))
    assert len(new.values) == 35 * 24 and new.past_names == panel.past_names
    np.testing.assert_array_equal(new.ahead, panel.ahead)
