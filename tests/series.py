"""Small made-up series, the same for all tests of forecasting: trend, a season and noise, drawn from a seed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset, Source
from dl_core.data.series.origins import rolling_origins
from dl_core.data.series.panel import PANEL, SERIES, Panel, panel_table
from dl_core.data.splits import Splits
from dl_core.evaluate.series.forecasts import LEVELS, Cases, Forecasts, forecast_rows
from dl_core.schema import Role

REGIONS = ("north", "south")


def toy_frame(n: int = 6, length: int = 120, season: int = 12, seed: int = 0, covariates: bool = False) -> pd.DataFrame:
    """Return a long table as a user would upload it: series, month, sales, region, and where wanted promo and temp."""
    rng = np.random.default_rng(seed)
    step = np.arange(length)
    parts = []
    for at in range(n):
        level = 100.0 * (1 + at)
        promo = (rng.random(length) < 0.15).astype(float)
        temp = 10 + 8 * np.sin(2 * np.pi * step / season) + rng.normal(0, 1, length)
        sales = level * (1 + 0.002 * step + 0.2 * np.sin(2 * np.pi * (step + at) / season))
        sales = sales + level * (0.03 * rng.normal(size=length) + (0.3 * promo if covariates else 0.0))
        part = {
            "series": f"shop {at}",
            "month": pd.date_range("2010-01-01", periods=length, freq="MS"),
            "sales": np.round(sales, 3),
            "region": REGIONS[at % 2],
        }
        parts.append(pd.DataFrame(part | ({"promo": promo, "temp": temp} if covariates else {})))
    return pd.concat(parts, ignore_index=True)


def toy_dataset(n: int = 6, length: int = 120, season: int = 12, seed: int = 0, covariates: bool = False) -> Dataset:
    """Return `toy_frame` as reading leaves it; promo is known ahead, temp is not."""
    frame = toy_frame(n, length, season, seed, covariates)
    static = frame.groupby("series", sort=False)[["region"]].first()
    table = frame.drop(columns="region")
    table.index = pd.Index([str(at) for at in range(len(table))], name="row")
    roles = {Role.SERIES: ("series",), Role.TIME: ("month",), Role.VALUE: ("sales",)}
    if covariates:
        roles |= {Role.FUTURE: ("promo",), Role.PAST: ("temp",)}
    side = {SERIES: static, PANEL: panel_table("MS", (season,), season)}
    return Dataset("shops", table, roles, Source("made up for tests", simulated=True), side=side)


def toy_panel(n: int = 6, length: int = 120, season: int = 12, seed: int = 0, covariates: bool = False) -> Panel:
    """Return the series of `toy_dataset`."""
    return Panel.of(toy_dataset(n, length, season, seed, covariates))


def toy_splits(dataset: Dataset, horizon: int = 6, windows: int = 2) -> Splits:
    """Return the last ``windows`` windows of each series as the test, and as many before them as validation."""
    names = dataset.values(Role.SERIES)
    back = names.groupby(names, sort=False).cumcount(ascending=False).to_numpy()
    steps = horizon * windows
    part = np.where(back < steps, "test", np.where(back < 2 * steps, "validation", "train"))
    ids = {name: tuple(dataset.ids[part == name]) for name in ("train", "validation", "test")}
    return Splits(**ids, kind="by time", protocol=f"the last {windows} windows of {horizon} steps of each series")


def toy_forecasts(
    models: Sequence[str] = ("good", "poor"),
    panel: Panel | None = None,
    horizon: int = 6,
    windows: int = 2,
    seed: int = 0,
) -> Forecasts:
    """Return forecasts made from the truth: each model errs more than the one before, and spreads as it errs."""
    panel = toy_panel() if panel is None else panel
    steps, all_of = horizon * windows, np.arange(len(panel))
    tables = []
    for split, back in (("validation", 2 * steps), ("test", steps)):
        known = panel.until(all_of, panel.lengths - back)
        origins = rolling_origins(known, _tail(panel, known, steps), horizon, horizon)
        truth = panel.truth(origins.at, origins.ends, horizon)
        times = panel.until(origins.at, origins.ends).times_ahead(horizon)
        for rank, model in enumerate(models):
            rng = np.random.default_rng((seed, rank, len(split)))
            spread = 0.05 * (1 + rank) * np.abs(truth).mean(axis=1, keepdims=True)
            middle = truth + spread * rng.normal(size=truth.shape)
            quantiles = middle[:, :, None] + 1.6 * spread[:, :, None] * (np.array(LEVELS) - 0.5)
            cases = Cases(panel.series[origins.at], origins.window, times, truth, quantiles)
            tables.append(forecast_rows(model, split, cases))
    return Forecasts(pd.concat(tables, ignore_index=True))


def _tail(panel: Panel, known: Panel, steps: int) -> Panel:
    """Return the ``steps`` steps of each series that follow ``known``."""
    rows = np.concatenate([a + n + np.arange(steps) for a, n in zip(panel.starts[:-1], known.lengths, strict=True)])
    return Panel(
        panel.series,
        np.arange(len(panel) + 1) * steps,
        panel.values[rows],
        panel.times[rows],
        panel.frequency,
        panel.seasons,
        panel.scale_season,
    )
