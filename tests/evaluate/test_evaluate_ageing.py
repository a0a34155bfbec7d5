"""Ageing: weeks cut as they should be, late labels kept late, and an updated model that keeps up."""

import numpy as np
import pandas as pd
import pytest

from dl_core.errors import OptionError
from dl_core.evaluate.ageing import COLUMNS, by_week, plan_weeks
from dl_core.evaluate.results import Predictions


def two(score):
    return np.column_stack([1 - np.asarray(score, dtype=float), score])


def stream(n=2800, seed=0):
    """Four weeks; the feature that tells fraud apart turns round after two of them."""
    rng = np.random.default_rng(seed)
    rows = pd.Index([f"r{i}" for i in range(n)])
    times = pd.Series(pd.Timestamp("2024-01-01 06:00") + pd.to_timedelta(np.arange(n) / n * 28, "D"), index=rows)
    y = (rng.random(n) < 0.2).astype(int)
    sign = np.where(np.arange(n) < n // 2, 1, -1)
    x = pd.Series(rng.normal(1.5 * sign * y, 1.0), index=rows)
    return times, pd.Series(y, index=rows), x


def predictions_of(y, score, labelled=True):
    truth = np.where(y == 1, "fraud", "honest") if labelled else None
    table = pd.DataFrame({"model": "old", "split": "test", "row": y.index, "y_true": truth, "y_pred": "honest"})
    return Predictions(
        table.assign(score_honest=1 - score.to_numpy(), score_fraud=score.to_numpy()), ("honest", "fraud")
    )


def squash(x):
    return 1 / (1 + np.exp(-x))


def test_a_model_left_alone_by_week():
    times, y, x = stream()
    units = pd.Series(np.arange(len(y)) // 4, index=y.index)
    about = pd.DataFrame({"day": times, "budget": 20}, index=y.index)
    found = by_week(
        predictions_of(y, squash(x)), times, ["auroc", "precision_at_k", "money_saved"], units=units, about=about
    )
    assert tuple(found.columns) == COLUMNS
    auroc = found[found["metric"] == "auroc"]
    assert auroc["week"].dt.strftime("%m-%d").tolist() == ["01-01", "01-08", "01-15", "01-22", "01-29"]
    assert auroc["n"].tolist() == [675, 700, 700, 700, 25]  # the first day begins at six in the morning
    first = times < "2024-01-08"
    assert auroc["positives"].iloc[0] == y[first].sum()
    assert auroc["value"].iloc[0] > 0.8 and auroc["value"].iloc[3] < 0.3
    assert ((auroc["low"] <= auroc["value"]) & (auroc["value"] <= auroc["high"])).all()
    assert set(found["metric"]) == {"auroc", "precision_at_k"}  # no amounts, so no money


def test_rows_without_labels_or_times_give_no_lines():
    times, y, x = stream(280)
    assert by_week(predictions_of(y, squash(x), labelled=False), times, ["auroc"]).empty
    some = times.where(times < "2024-01-08")
    assert len(by_week(predictions_of(y, squash(x)), some, ["auroc"])) == 1


def test_weeks_keep_late_labels_late():
    rows = list("abcdef")
    days = ["2024-01-01", "2024-01-05", "2024-01-09", "2024-01-10", "2024-01-16", "2024-01-20"]
    times = pd.Series(pd.to_datetime(days), index=rows)
    weeks = plan_weeks(times, "2024-01-10", delay_days=3)
    assert [week.rows.tolist() for week in weeks] == [["d", "e"], ["f"]]
    assert [week.known.tolist() for week in weeks] == [["a", "b"], ["a", "b", "c", "d"]]
    assert [week.fresh.tolist() for week in weeks] == [["a", "b"], ["c", "d"]]
    assert weeks[0].end == weeks[1].start == pd.Timestamp("2024-01-17")
    with pytest.raises(OptionError, match="no row is at or after"):
        plan_weeks(times, "2025-01-01", delay_days=0)
