"""ETTh1, 96 hours ahead, under the protocol of the long-horizon literature: errors and seconds of our networks.

    python -m benchmarks.forecasting_ett [--data ETTh1.csv] [--lookback 512] [--models nlinear,tcn] [--seed 0]

Zhou et al. 2021 published the data (github.com/zhouhaoyi/ETDataset). 12 months of 30 days train, 4 validate, 4 test;
every channel is brought to mean 0 and spread 1 of its training part; each channel is forecast from its own past alone,
without the calendar, by one network for all seven; 2,785 test windows start at every hour. Errors are means over
windows, steps and channels, of the median forecast. Validation chooses the epoch, and in the last line the model;
nothing is trained on it. The mean of all networks takes the mean of their medians.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from dl_core.data.series.panel import Panel
from dl_core.evaluate.series.forecasts import MIDDLE
from dl_core.models.base import FitContext
from dl_core.models.series.base import Held
from dl_core.models.series.convolution import TemporalConvolution
from dl_core.models.series.linear import DLinear, NLinear, SeasonalLinear
from dl_core.models.series.network import NetworkForecaster
from dl_core.models.series.patches import PatchTransformer
from dl_core.models.series.recurrent import Gru, Lstm

DATA = Path("../shared/data/ETTh1.csv")
MODELS = {one.name: one for one in (NLinear, DLinear, SeasonalLinear, Lstm, Gru, TemporalConvolution, PatchTransformer)}
MONTH = 30 * 24
TRAIN, VALIDATION, TEST = 12 * MONTH, 16 * MONTH, 20 * MONTH  # ends, in rows
HORIZON, SEASON, BLOCK = 96, 24, 500
CHOOSING = 23  # hours between validation windows, so that they start at every time of day
PARTS = ((TRAIN, VALIDATION, CHOOSING), (VALIDATION, TEST, 1))  # first and last row, hours between windows
BARS = (0.370, 0.392)
PUBLISHED = {  # MSE and MAE as their papers have them, look-back in brackets
    "DLinear (336, published)": (0.375, 0.399),
    "NLinear (336, published)": (0.374, 0.394),
    "PatchTST (512, published)": (0.370, 0.400),
}


def main() -> None:
    """Train every model and print its line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--lookback", type=int, default=512)
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    panel = read(args.data)
    print(
        f"ETTh1, horizon {HORIZON}, look-back {args.lookback}, seed {args.seed}; bars {BARS[0]:.3f} / {BARS[1]:.3f}\n"
    )
    print(f"{'':28}{'validation MSE':>15}{'MAE':>7}{'test MSE':>10}{'MAE':>7}{'fit s':>8}{'weights':>9}")
    _line("last value", *plain(panel, 1))
    _line("seasonal naive", *plain(panel, SEASON))
    chosen, sums = {}, [0.0, 0.0]
    names = args.models.split(",")
    for name in names:
        model, seconds = fitted(MODELS[name], panel, args.lookback, args.seed)
        found = [forecasts(model, panel, *part) for part in PARTS]
        sums = [total + one for total, one in zip(sums, found, strict=True)]
        chosen[name] = judged(panel, *(one[:, :, MIDDLE] for one in found))
        _line(name, *chosen[name], seconds, model.parameters())
    if len(names) > 1:
        chosen["mean of all networks"] = judged(panel, *(one[:, :, MIDDLE] / len(names) for one in sums))
        _line("mean of all networks", *chosen["mean of all networks"])
    for name, figures in PUBLISHED.items():
        print(f"{name:28}{'':22}{figures[0]:10.3f}{figures[1]:7.3f}")
    best = min(chosen, key=lambda name: sum(chosen[name][0]))
    mse, mae = chosen[best][1]
    print(f"\nleast MSE + MAE on validation: {best}, test {mse:.4f} / {mae:.4f}")


def read(path: Path) -> Panel:
    """Return the seven channels up to the end of the test, each scaled by its training part."""
    table = pd.read_csv(path, parse_dates=["date"]).iloc[:TEST]
    values = table.drop(columns="date").to_numpy(dtype=float)  # (TEST, 7)
    values = (values - values[:TRAIN].mean(axis=0)) / values[:TRAIN].std(axis=0)
    count = values.shape[1]
    return Panel(
        series=np.array(table.columns[1:], dtype=object),
        starts=np.arange(count + 1) * len(values),
        values=values.T.reshape(-1),
        times=np.tile(table["date"].to_numpy(dtype="datetime64[ns]"), count),
        frequency="h",
        seasons=(SEASON,),
        scale_season=SEASON,
    )


def fitted(build: type[NetworkForecaster], panel: Panel, lookback: int, seed: int) -> tuple[NetworkForecaster, float]:
    """Return a network trained on the training rows, its epoch chosen by validation windows; seconds."""
    channels = np.arange(len(panel))
    known = panel.until(channels, np.full(len(panel), TRAIN))
    at, ends = origins(panel, *PARTS[0])
    held = Held(panel.until(at, ends, HORIZON), panel.truth(at, ends, HORIZON))
    model, began = build(calendar=False), time.perf_counter()
    model.horizon = HORIZON
    model.learn(known, held, FitContext(seed=seed, options={"lookback": lookback}))
    return model, time.perf_counter() - began


def origins(panel: Panel, begin: int, end: int, stride: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return channels and known steps (windows * 7,) of all windows whose truths lie in rows ``begin`` to ``end``."""
    ends = np.arange(begin, end - HORIZON + 1, stride)
    return np.tile(np.arange(len(panel)), len(ends)), np.repeat(ends, len(panel))


def blocks(panel: Panel, begin: int, end: int, stride: int, most: int) -> Iterator[Panel]:
    """Yield the histories of all windows, cut to the last ``most`` steps, some hundred at a time."""
    at, ends = origins(panel, begin, end, stride)
    for start in range(0, len(at), BLOCK):
        part = slice(start, start + BLOCK)
        yield panel.until(at[part], ends[part], HORIZON, most=most)


def forecasts(model: NetworkForecaster, panel: Panel, begin: int, end: int, stride: int) -> np.ndarray:
    """Return quantiles (windows * 7, 96, n_levels) in order.

    `Forecaster.forecast` would see only the steps that are read, and keep channels at 0 or above that have not been
    negative in those; the channels have been negative before.
    """
    found = [model.ahead(part).astype(np.float32) for part in blocks(panel, begin, end, stride, model.reach)]
    return np.sort(np.concatenate(found), axis=2)


def plain(panel: Panel, lag: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return errors on validation and test of repeating the last ``lag`` steps."""
    found = []
    for part in PARTS:
        last = np.concatenate([block.values.reshape(-1, lag) for block in blocks(panel, *part, lag)])
        found.append(last[:, np.arange(HORIZON) % lag])
    return judged(panel, *found)


def judged(panel: Panel, validation: np.ndarray, test: np.ndarray) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return MSE and MAE of forecasts (windows * 7, 96) of validation and of test."""
    found = []
    for middle, part in zip((validation, test), PARTS, strict=True):
        error = middle - panel.truth(*origins(panel, *part), HORIZON)
        found.append((float(np.mean(error**2)), float(np.mean(np.abs(error)))))
    return found[0], found[1]


def _line(
    name: str,
    validation: tuple[float, float],
    test: tuple[float, float],
    seconds: float | None = None,
    weights: int | None = None,
) -> None:
    line = f"{name:28}{validation[0]:15.4f}{validation[1]:7.4f}{test[0]:10.4f}{test[1]:7.4f}"
    print(line + (f"{seconds:8.1f}{weights:9,}" if seconds is not None else ""), flush=True)


if __name__ == "__main__":
    main()
