"""Seconds an epoch and peak memory of Mult-VAE on a million interactions, streamed and plainly dense, in one run.

    python -m benchmarks.recommendation_million [--users 20000] [--items 15000] [--interactions 1000000] [--epochs 2]

Simulated interactions. *core s* are an epoch's seconds of all cores together, which a busy machine does not change
much. Each way runs in a process of its own, whose peak memory is the whole process', Keras included. *streamed* is what
the dashboard trains: rows stay sparse and a batch at a time is made dense. *dense* is the plain way: the same network
and batches, with the whole users × items array handed to Keras' `fit`.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time

import numpy as np

from dl_core.data.interactions.histories import Histories

BARS = {"epoch": 60, "memory": 2.0}  # s, GB
CLUSTERS, OWN = 50, 0.7  # groups of items and users; the share of a user's items that is of his group
WAYS = ("streamed", "dense")


def main() -> None:
    """Run both ways and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=20_000)
    parser.add_argument("--items", type=int, default=15_000)
    parser.add_argument("--interactions", type=int, default=1_000_000)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--way", choices=WAYS, help="only this way, in this process, as JSON")
    args = parser.parse_args()
    if args.way:
        print(json.dumps(measure(args)))
        return
    print(f"simulated: {args.interactions:,} draws of {args.users:,} users, {args.items:,} items")
    print(f"{'':10}{'s/epoch':>9}{'core s':>9}{'users/s':>9}{'peak GB':>9}{'loss':>9}{'pairs':>11}")
    for way in WAYS:
        found = json.loads(subprocess.check_output([sys.executable, "-m", __spec__.name, *sys.argv[1:], "--way", way]))
        rate = args.users / found["epoch"]
        print(
            f"{way:10}{found['epoch']:9.1f}{found['work']:9.1f}{rate:9.0f}{found['memory']:9.2f}{found['loss']:9.1f}{found['pairs']:11,}"
        )
    print(f"bar: {BARS['epoch']} s an epoch on two cores, {BARS['memory']:.0f} GB")


def measure(args: argparse.Namespace) -> dict[str, float]:
    """Train one way and return the fastest epoch's seconds, peak memory in GB, loss and number of pairs."""
    from dl_core.models.base import FitContext
    from dl_core.models.interactions.mult_vae import MultVAE

    known = simulated(args.users, args.items, args.interactions)
    model = MultVAE()
    if args.way == "streamed":
        ends = [time.process_time()]
        context = FitContext(options={"epochs": args.epochs}, emit=lambda event: _note(event, ends))
        model.learn(known, None, context)
        history = [{**entry, "work": work} for entry, work in zip(model.history, np.diff(ends), strict=True)]
    else:
        history = dense_epochs(known, args.epochs)
    epoch, work = (min(entry[name] for entry in history) for name in ("seconds", "work"))
    return {
        "epoch": epoch,
        "work": work,
        "memory": peak(),
        "loss": history[-1]["loss"],
        "pairs": int(known.matrix().nnz),
    }


def _note(event: dict, ends: list[float]) -> None:
    if event["event"] == "epoch":
        ends.append(time.process_time())


def dense_epochs(known: Histories, epochs: int) -> list[dict[str, float]]:
    """Return seconds, core seconds and loss of each epoch of Keras' own loop on one dense array."""
    import keras

    from dl_core.models.interactions.mult_vae import CODE, build_mult_vae, suiting_plan, suiting_units
    from dl_core.models.interactions.multi_hot import batch_for, multinomial_loss

    x = known.matrix().toarray()  # (users, items): what the streamed way never makes
    plan = suiting_plan(len(x))
    network = build_mult_vae(x.shape[1], suiting_units(x.shape[1]), CODE, 0.5, 0)
    network.compile(optimizer=keras.optimizers.AdamW(plan.learning_rate, weight_decay=0.0), loss=multinomial_loss)
    found = []
    for _ in range(epochs):
        began, worked = time.perf_counter(), time.process_time()
        told = network.fit(x, x, batch_size=batch_for(x.shape[1], plan.batch_size), epochs=1, verbose=0)
        spent = {"seconds": time.perf_counter() - began, "work": time.process_time() - worked}
        found.append({**spent, "loss": told.history["loss"][-1]})
    return found


def simulated(users: int, items: int, interactions: int, seed: int = 0) -> Histories:
    """Return histories with long tails of activity and fame, in groups; repeated draws count once in training."""
    rng = np.random.default_rng(seed)
    share = rng.lognormal(0.0, 1.0, users)
    who = np.repeat(np.arange(users), rng.multinomial(interactions, share / share.sum()))
    fame = 1 / (np.arange(items) + 20.0)
    what = rng.choice(items, interactions, p=fame / fame.sum())
    group = rng.integers(0, CLUSTERS, users)[who]
    own = rng.random(interactions) < OWN
    what = np.where(own, np.minimum(what - what % CLUSTERS + group, items - 1), what)  # the nearest of one's own group
    starts = np.concatenate([[0], np.cumsum(np.bincount(who, minlength=users))]).astype(np.int64)
    ids = np.arange(users).astype(str).astype(object)
    return Histories(ids, items, what.astype(np.int32), starts, np.ones(interactions, dtype=np.float32))


def peak() -> float:
    """Return the highest memory of this process so far, in GB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


if __name__ == "__main__":
    main()
