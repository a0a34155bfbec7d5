"""Train the forecaster that ships with the project: on simulated series, and on the electricity sample's early years.

    python -m dl_core.transfer.series.pretrain --out dl_core/models/series/weights

Prints its figures. The electricity sample's last 54 months (three windows of 18) are never read, and the 54 before
them only judge; the traffic sample and the public benchmarks are not read at all. It takes about six minutes of one
core. The weights that ship were made in two runs, which stand in the notice beside them.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from dl_core.files import read_json, write_json
from dl_core.models.base import FitContext
from dl_core.models.series.pretrained_features import Reading
from dl_core.models.series.pretrained_fit import Samples, StepsPlan, train_steps
from dl_core.models.series.pretrained_net import NetSize, build_network
from dl_core.models.store import load_weights, save_weights
from dl_core.transfer.series.mixture import STEPS, Group, cut, draw_group

SAMPLE = Path(__file__).parents[3] / "sample_data" / "forecasting" / "electricity" / "generation.parquet"
TESTED, JUDGED = 54, 54  # last months that are never read, and months before them that only judge
SEASON, HORIZON = 12, 18
WEIGHTS, ABOUT = "pretrained.npz", "pretrained.json"
COUNT, HELD = 256, 24  # series of a group, and groups that only judge


def main() -> None:
    """Make the series, train, print how well held-out ones are forecast, and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of the weights")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--groups", type=int, default=300, help=f"groups of {COUNT} simulated series")
    parser.add_argument("--steps", type=int, default=4_000, help="training steps")
    parser.add_argument("--rate", type=float, default=2e-3, help="highest learning rate")
    parser.add_argument(
        "--go-on", action="store_true", help="from the weights that are in the folder, not from random ones"
    )
    parser.add_argument("--width", type=int, default=192)
    args = parser.parse_args()
    began = time.monotonic()
    rng = np.random.default_rng(args.seed)
    history = sample_values(TESTED + JUDGED)
    parts = [_samples(draw_group(rng, COUNT)) for _ in range(args.groups)]
    simulated = len(parts) * COUNT
    real = max(2, args.groups // 12)
    parts += [_samples(sample_group(rng, history)) for _ in range(real)]
    samples = Samples.together(parts)
    print(f"{simulated:,} simulated and {len(samples) - simulated:,} real windows in {_since(began)}", flush=True)
    other = np.random.default_rng([args.seed, 7])
    held = {
        "simulated": Samples.together([_samples(draw_group(other, COUNT)) for _ in range(HELD)]),
        "electricity": _samples(held_group(sample_values(TESTED))),
    }
    keras.utils.set_random_seed(args.seed)
    size = NetSize(samples.series.shape[1], samples.steps.shape[2], samples.candidates.shape[2], width=args.width)
    network = build_network(size)
    if args.go_on:
        network.set_weights(load_weights(args.out / WEIGHTS))
    plan = StepsPlan(steps=args.steps, batch=192, learning_rate=args.rate, average=0.995, every=250)
    context = FitContext(seed=args.seed, emit=lambda event: _print(event, began))
    train_steps(network, samples, plan, context)
    for name, part in held.items():
        print(f"{name}: {judged(network, part)}")
    write(args.out, network, size, args, simulated, len(samples) - simulated)
    print(f"{network.count_params():,} weights in {args.out}, {_since(began)} in all")


def sample_values(left: int, path: Path = SAMPLE) -> np.ndarray:
    """Return the electricity sample without its last ``left`` months, (series, months) float64.

    Missing months are filled by a straight line, after the cut, so that nothing later is told.
    """
    table = pd.read_parquet(path)
    names = table["state"] + " / " + table["sector"]
    wide = table.assign(name=names).pivot(index="name", columns="month", values="generation").sort_index(axis=1)
    filled = wide.iloc[:, : wide.shape[1] - left].T.interpolate(limit_direction="both").T.fillna(0.0)
    return filled.to_numpy(dtype=float)


def sample_group(rng: np.random.Generator, history: np.ndarray) -> Group:
    """Return windows of real series (n, months) at random origins, some of them mixtures of two."""
    reading, months = Reading.of((SEASON,)), history.shape[1]
    furthest = int(rng.integers(STEPS, 2 * HORIZON + 1))
    rows, others = rng.integers(0, len(history), (2, COUNT))
    size = np.maximum(np.abs(history).mean(axis=1, keepdims=True), 1e-9)
    share = np.where(rng.random((COUNT, 1)) < 0.3, rng.random((COUNT, 1)), 1.0)
    values = share * history[rows] / size[rows] + (1 - share) * history[others] / size[others]
    values *= np.exp(rng.uniform(0, 9, (COUNT, 1)))
    ends = rng.integers(2 * SEASON, months - furthest + 1, COUNT)
    place = ends[:, None] - reading.length + np.arange(reading.length + furthest)[None, :]
    known = np.minimum(ends, reading.length)
    known = np.where(rng.random(COUNT) < 0.3, rng.integers(SEASON, known + 1), known)
    return cut(rng, np.take_along_axis(values, np.maximum(place, 0), axis=1), reading, known, furthest)


def held_group(history: np.ndarray) -> Group:
    """Return the windows of three origins in the last months of ``history``."""
    reading = Reading.of((SEASON,))
    windows, truths = [], []
    for origin in (54, 36, 18):
        end = history.shape[1] - origin
        windows.append(history[:, np.maximum(np.arange(end - reading.length, end), 0)])
        truths.append(history[:, end : end + HORIZON])
    steps = np.arange(1, HORIZON + 1)
    return Group(reading, np.concatenate(windows).astype(np.float32), steps, np.concatenate(truths).astype(np.float32))


def judged(network: keras.Model, samples: Samples) -> str:
    """Return in words how well windows are forecast."""
    inputs = [samples.series, samples.steps, samples.candidates]
    found = np.asarray(network(inputs, training=False))
    error = np.abs(samples.truth - found[:, :, 6]).mean()
    simple = np.abs(samples.truth[:, :, None] - samples.candidates).mean(axis=(0, 1))
    inside = [((samples.truth >= found[:, :, at]) & (samples.truth <= found[:, :, -1 - at])).mean() for at in (0, 1, 2)]
    return (
        f"scaled error {error:.4f}; best of the simple forecasts {simple.min():.4f}, seasonal naive {simple[1]:.4f}; "
        f"within the 95, 90 and 80 % intervals: {', '.join(f'{100 * share:.1f} %' for share in inside)}"
    )


def write(folder: Path, network: keras.Model, size: NetSize, args: argparse.Namespace, made: int, real: int) -> None:
    """Write weights and what they were trained on."""
    folder.mkdir(parents=True, exist_ok=True)
    halved = [weight.astype(np.float16) if weight.ndim > 1 else weight for weight in network.get_weights()]
    save_weights(folder / WEIGHTS, halved)
    taught = [{"simulated": made, "electricity": real, "steps": args.steps, "rate": args.rate, "seed": args.seed}]
    before = read_json(folder / ABOUT)["taught"] if args.go_on else []
    write_json(folder / ABOUT, {"size": size.as_dict(), "taught": before + taught})


def _samples(group: Group) -> Samples:
    """Return the samples of a group; the less simple forecasts agree, the less a window counts.

    Else wild walks over many steps, whose errors are many spreads whatever one does, would drown all others. What came
    is not looked at, so that quantiles stay those of what comes.
    """
    samples = Samples.read(group.window, group.reading, group.steps, group.truth)
    apart = samples.candidates.std(axis=2).mean(axis=1)
    return replace(samples, weight=(1.5 / (0.5 + apart)).astype(np.float32))


def _print(event: dict, began: float) -> None:
    if event["event"] == "epoch":
        print(f"epoch {event['epoch']} of {event['epochs']}: loss {event['loss']:.4f}, {_since(began)}", flush=True)


def _since(began: float) -> str:
    return f"{time.monotonic() - began:.0f} s"


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
