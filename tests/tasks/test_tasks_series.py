"""Jobs on series as they were read: sums, the list, lines thinned for charts, profiles, and reading again."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from dl_core.data.dataset import Dataset
from dl_core.data.series import browse, summary
from dl_core.data.series.browse import first_lines
from dl_core.data.series.panel import Panel
from dl_core.domain import get_domain
from dl_core.engine.inline import InlineEngine
from dl_core.schema import Role
from dl_core.store import get_store
from dl_core.tasks import training
from tests.series import toy_dataset, toy_frame
from tests.tasks.conftest import Workplace, upload

SPLIT = {"horizon": 6, "windows": 2, "validation_windows": 2}


def registered(home_of, dataset: Dataset) -> Workplace:
    """Return a workspace that holds a data set of ``"me"``."""
    home = home_of("series")
    store = get_store(home)
    dataset.save(home / "uploads" / "read")
    record = store.add_dataset("me", "forecasting", home / "uploads" / "read")
    return Workplace(home, InlineEngine(home), store, record.id, {})


@pytest.fixture(scope="module")
def shops(tmp_path_factory) -> Iterator[Workplace]:
    """Return a workspace with six monthly series, one of them with five steps left blank."""
    dataset = toy_dataset(covariates=True)
    values = dataset.table["sales"].copy()
    values.iloc[10:15] = np.nan
    yield registered(tmp_path_factory.mktemp, dataset.with_table(dataset.table.assign(sales=values)))


def asked(shops: Workplace, view: str, **more):
    return shops.do("describe", view=view, dataset_id=shops.dataset_id, options=SPLIT, **more)


def test_the_overview_counts_series_steps_blanks_groups_and_covariates(shops):
    found = asked(shops, "overview")
    assert (found["series"], found["steps"]) == (6, 720)
    assert (found["frequency"], found["seasons"], found["scale_season"]) == ("MS", [12], 12)
    assert found["lengths"] == {"least": 120, "middle": 120, "most": 120}
    assert found["blank"] == {"steps": 5, "series": 1}
    assert found["start"].startswith("2010-01-01") and found["end"].startswith("2019-12-01")
    assert found["groups"] == [
        {"name": "region", "n": 2, "values": [{"value": "north", "n": 3}, {"value": "south", "n": 3}]}
    ]
    assert [(one["name"], one["known"]) for one in found["covariates"]] == [("promo", "ahead"), ("temp", "afterwards")]


def test_the_overview_tells_what_is_held_out(shops):
    split = asked(shops, "overview")["split"]
    assert (split["horizon"], split["windows"], split["validation_windows"], split["tested"]) == (6, 2, 2, 6)
    assert split["parts"] == {"train": 6 * 96, "validation": 72, "test": 72}
    usual = shops.do("describe", view="overview", dataset_id=shops.dataset_id)["split"]
    assert usual["horizon"] == 18  # what suits months


def test_series_are_listed_by_size_blanks_and_words(shops):
    names = [one["series"] for one in asked(shops, "listed", kind="largest")["series"]]
    assert names == [f"shop {at}" for at in (5, 4, 3, 2, 1, 0)]
    (gappy,) = asked(shops, "listed", kind="gaps")["series"]
    assert (gappy["series"], gappy["blank"], gappy["steps"], gappy["groups"]) == ("shop 0", 5, 120, {"region": "north"})
    south = asked(shops, "listed", kind="all", search="SOUTH")
    assert [one["series"] for one in south["series"]] == ["shop 1", "shop 3", "shop 5"] and south["total"] == 3
    assert asked(shops, "listed", search="nothing like it")["series"] == []
    job = shops.submit("describe", view="listed", dataset_id=shops.dataset_id, kind="odd")
    assert job.error["kind"] == "OptionError"


def test_lines_have_blanks_and_the_beginning_of_each_part(shops):
    (line,) = asked(shops, "lines", series=["shop 0"])["lines"]
    assert len(line["time"]) == 120 and line["value"][10:15] == [None] * 5 and not line["thinned"]
    assert line["parts"]["validation"].startswith("2018-01") and line["parts"]["test"].startswith("2019-01")
    (end,) = asked(shops, "lines", series=["shop 0"], last=True)["lines"]
    assert len(end["time"]) == 24 * 3 and end["time"][-1] == line["time"][-1] and end["parts"] == line["parts"]
    job = shops.submit("describe", view="lines", dataset_id=shops.dataset_id, series=["nobody"])
    assert job.error["kind"] == "OptionError"
    assert (
        shops.submit("describe", view="lines", owner="someone", dataset_id=shops.dataset_id).error["kind"]
        == "AccessError"
    )


def test_a_thinned_line_keeps_the_highest_and_the_lowest_point():
    values = np.sin(np.arange(5000) / 50)
    values[1234], values[4321] = 9.0, -9.0
    values[2000:2100] = np.nan
    kept = browse.thin(values, 200)
    assert len(kept) <= 200 and {1234, 4321} <= set(kept.tolist()) and (np.diff(kept) > 0).all()
    assert np.isnan(values[kept]).any()
    assert browse.thin(values[:150], 200).tolist() == list(range(150))


def test_a_spark_is_the_mean_of_stretches():
    assert browse.spark(np.array([1.0, 3.0, np.nan, np.nan, 5.0, 7.0]), 3) == [2.0, 6.0]
    assert browse.spark(np.zeros(0)) == []


def test_the_profile_of_a_pure_season_is_that_season():
    season = np.array([4.0, 1.0, -2.0, -3.0])
    values = np.tile(season, 6) + 10.0
    panel = Panel(np.array(["a"], dtype=object), np.array([0, 24]), values, np.arange(1, 25), seasons=(4,))
    found = summary.profile(panel, 4)
    assert found["middle"] == pytest.approx((season / 10.0).tolist()) and found["n"] == 1
    assert found["names"] == ["Step 1", "Step 2", "Step 3", "Step 4"]
    short = dataclasses.replace(panel, starts=np.array([0, 6]), values=values[:6], times=np.arange(1, 7))
    assert summary.profile(short, 4)["middle"] == [None] * 4


@pytest.mark.parametrize(
    ("frequency", "season", "start", "place", "name"),
    [
        ("MS", 12, "2021-07-01", 6, "Jul"),
        ("ME", 12, "2021-07-31", 6, "Jul"),
        ("QS-JAN", 4, "2021-07-01", 2, "Q3"),
        ("D", 7, "2024-01-01", 0, "Mon"),
        ("B", 5, "2024-01-05", 4, "Fri"),
        ("h", 24, "2024-01-01 15:00", 15, "15:00"),
        ("h", 168, "2024-01-03 02:00", 50, "Wed 2:00"),
        ("W-SUN", 52, "2024-01-07", 0, "Week 1"),
    ],
)
def test_places_in_a_season_are_those_of_the_calendar(frequency, season, start, place, name):
    times = np.array([start], dtype="datetime64[ns]")
    assert summary.places(times, frequency, season).tolist() == [place]
    assert summary.place_names(frequency, season)[place] == name


def test_steps_left_out_at_the_end_and_kinds_of_one_column_are_told_together(tmp_path_factory):
    dataset = toy_dataset(n=2, length=60)
    dataset = dataset.subset(dataset.ids[:-4])
    table = dataset.table.assign(**{"sky=Clear": 1.0, "sky=Rain": 0.0})
    roles = {**dataset.roles, Role.PAST: ("sky=Clear", "sky=Rain")}
    changed = dataclasses.replace(dataset, table=table, roles=roles, fingerprint="")
    workplace = registered(tmp_path_factory.mktemp, changed)
    found = workplace.do("describe", view="overview", dataset_id=workplace.dataset_id, options=SPLIT)
    assert found["ends"] == {"late": 0, "early": 1} and found["lengths"]["least"] == 56
    (sky,) = found["covariates"]
    assert (sky["name"], sky["kinds"]) == ("sky", 2)


def test_series_are_read_again_with_another_season_and_keep_groups_and_covariates(shops):
    job = shops.engine.submit(
        "dl_core.tasks:reassign",
        {"owner": "me", "dataset_id": shops.dataset_id, "roles": {}, "options": {"season": "6", "layout": "columns"}},
        owner="me",
    )
    assert job.state == "done", job.error
    found = shops.do("describe", view="overview", dataset_id=job.result["dataset_id"], options=SPLIT)
    assert (found["seasons"], found["series"], found["steps"], found["blank"]["steps"]) == ([6], 6, 720, 5)
    assert [one["name"] for one in found["groups"]] == ["region"]
    assert {one["name"] for one in found["covariates"]} == {"promo", "temp"}


@pytest.mark.parametrize("layout", ["long", "columns", "rows"])
def test_an_upload_in_each_layout_is_summed_up(shops, tmp_path, layout):
    frame = toy_frame(n=3, length=60)
    wide = frame.pivot(index="month", columns="series", values="sales")
    if layout == "columns":
        frame = wide.reset_index()
    elif layout == "rows":
        frame = wide.T.reset_index().set_axis(["name", *(f"V{at + 1}" for at in range(60))], axis=1)
    frame.to_csv(tmp_path / "shops.csv", index=False)
    name = upload(shops, tmp_path / "shops.csv", f"up-{layout}")
    options = {"layout": layout, "season": "12"}
    read = shops.do("ingest", domain="forecasting", upload=name, name="Mine", options=options)
    found = shops.do("describe", view="overview", dataset_id=read["dataset_id"], options={**options, **SPLIT})
    assert (found["series"], found["steps"], found["seasons"]) == (3, 180, [12])
    assert found["frequency"] == ("" if layout == "rows" else "MS")
    assert found["step"] == ("step" if layout == "rows" else "monthly")


def test_the_first_lines_are_spread_and_leave_out_what_is_all_zero():
    listed = [{"series": str(at), "mean": float(5 - at)} for at in range(6)]
    assert first_lines(listed)["series"] == ["0", "1", "3"]
    assert first_lines([{"series": "a", "mean": 0.0}])["series"] == ["a"]
    assert pd.Series(first_lines(listed[:2])["series"]).is_unique


def test_warming_up_forecasts_and_explains_one_whole_series(monkeypatch):
    seen = []
    dataset = toy_dataset(n=3, length=30)
    splits = SimpleNamespace(test=tuple(dataset.ids[25:30]))
    about = {"models": {}, "trained": [], "best": "net"}
    run = SimpleNamespace(dataset=dataset.describe(), splits=splits, load_dataset=lambda: dataset, **about)
    monkeypatch.setattr(training, "open_run", lambda args, context: (get_domain("forecasting"), run))
    asked = lambda domain, run, name, case, **more: seen.append(case)  # noqa: E731 - one line says it
    verbs = SimpleNamespace(predict=asked, explain=asked)
    monkeypatch.setattr(training, "pipeline", verbs)  # there alone: probes take the verbs' names with them
    assert training.warm_up({}, None) == {"model": "net"}
    assert [case.table["series"].tolist() for case in seen] == [["shop 0"] * 30] * 2
