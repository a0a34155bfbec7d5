"""The learning curve of forecasting, and the script that trains the shipped network, on small toys."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from dl_core.errors import SchemaError
from dl_core.models.series.pretrained_fit import StepsPlan
from dl_core.transfer.series import learning_curve, pretrain
from dl_core.transfer.series.learning_curve import LENGTH, MODELS, SERIES, counts, lengths
from tests.series import toy_dataset, toy_panel, toy_splits

HORIZON = 6


@pytest.fixture(scope="module")
def parts() -> list:
    data = toy_dataset(n=4, length=90)
    splits = toy_splits(data, HORIZON, 2)
    return [data.subset(part) for part in (splits.train, splits.validation, splits.test)]


@pytest.fixture(scope="module")
def rows(parts: list) -> tuple[pd.DataFrame, list]:
    events: list = []
    work = SimpleNamespace(emit=events.append, should_stop=lambda: False, cache=None)
    quick = StepsPlan(steps=4, batch=8, each=4, every=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learning_curve, "GOING_ON", quick)
        patch.setattr(learning_curve, "AFRESH", quick)
        patch.setattr(learning_curve, "LENGTHS", 2)
        patch.setattr(learning_curve, "COUNTS", (1,))
        found = learning_curve.series_curve(*parts, 1, work, options={"horizon": HORIZON})
    return pd.DataFrame(found), events


def test_every_model_has_a_point_at_every_length_and_number(rows: tuple[pd.DataFrame, list]) -> None:
    table, events = rows
    assert set(table["model"]) == set(MODELS)
    assert set(table["axis"]) == {LENGTH, SERIES}
    points = table.groupby("axis")["labels"].agg(lambda part: sorted(set(part)))
    assert points[SERIES] == [1, 4]
    assert points[LENGTH] == [13, 66]
    assert len(table) == 4 * len(MODELS)
    assert np.isfinite(table["value"]).all() and (table["value"] > 0).all()
    assert set(table["metric"]) == {"mase"}
    assert table["about"].iloc[0] == "4 series are evaluated, by the median of 8 windows of 6 steps."
    assert events[-1]["done"] == 1.0


def test_what_does_not_learn_is_the_same_however_many_series_teach(rows: tuple[pd.DataFrame, list]) -> None:
    table = rows[0]
    flat = table[(table["axis"] == SERIES) & (table["model"] == "zero_shot")]["value"]
    assert flat.nunique() == 1
    cut = table[(table["axis"] == LENGTH) & (table["model"] == "zero_shot")]["value"]
    assert cut.nunique() == 2


def test_all_series_without_a_test_are_refused(parts: list) -> None:
    train, validation, test = parts
    work = SimpleNamespace(emit=lambda event: None, should_stop=lambda: False, cache=None)
    with pytest.raises(SchemaError, match="(?i)no series has steps to test on"):
        learning_curve.series_curve(train, validation, test.subset(()), 1, work)


def test_lengths_and_numbers_end_with_all() -> None:
    assert lengths(toy_panel(n=2, length=100), HORIZON) == [13, 26, 51, 100]
    assert lengths(toy_panel(n=2, length=5), HORIZON) == [5]
    assert counts(1) == [1]
    assert counts(5) == [1, 3, 5]
    assert counts(310) == [1, 10, 100, 310]


def test_the_sample_is_cut_before_it_is_filled(tmp_path) -> None:
    months = pd.date_range("2001-01-01", periods=5, freq="MS")
    table = pd.DataFrame(
        {"state": "Ohio", "sector": "all", "month": months, "generation": [1.0, np.nan, 3.0, np.nan, 9.0]}
    )
    table.to_parquet(tmp_path / "generation.parquet")
    assert pretrain.sample_values(1, tmp_path / "generation.parquet").tolist() == [[1.0, 2.0, 3.0, 3.0]]


def test_the_script_writes_weights_and_what_taught_them(
    tmp_path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    history = np.random.default_rng(0).normal(10, 1, (5, 255))
    monkeypatch.setattr(pretrain, "sample_values", lambda left: history[:, : 255 - left])
    monkeypatch.setattr(pretrain, "COUNT", 8)
    monkeypatch.setattr(pretrain, "HELD", 2)
    out = ["--out", str(tmp_path), "--groups", "2", "--steps", "2", "--width", "8"]
    monkeypatch.setattr(sys, "argv", ["pretrain_series", *out])
    pretrain.main()
    about = json.loads((tmp_path / "pretrained.json").read_text())
    assert about["taught"] == [{"simulated": 16, "electricity": 16, "steps": 2, "rate": 0.002, "seed": 0}]
    assert about["size"]["width"] == 8
    assert (tmp_path / "pretrained.npz").is_file()
    assert "scaled error" in capsys.readouterr().out
