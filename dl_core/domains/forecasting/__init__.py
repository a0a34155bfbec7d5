"""Forecasting: the next steps of one series or a thousand with honest intervals, what drove them, whom they fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from dl_core.data.dataset import Dataset, Finding
from dl_core.data.series.known import KNOWN_SERIES
from dl_core.data.splits import Splits
from dl_core.domain import Domain, Option, ReadRequest, Sample, offered, presets
from dl_core.domains.forecasting.offers import FAST
from dl_core.problems.forecasting import FORECASTING
from dl_core.reading.series.schema import SERIES_SCHEMA

if TYPE_CHECKING:
    from dl_core.explain.explanation import Explanation
    from dl_core.explain.request import ExplainRequest

SAMPLES = Path(__file__).parents[3] / "sample_data" / "forecasting"
INTERVALS = {"lower_80": "q_0.1", "upper_80": "q_0.9", "lower_95": "q_0.025", "upper_95": "q_0.975"}


def read(request: ReadRequest) -> Dataset:
    """Read series in any of three layouts."""
    from dl_core.reading.series.read import read_series

    return read_series(request)


def inspect(dataset: Dataset, splits: Splits | None) -> list[Finding]:
    """Return all findings on steps, values, covariates and the split."""
    from dl_core.data.series.check import check_series

    return check_series(dataset, splits)


def mend(dataset: Dataset, splits: Splits, kinds: Sequence[str]) -> tuple[Dataset, Splits]:
    """Take what misleads out of the training rows."""
    from dl_core.data.series.check import mend_series

    return mend_series(dataset, splits, kinds)


def split(dataset: Dataset, seed: int, options: Mapping[str, Any]) -> Splits:
    """Hold out the last steps of each series, never at random; the ones before them choose."""
    from dl_core.data.series.split import split_series

    return split_series(dataset, seed, options)


def explain(request: ExplainRequest) -> list[Explanation]:
    """Say which past steps and covariates drove the forecast after each series' end; ``target`` is a step, or all."""
    from dl_core.explain.series.explain import explain_cases

    return explain_cases(request)


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
    """Return the columns that ``predict`` writes: series, time, mean (the central forecast) and two intervals."""
    columns = {"series": predictions["row"], "time": predictions["time"], "mean": predictions["q_0.5"]}
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
    purpose="Forecast one series or a thousand with honest intervals, and see what drives them and whom they fail.",
    icon="📈",
    symbol=":material/show_chart:",
    order=40,
    upload_help="One series or many, long or wide (CSV, TSV, Parquet, Excel or JSON lines)",
    upload_types=("csv", "tsv", "txt", "parquet", "xlsx", "json", "jsonl", "ndjson", "zip"),
    schema=SERIES_SCHEMA,
    read=read,
    inspect=inspect,
    mend=mend,
    split=split,
    models=MODELS,
    presets=presets(MODELS, FAST),
    primary_metric="mase",
    metrics=(
        *("mase", "rmsse", "smape", "mae", "owa", "wql", "crps"),
        *("coverage_80", "coverage_90", "coverage_95", "width_80", "width_95", "bias"),
    ),
    group_metrics=("mase", "smape", "bias", "coverage_80", "coverage_90", "coverage_95", "width_80"),
    explainers=("integrated_gradients", "occlusion", "components"),
    explain=explain,
    slices=slices,
    prediction_table=prediction_table,
    problem=FORECASTING,
    learning_curve=learning_curve,
    options=(
        Option("horizon", int, 0, "steps ahead to forecast, 0 for what suits the frequency"),
        Option("season", str, "", "steps of a season such as 52, or of several such as 24,168; empty to find them"),
        Option("frequency", str, "", "a pandas offset such as h, D, W-SUN or MS; empty to find it"),
        Option(
            "layout",
            str,
            "auto",
            "how the table lies: a row for each step, a column or a row for each series",
            ("auto", "long", "columns", "rows"),
        ),
        Option(
            "duplicates",
            str,
            "error",
            "what becomes of several values for one time",
            ("error", "sum", "mean", "first", "last"),
        ),
        Option(
            "windows", int, 0, "rolling windows that judge, 0 for what suits the number of series, or as many as fit"
        ),
        Option("validation_windows", int, 0, "rolling windows that choose, 0 for as many"),
        Option("stride", int, 0, "steps from one window to the next, 0 for the horizon"),
        Option("scale_season", int, 0, "lag of the naive forecast that MASE divides by, 0 for M4's convention"),
        Option("lookback", int, 0, "past steps that the networks read, 0 for what suits each"),
        Option("epochs", int, 0, "most epochs of the networks, 0 for what suits"),
        Option("seeds", int, 1, "networks of each kind that are averaged, 1 to 10"),
        Option("time_limit", float, 60.0, "seconds that a statistical model may take for one set of forecasts"),
        Option("reconcile", str, "none", "make forecasts of sums add up", ("none", "bottom up", "mint")),
        Option(
            "hierarchy", str, "auto", "columns of the groups that are summed; auto for the parts of the series' names"
        ),
    ),
    sample=Sample(
        SAMPLES / "electricity",
        "US electricity generation by state, monthly",
        SAMPLES / "prepared_run",
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
        "The future is taken to go on as the past did: a change that the history has not seen is not foreseen.",
        "Intervals are calibrated on windows before the test; when volatility changes they are too narrow or too wide.",
        "Series that were too short for a test window are forecast but not judged.",
    ),
)
