"""Forecasting from files to the report, on made-up shops with a season, by quick models."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dl_core import pipeline
from dl_core.__main__ import main
from dl_core.data.series.panel import Panel
from dl_core.domain import ReadRequest, get_domain
from dl_core.errors import OptionError, SchemaError
from dl_core.probes import get_probe
from dl_core.schema import Role
from dl_core.train.run import JUDGED, Run
from tests.series import toy_frame

COLUMNS = ["series", "time", "mean", "lower_80", "upper_80", "lower_95", "upper_95"]
MODELS = "seasonal_naive,drift,naive2,nlinear"
HORIZON = 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run trained by the command line on a long file with covariates and groups."""
    place = tmp_path_factory.mktemp("forecasting")
    toy_frame(n=12, length=120, covariates=True).to_csv(place / "shops.csv", index=False)
    command = ["train", "forecasting", "--data", str(place / "shops.csv"), "--models", MODELS]
    options = ["--option", f"horizon={HORIZON}", "--option", "epochs=3"]
    assert main([*command, *options, "--run", str(place / "run")]) == 0
    return place


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    return Run.load(folder / "run")


@pytest.fixture(scope="module")
def domain():
    return get_domain("forecasting")


def test_the_file_becomes_a_panel(run):
    dataset = run.load_dataset()
    panel = Panel.of(dataset)
    assert len(panel) == 12 and panel.lengths.tolist() == [120] * 12
    assert panel.frequency == "MS" and panel.seasons == (12,) and panel.scale_season == 12
    assert "promo" in panel.future_names and "temp" in panel.past_names
    assert panel.static["region"].value_counts().to_dict() == {"north": 6, "south": 6}


def test_the_last_windows_are_the_test_and_the_options_say_what_was_found(run):
    dataset = run.load_dataset()
    times = dataset.values(Role.TIME)
    train, validation, test = (times.loc[list(getattr(run.splits, part))] for part in ("train", "validation", "test"))
    assert train.max() < validation.min() and validation.max() < test.min()
    assert len(test) == 12 * 3 * HORIZON
    assert run.spec.options["horizon"] == HORIZON and run.spec.options["season"] == "12"
    assert run.spec.options["frequency"] == "MS"


def test_models_stand_with_intervals_beside_naive2(run, domain):
    table = run.evaluation.metrics
    assert set(domain.metrics) <= set(table["metric"])
    assert run.evaluation.value("naive2", "owa") == pytest.approx(1.0)
    assert run.evaluation.value("seasonal_naive", "mase") < run.evaluation.value("drift", "mase")
    rows = table[table["metric"] == "mase"]
    assert (rows["low"] <= rows["value"]).all() and (rows["value"] <= rows["high"]).all()
    assert pipeline.compare(domain, run).sentence


def test_the_used_model_goes_on_to_the_test_and_the_judged_one_is_kept(run, domain):
    assert (run.model_folder("nlinear") / JUDGED).is_dir()
    assert not (run.model_folder("seasonal_naive") / JUDGED).is_dir()
    offer = domain.models["nlinear"]
    panel = Panel.of(run.load_dataset())
    used, judged = run.load_model("nlinear", offer), run.load_model("nlinear", offer, judged=True)
    assert not np.allclose(used.forecast(panel), judged.forecast(panel))


def test_the_command_line_forecasts_the_contract_s_columns(folder):
    out = folder / "forecasts.csv"
    command = ["predict", "--run", str(folder / "run"), "--data", str(folder / "shops.csv"), "--out", str(out)]
    assert main(command) == 0
    table = pd.read_csv(out)
    assert list(table) == COLUMNS and len(table) == 12 * HORIZON
    one = table[table["series"] == "shop 3"]
    assert pd.to_datetime(one["time"]).tolist() == list(pd.date_range("2020-01-01", periods=HORIZON, freq="MS"))
    for low, high in (("lower_95", "lower_80"), ("lower_80", "mean"), ("mean", "upper_80"), ("upper_80", "upper_95")):
        assert (table[low] <= table[high]).all()


def test_a_bundle_forecasts_the_same(folder):
    bundle, out, again = folder / "bundle.zip", folder / "one.csv", folder / "two.csv"
    assert main(["export", "--run", str(folder / "run"), "--model", "nlinear", "--out", str(bundle)]) == 0
    data = ["--data", str(folder / "shops.csv")]
    assert main(["predict", "--run", str(folder / "run"), "--model", "nlinear", *data, "--out", str(out)]) == 0
    assert main(["predict", "--run", str(bundle), *data, "--out", str(again)]) == 0
    pd.testing.assert_frame_equal(pd.read_csv(out), pd.read_csv(again))


def test_three_layouts_give_the_same_forecasts(folder, domain, tmp_path):
    long = toy_frame(n=3, length=60)
    columns = long.pivot(index="month", columns="series", values="sales").reset_index()
    rows = long.pivot(index="series", columns="month", values="sales").reset_index()
    rows.columns = ["V1", *(f"V{at}" for at in range(2, len(rows.columns) + 1))]
    found = []
    for name, table in (("long", long[["series", "month", "sales"]]), ("columns", columns), ("rows", rows)):
        table.to_csv(tmp_path / f"{name}.csv", index=False)
        options = {**domain.parse_options({"season": "12"})}
        dataset = pipeline.ingest(domain, ReadRequest((tmp_path / f"{name}.csv",), options=options))
        panel = Panel.of(dataset)
        order = np.argsort(panel.series)
        found.append(panel.take(order).values)
        assert sorted(panel.series) == ["shop 0", "shop 1", "shop 2"], name
    np.testing.assert_allclose(found[0], found[1])
    np.testing.assert_allclose(found[0], found[2])


def test_sums_add_up(run, domain):
    lines = pipeline.predict(
        domain, run, "nlinear", run.history(), options={"reconcile": "bottom up", "hierarchy": "region"}
    )
    middle = lines.pivot(index="row", columns="step", values="q_0.5")
    bottom = middle.loc[[name for name in middle.index if str(name).startswith("shop")]]
    total = middle.loc[~middle.index.isin(bottom.index)]
    assert len(total) == 3
    gap = (total - bottom.sum()).abs().sum(axis=1).min()
    assert gap < 1e-2 * float(bottom.to_numpy().sum())


def test_groups_and_remedies(run, domain):
    report = pipeline.check_bias(domain, run, "nlinear", ["region"])
    assert set(report.groups["group"]) == {"north", "south"}
    mitigation, asked = get_probe("mitigation"), {"model": "nlinear", "column": "region"}
    found = mitigation.ask(domain, run, pipeline.Work(), {**asked, "method": "scaling"})
    assert found["method"] == "scaling" and found["sentence"]
    with pytest.raises(OptionError, match="no mitigation"):
        mitigation.ask(domain, run, pipeline.Work(), {**asked, "method": "thresholds"})


def test_other_data_are_judged_on_their_last_windows(folder, run, capsys):
    longer = toy_frame(n=4, length=140, seed=5, covariates=True)
    longer.to_csv(folder / "later.csv", index=False)
    capsys.readouterr()
    assert main(["evaluate", "--run", str(folder / "run"), "--data", str(folder / "later.csv"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert "later" in found["protocol"] and found["metrics"]


def test_the_report_shows_forecasts(folder, run):
    out = folder / "report.html"
    assert main(["report", "--run", str(folder / "run"), "--out", str(out)]) == 0
    text = out.read_text()
    assert "MASE" in text and "svg" in text


def test_a_horizon_longer_than_the_history_is_said_in_one_line(folder, capsys):
    command = ["train", "forecasting", "--data", str(folder / "shops.csv"), "--option", "horizon=500"]
    assert main([*command, "--run", str(folder / "never")]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert "500" in said and "horizon" in said


def test_labels_are_not_asked_for(run):
    with pytest.raises((SchemaError, OptionError)):
        run.check_model("majority")
