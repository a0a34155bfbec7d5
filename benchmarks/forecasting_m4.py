"""OWA, sMAPE, MASE and seconds of the default deep ensemble and of baselines on a panel in the M4 layout, in one run.

    python -m benchmarks.forecasting_m4 [--train Weekly-train.csv --test Weekly-test.csv] [--seeds 1]
        [--season 52] [--scale-season 1] [--windows 2] [--simulated-hourly]

The official protocol of the M4 competition (Makridakis et al. 2020): forecast the test file's steps from the whole
training file; sMAPE in per cent, MASE by the mean absolute change over ``--scale-season`` steps, OWA the mean of both
relative to Naive2 in the same run. The ensemble chooses on the last ``--windows`` horizons of the training file, then
goes on with all of it (`fit`, then `refit`); the test file is read for the scores only, those of each member too.
*cpu s* are seconds of all cores together, which a busy machine changes little.

``--simulated-hourly`` draws 414 hourly series instead, with daily and weekly profiles, noise, outliers and leaps, of
the size of M4 Hourly. For M4 Hourly itself: ``--train Hourly-train.csv --test Hourly-test.csv --season 24,168
--scale-season 24``.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from dl_core.data.series.panel import Panel
from dl_core.evaluate.series.forecasts import MIDDLE
from dl_core.models.base import FitContext
from dl_core.models.series.base import Forecaster, Held
from dl_core.models.series.ensemble import DeepEnsemble
from dl_core.models.series.naive import SeasonalNaive, naive2_ahead

M4 = Path(__file__).parents[2] / "shared" / "data" / "m4"
HOURLY = (414, 48, (24, 168))  # series, horizon, seasons


def main() -> None:
    """Print a line for each model and seed, and for each member of the ensemble."""
    options = _options()
    if options.simulated_hourly:
        panel, truth = simulated_hourly()
    else:
        seasons = tuple(int(part) for part in options.season.split(","))
        panel, truth = read_m4(options.train, options.test, seasons, options.scale_season)
    horizon = truth.shape[1]
    reference = errors(panel, truth, naive2_ahead(panel, horizon))
    print(f"{len(panel)} series of {panel.lengths.min()} to {panel.lengths.max()} steps, {horizon} ahead")
    print(f"{'model':24}{'OWA':>8}{'sMAPE':>8}{'MASE':>8}{'s':>8}{'cpu s':>8}")
    _line("naive2", reference, reference)
    _timed(
        "seasonal_naive", lambda: _fitted(SeasonalNaive(), panel, horizon, options.windows, 0), panel, truth, reference
    )
    for seed in range(options.seeds):
        train = partial(_fitted, DeepEnsemble(), panel, horizon, options.windows, seed)
        model = _timed(f"deep_ensemble, seed {seed}", train, panel, truth, reference)
        for weight, member in zip(model.weights, model.members, strict=True):
            middle = member.forecast(panel)[:, :, MIDDLE]
            _line(f"  {weight:.2f} × {member.name}", errors(panel, truth, middle), reference)


def read_m4(train: Path, test: Path, seasons: tuple[int, ...], scale_season: int) -> tuple[Panel, np.ndarray]:
    """Return the training series and the (n, horizon) truths of two files in the M4 layout."""
    known, later = _rows(train), _rows(test)
    values, lengths = list(known.values()), np.array([len(one) for one in known.values()])
    panel = Panel(
        series=np.array(list(known), dtype=object),
        starts=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        values=np.concatenate(values),
        times=np.concatenate([np.arange(1, length + 1) for length in lengths]),
        seasons=seasons,
        scale_season=scale_season,
    )
    return panel, np.stack([later[name] for name in known])


def simulated_hourly(seed: int = 0) -> tuple[Panel, np.ndarray]:
    """Return 414 made-up hourly series of 700 or 960 steps and the 48 steps after each."""
    count, horizon, seasons = HOURLY
    random = np.random.default_rng(seed)
    lengths = np.where(np.arange(count) % 2, 700, 960)
    whole = [_hourly(random, length + horizon) for length in lengths]
    panel = Panel(
        series=np.array([f"H{at + 1}" for at in range(count)], dtype=object),
        starts=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        values=np.concatenate([one[:-horizon] for one in whole]),
        times=np.concatenate([np.arange(1, length + 1) for length in lengths]),
        seasons=seasons,
        scale_season=seasons[0],
    )
    return panel, np.stack([one[-horizon:] for one in whole])


def errors(panel: Panel, truth: np.ndarray, middle: np.ndarray) -> tuple[float, float]:
    """Return M4's sMAPE in per cent and MASE of (n, horizon) forecasts."""
    smape = 200 * np.mean(np.abs(truth - middle) / (np.abs(truth) + np.abs(middle)))
    return float(smape), float(np.mean(np.abs(truth - middle).mean(axis=1) / panel.scales()))


def _hourly(random: np.random.Generator, length: int) -> np.ndarray:
    """Return one series: level × day × day of the week, wandering, with noise, outliers and now and then a leap."""
    step = np.arange(length) + random.integers(168)
    hours = np.arange(24)
    day = sum(
        random.normal(0, 0.35 / wave) * np.cos(2 * np.pi * wave * (hours - random.uniform(0, 24)) / 24)
        for wave in (1, 2, 3, 4)
    )
    weekend = day * random.uniform(0.2, 1.0) + random.normal(0, 0.15)
    profile = np.concatenate([np.tile(day, 5) + random.normal(0, 0.05, 120), np.tile(weekend, 2)])
    noise, wander = random.uniform(0.02, 0.12), np.zeros(length)
    shocks = random.normal(0, noise, length)
    for at in range(1, length):
        wander[at] = 0.9 * wander[at - 1] + 0.4 * shocks[at]
    slow = np.cumsum(random.normal(0, 0.004, length))
    values = np.exp(profile[step % 168] + wander + slow + random.normal(0, noise / 2, length))
    if random.random() < 0.3:
        values[random.integers(length // 4, length) :] *= np.exp(random.normal(0, 0.4))
    odd = random.random(length) < 0.002
    values[odd] *= np.exp(random.normal(0, 1.0, int(odd.sum())))
    return np.round(10 ** random.uniform(0.5, 4.5) * values, 2) + 0.01


def _fitted(model: Forecaster, panel: Panel, horizon: int, windows: int, seed: int) -> Forecaster:
    """Return a model as a session trains it: choosing on the last windows, then going on with everything."""
    at = np.arange(len(panel))
    first = panel.lengths - windows * horizon
    ends = np.concatenate([first + number * horizon for number in range(windows)])
    cases = np.tile(at, windows)
    model.horizon, model.chosen = horizon, {}
    context = FitContext(seed=seed)
    model.learn(panel.until(at, first), Held(panel.until(cases, ends), panel.truth(cases, ends, horizon)), context)
    model.refit(panel, context)
    return model


def _timed(
    name: str, fit: Callable[[], Forecaster], panel: Panel, truth: np.ndarray, reference: tuple[float, float]
) -> Forecaster:
    """Fit a model, print its line and return it."""
    began, cores = time.monotonic(), time.process_time()
    model = fit()
    spent = time.monotonic() - began, time.process_time() - cores
    _line(name, errors(panel, truth, model.forecast(panel)[:, :, MIDDLE]), reference, spent)
    return model


def _line(
    name: str, found: tuple[float, float], reference: tuple[float, float], spent: tuple[float, float] | None = None
) -> None:
    owa = (found[0] / reference[0] + found[1] / reference[1]) / 2
    seconds = "" if spent is None else f"{spent[0]:>8.1f}{spent[1]:>8.1f}"
    print(f"{name:24}{owa:>8.3f}{found[0]:>8.3f}{found[1]:>8.3f}{seconds}", flush=True)


def _rows(path: Path) -> dict[str, np.ndarray]:
    """Return the values of each line by its first column, without blanks."""
    with open(path, newline="") as file:
        lines = csv.reader(file)
        next(lines)
        return {line[0]: np.array([float(one) for one in line[1:] if one not in ("", "NA")]) for line in lines}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=Path, default=M4 / "Weekly-train.csv")
    parser.add_argument("--test", type=Path, default=M4 / "Weekly-test.csv")
    parser.add_argument("--season", default="52", help="season in steps, or several: 24,168")
    parser.add_argument("--scale-season", type=int, default=1, help="steps that MASE takes changes over")
    parser.add_argument("--windows", type=int, default=2, help="held-out horizons to choose on")
    parser.add_argument("--seeds", type=int, default=1, help="runs of the ensemble")
    parser.add_argument("--simulated-hourly", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
