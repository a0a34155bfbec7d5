"""Forecasting: the next steps of one series or a thousand with honest intervals, what drove them, whom they fail."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.series.known import KNOWN_SERIES
from dl_core.discover import deferred
from dl_core.domain import Domain, Option, Sample, offered, presets
from dl_core.domains.forecasting.offers import FAST
from dl_core.problems.forecasting import FORECASTING
from dl_core.reading.series.schema import SERIES_SCHEMA

SAMPLES = Path(__file__).parents[3] / "sample_data" / "forecasting"
INTERVALS = {"lower_80": "q_0.1", "upper_80": "q_0.9", "lower_95": "q_0.025", "upper_95": "q_0.975"}


def slices(dataset: Dataset) -> pd.DataFrame:
    """Return the groups of each series with its size and length of history, by series id."""
    from dl_core.bias.groups import is_groupable
    from dl_core.bias.series.check import group_frame
    from dl_core.data.series.panel import Panel
    from dl_core.evaluate.series.facts import SeriesFacts

    panel = Panel.of(dataset)
    frame = group_frame(panel, SeriesFacts.of(panel))
    return frame[[column for column in frame if is_groupable(frame[column])]]


def prediction_table(predictions: pd.DataFrame, data: Dataset) -> pd.DataFrame:
    """Return the columns that ``predict`` writes: series, time in the data's zone, mean and two intervals."""
    from dl_core.data.series.panel import zone_of
    from dl_core.reading.series.zones import in_zone

    mean = predictions["mean" if "mean" in predictions else "q_0.5"]
    columns = {"series": predictions["row"], "time": in_zone(predictions["time"], zone_of(data)), "mean": mean}
    columns |= {name: predictions[quantile] for name, quantile in INTERVALS.items()}
    return pd.DataFrame(columns).reset_index(drop=True)


def learning_curve(
    train: Dataset, validation: Dataset, test: Dataset, seeds: int, work: Any, options: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return MASE against the number of series and the length of history, pretrained and from scratch."""
    from dl_core.transfer.series.learning_curve import series_curve

    return series_curve(train, validation, test, seeds, work, options=options)


MODELS = offered(__name__)

DOMAIN = Domain(
    name="forecasting",
    title="Forecasting",
    purpose=(
        "Forecast one or thousands of time series with calibrated prediction intervals, with explanations and a bias "
        "check."
    ),
    icon="📈",
    symbol=":material/show_chart:",
    order=40,
    upload_help="One or many time series, long or wide format (CSV, TSV, Parquet, Excel or JSON lines)",
    schema=SERIES_SCHEMA,
    read=deferred("dl_core.reading.series.read:read_series"),
    inspect=deferred("dl_core.data.series.check:check_series"),
    mend=deferred("dl_core.data.series.check:mend_series"),
    split=deferred("dl_core.data.series.split:split_series"),
    models=MODELS,
    presets=presets(MODELS, FAST),
    primary_metric="mase",
    metrics=(
        *("mase", "rmsse", "smape", "mae", "owa", "wql", "crps"),
        *("coverage_80", "coverage_90", "coverage_95", "width_80", "width_95", "bias"),
    ),
    group_metrics=("mase", "smape", "bias", "coverage_80", "coverage_90", "coverage_95", "width_80"),
    explainers=("integrated_gradients", "occlusion", "components"),
    explain=deferred("dl_core.explain.series.explain:explain_cases"),
    slices=slices,
    prediction_table=prediction_table,
    problem=FORECASTING,
    learning_curve=learning_curve,
    options=(
        Option(
            "horizon", int, 0, "forecast horizon: number of steps ahead to forecast; 0: automatic, from the frequency"
        ),
        Option("season", str, "", "season length in steps such as 52, or several such as 24,168; empty: detected"),
        Option("frequency", str, "", "pandas offset alias such as h, D, W-SUN or MS; empty: detected"),
        Option(
            "layout",
            str,
            "auto",
            "table layout: long (a row per series and time), wide with series in columns or in rows, or a matrix of "
            "periods by their parts, such as years by months",
            ("auto", "long", "columns", "rows", "matrix"),
        ),
        Option(
            "dates",
            str,
            "auto",
            "order of day and month in dates such as 03/04/2024; auto: as the dates and a regular grid tell",
            ("auto", "day-first", "month-first"),
        ),
        Option("missing", str, "", "numbers that mean missing, such as -999; none: no number does; empty: detected"),
        Option(
            "gaps",
            str,
            "skip",
            "regular gaps, such as nights and Sundays: no steps there, or missing values",
            ("skip", "keep"),
        ),
        Option(
            "duplicates",
            str,
            "error",
            "aggregation of duplicate timestamps within a series",
            ("error", "sum", "mean", "first", "last"),
        ),
        Option(
            "windows",
            int,
            0,
            "test windows (rolling-origin backtest); 0: automatic, as many as the number and length of the series "
            "allow",
        ),
        Option(
            "validation_windows",
            int,
            0,
            "validation windows for model selection and calibration; 0: automatic, as many as test windows",
        ),
        Option("stride", int, 0, "stride: steps between the origins of consecutive windows; 0: automatic, the horizon"),
        Option(
            "scale_season",
            int,
            0,
            "MASE seasonality m: lag of the naive forecast whose in-sample MAE scales the errors; 0: automatic, "
            "M4's convention",
        ),
        Option(
            "lookback",
            int,
            0,
            "lookback (input length): past steps that the networks read; 0: automatic, for each network",
        ),
        Option("epochs", int, 0, "maximum number of training epochs of the networks; 0: automatic"),
        Option(
            "seeds",
            int,
            1,
            "ensemble size: networks per architecture, trained with different seeds and averaged, 1 to 10",
        ),
        Option("refit", bool, True, "refit the models on all rows, test rows included, after the evaluation on them"),
        Option("time_limit", float, 60.0, "time limit of a statistical model for one set of forecasts, in seconds"),
        Option(
            "reconcile",
            str,
            "none",
            "hierarchical reconciliation: makes forecasts of all levels add up (coherent)",
            ("none", "bottom up", "mint"),
        ),
        Option(
            "hierarchy",
            str,
            "auto",
            "columns that define the levels of the hierarchy; auto: parts of the series' names",
        ),
    ),
    sample=Sample(
        SAMPLES / "electricity",
        "US electricity generation by state, monthly",
        SAMPLES / "prepared_run.zip",
    ),
    more_samples=(
        Sample(
            SAMPLES / "traffic",
            "Traffic on an interstate, hourly, with weather",
            None,
            SAMPLES / "traffic" / "next_hours.csv",
        ),
    ),
    known_data=KNOWN_SERIES,
    notice="",
    limits=(
        "Forecasts extrapolate past patterns: a structural break that is not in the history is not foreseen.",
        "Prediction intervals are conformally calibrated on windows before the test; when volatility changes "
        "they are too narrow or too wide.",
        "Series too short for a test window are forecast but not evaluated.",
    ),
)
