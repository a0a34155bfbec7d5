"""The pretrained forecaster without any training, beside simple methods in the same run: errors, intervals, seconds.

    python -m benchmarks.forecasting_zero_shot [--m4 ../shared/data/m4] [--fine-tuned]

Rolling windows of the two samples, M4 Weekly by its official protocol (where its files are), and the seconds for 400
series once the network is loaded. Bars: a MASE below the seasonal naive's on the traffic sample and on M4 Weekly, and
at most a second. The network never learned from the traffic sample, nor from M4, nor from the electricity sample's
last 54 months, which are its test windows here.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd

from dl_core.data.series.panel import Panel
from dl_core.evaluate.series.forecasts import MIDDLE
from dl_core.models.base import FitContext
from dl_core.models.series.base import Forecaster, Held
from dl_core.models.series.naive import SeasonalNaive, naive2_ahead
from dl_core.models.series.pretrained import FineTuned, ZeroShot
from dl_core.models.series.statistical import AutoTheta

SAMPLES = Path(__file__).parents[1] / "sample_data" / "forecasting"
SERIES, BAR = 400, 1.0  # s


def main() -> None:
    """Judge every model on every set and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--m4", type=Path, default=Path("../shared/data/m4"))
    parser.add_argument("--fine-tuned", action="store_true", help="also fine-tune: seconds to a minute")
    args = parser.parse_args()
    sets = {
        "traffic, 48 hours": traffic(48, 28),
        "traffic, 168 hours": traffic(168, 8),
        "electricity, 18 months": electricity(18, 3),
    }
    if (args.m4 / "Weekly-train.csv").is_file():
        sets["M4 Weekly, 13 weeks"] = weekly(args.m4)
    else:
        print(f"{args.m4} is not there: M4 Weekly is left out")
    for name, (known, held) in sets.items():
        show(name, known, held, args.fine_tuned)
    speed()


def show(name: str, known: Panel, held: Held, fine_tuned: bool) -> None:
    """Print errors and coverage of every model on the windows ``held``, which follow ``known``."""
    horizon = held.truth.shape[1]
    print(f"\n{name}: {len(known)} series, {len(held.history)} windows")
    print(f"{'':16}{'MASE':>8}{'sMAPE':>8}{'OWA':>8}{'in 80 %':>9}{'in 90 %':>9}{'in 95 %':>9}{'seconds':>9}")
    history = held.history.filled()
    reference = errors(naive2_ahead(history, horizon), held)
    line("Naive2", reference, reference, None, 0.0)
    last = np.stack([np.full(horizon, history.of_series(at)[-1]) for at in range(len(history))])
    line("last value", errors(last, held), reference, None, 0.0)
    models: dict[str, Forecaster] = {
        "seasonal naive": SeasonalNaive(),
        "AutoTheta": AutoTheta(),
        "zero-shot": ZeroShot(),
    }
    if fine_tuned:
        models["fine-tuned"] = FineTuned()
    for label, model in models.items():
        began = time.perf_counter()
        model.horizon, model.chosen = horizon, {}
        model.learn(*_parts(known, horizon), FitContext())
        if label == "zero-shot":
            model.forecast(held.history.take([0]))  # loaded and warm
            began = time.perf_counter()
        quantiles = model.forecast(held.history)
        seconds = time.perf_counter() - began
        line(label, errors(quantiles[:, :, MIDDLE], held), reference, coverage(quantiles, held.truth), seconds)


def _parts(known: Panel, horizon: int) -> tuple[Panel, Held | None]:
    """Return what is learned from and one held window before the end, where the series are long enough."""
    at = np.flatnonzero(known.lengths >= 4 * horizon)
    if not len(at):
        return known, None
    ends = known.lengths[at] - horizon
    before = known.until(at, ends)
    return before, Held(before, known.truth(at, ends, horizon))


def errors(middle: np.ndarray, held: Held) -> tuple[float, float]:
    """Return MASE and sMAPE (per cent), means over windows with any truth."""
    told = ~np.isnan(held.truth).all(axis=1)
    truth, middle, scale = held.truth[told], middle[told], held.history.scales()[told]
    away, size = np.abs(middle - truth), np.abs(truth) + np.abs(middle)
    smape = 200 * away / np.where(size > 0, size, 1.0)
    return float((np.nanmean(away, axis=1) / scale).mean()), float(np.nanmean(smape, axis=1).mean())


def coverage(quantiles: np.ndarray, truth: np.ndarray) -> list[float]:
    """Return the share of truths within the central 80, 90 and 95 % intervals."""
    known = ~np.isnan(truth)
    low, high = quantiles, quantiles[:, :, ::-1]
    return [float(((truth >= low[:, :, at]) & (truth <= high[:, :, at]))[known].mean()) for at in (2, 1, 0)]


def line(
    label: str, found: tuple[float, float], reference: tuple[float, float], inside: list[float] | None, s: float
) -> None:
    """Print one line; OWA is the mean of both errors over Naive2's."""
    owa = 0.5 * (found[0] / reference[0] + found[1] / reference[1])
    shares = "".join(f"{100 * share:>9.1f}" for share in inside) if inside else f"{'':27}"
    print(f"{label:16}{found[0]:>8.3f}{found[1]:>8.2f}{owa:>8.3f}{shares}{s:>9.2f}", flush=True)


def speed() -> None:
    """Print the seconds for 400 hourly series with a day and a week in them, 48 hours ahead, warm."""
    rng, steps = np.random.default_rng(0), 24 * 7 * 6
    season = 10 + np.sin(2 * np.pi * np.arange(steps) / 24) + 0.5 * np.sin(2 * np.pi * np.arange(steps) / 168)
    values = season[None, :] + rng.normal(0, 0.3, (SERIES, steps))
    panel = _panel(list(values), "h", (24, 168), 24)
    model = ZeroShot()
    model.horizon = 48
    model.learn(panel, None, FitContext())
    model.forecast(panel)
    times, work = [], []
    for _ in range(5):
        began, worked = time.perf_counter(), time.process_time()
        model.forecast(panel)
        times.append(time.perf_counter() - began)
        work.append(time.process_time() - worked)
    print(f"\n{SERIES} series, 48 steps ahead, seasons of 24 and 168, warm: {min(times):.2f} to {max(times):.2f} s")
    print(f"of all cores together {np.median(work):.2f} s, which a busy machine changes less; bar {BAR:g} s")


def traffic(horizon: int, windows: int) -> tuple[Panel, Held]:
    """Return the traffic sample and its last windows."""
    table = pd.read_parquet(SAMPLES / "traffic" / "traffic.parquet").set_index("time")
    values = table["traffic volume"].astype(float).asfreq("h")
    values = values.loc[: values.last_valid_index()]
    panel = _panel([values.to_numpy()], "h", (24, 168), 24, start=values.index[0])
    return _held(panel, horizon, windows)


def electricity(horizon: int, windows: int) -> tuple[Panel, Held]:
    """Return the electricity sample and its last windows."""
    table = pd.read_parquet(SAMPLES / "electricity" / "generation.parquet")
    parts = [part["generation"].to_numpy(float) for _, part in table.groupby(["state", "sector"], sort=False)]
    return _held(_panel(parts, "MS", (12,), 12, start=pd.Timestamp(table["month"].min())), horizon, windows)


def weekly(folder: Path) -> tuple[Panel, Held]:
    """Return M4 Weekly: all but the last 13 weeks, and those; MASE scales by one step, as the competition has it."""
    train = pd.read_csv(folder / "Weekly-train.csv", index_col=0)
    test = pd.read_csv(folder / "Weekly-test.csv", index_col=0).to_numpy(float)
    panel = _panel([row[~np.isnan(row)] for row in train.to_numpy(float)], "", (52,), 1)
    return panel, Held(panel, test)


def _panel(
    values: list[np.ndarray], frequency: str, seasons: tuple[int, ...], scale: int, start: pd.Timestamp | None = None
) -> Panel:
    lengths = np.array([len(one) for one in values])
    if start is None:
        frequency, times = "", np.concatenate([np.arange(1, length + 1) for length in lengths])
    else:
        index = pd.date_range(start, periods=lengths.max(), freq=frequency).to_numpy().astype("datetime64[ns]")
        times = np.concatenate([index[:length] for length in lengths])
    return Panel(
        series=np.array([f"series {at}" for at in range(len(values))], dtype=object),
        starts=np.concatenate([[0], np.cumsum(lengths)]),
        values=np.concatenate(values),
        times=times,
        frequency=frequency,
        seasons=seasons,
        scale_season=scale,
    )


def _held(panel: Panel, horizon: int, windows: int) -> tuple[Panel, Held]:
    """Return what stands before the last windows, and these."""
    at = np.tile(np.arange(len(panel)), windows)
    ends = panel.lengths[at] - horizon * np.repeat(np.arange(windows, 0, -1), len(panel))
    known = panel.until(np.arange(len(panel)), panel.lengths - horizon * windows)
    return known, Held(panel.until(at, ends, horizon), panel.truth(at, ends, horizon))


if __name__ == "__main__":
    main()
