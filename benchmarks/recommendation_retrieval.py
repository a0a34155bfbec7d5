"""Seconds and memory of the top 10 of 100,000 users among 20,000 items, and of one user's: exact, in blocks.

    python -m benchmarks.recommendation_retrieval [--users 100000] [--items 20000] [--factors 64] [--length 30]

Histories, factors and similarities are drawn at random, since speed does not depend on what they say; users' vectors
are solved for as for new users. The peer is the plain way, measured in the same run on some of the users: the same
scores, sorted whole. Lists of both are compared. Wall clock; peak memory is that of the whole process.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time

import numpy as np
import pandas as pd
from scipy import sparse

from dl_core.data.interactions.catalogue import Catalogue
from dl_core.data.interactions.histories import Histories
from dl_core.models.interactions.base import Recommender
from dl_core.models.interactions.factors import MatrixFactorisation, Settings
from dl_core.models.interactions.linear import shares
from dl_core.models.interactions.neighbours import ItemNeighbours
from dl_core.models.interactions.retrieve import top_items

BARS = {"all": 60, "one": 50, "memory": 3.0}  # s, ms, GB
K = 10
PEER_USERS = 2_000  # users whose lists the plain way makes


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, value in (("users", 100_000), ("items", 20_000), ("factors", 64), ("length", 30), ("neighbours", 200)):
        parser.add_argument(f"--{name}", type=int, default=value)
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    histories = draw_histories(args.users, args.items, args.length, rng)
    print(f"{args.users:,} users, {args.items:,} items, {len(histories.items):,} interactions; {peak():.2f} GB before")
    for model in (draw_factors(histories, args.factors, rng), draw_neighbours(histories, args.neighbours, rng)):
        measure(model, histories)


def measure(model: Recommender, histories: Histories) -> None:
    """Time all users' lists, the plain way for some of them, and one user's, and print."""
    some = histories.take(np.arange(min(PEER_USERS, len(histories))))
    top_items(model, some, K)  # threads and libraries are warm
    began, work = time.perf_counter(), time.process_time()
    items, _ = top_items(model, histories, K)
    seconds, work = time.perf_counter() - began, time.process_time() - work
    highest = peak()
    began = time.perf_counter()
    plain = sorted_whole(model, some)
    peer = (time.perf_counter() - began) * len(histories) / len(some)
    print(f"{type(model).__name__}: {seconds:.1f} s for all (bar {BARS['all']}), {work:.1f} s of one core,", end=" ")
    print(f"peak {highest:.2f} GB (bar {BARS['memory']:.0f})")
    same = bool((items[: len(some)] == plain).all())
    print(f"  plain sort {peer:.0f} s, {peer / seconds:.1f} times as long; same lists: {same}")
    found = [one(model, histories.take([user])) for user in range(25)]
    print(f"  one user: {1000 * np.median(found):.1f} ms (median of 25, bar {BARS['one']})")


def sorted_whole(model: Recommender, histories: Histories) -> np.ndarray:
    """Return the lists (n, K) by sorting every user's scores."""
    lists = []
    for _, block in histories.blocks():
        scores = np.array(model.score_items(block))
        scores[block.known().nonzero()] = -np.inf
        lists.append(np.argsort(-scores, axis=1, kind="stable")[:, :K])
    return np.concatenate(lists)


def one(model: Recommender, histories: Histories) -> float:
    """Return the seconds of one user's list."""
    began = time.perf_counter()
    top_items(model, histories, K)
    return time.perf_counter() - began


def draw_histories(users: int, items: int, length: int, rng: np.random.Generator) -> Histories:
    """Return histories of ``length`` items on average, popular ones more often."""
    lengths = np.minimum(rng.geometric(1 / length, users), items // 4)
    taken = (items * rng.random(int(lengths.sum())) ** 2).astype(np.int32)
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    ids = np.arange(users).astype(str).astype(object)
    return Histories(ids, items, taken, starts, np.ones(len(taken), dtype=np.float32))


def draw_factors(histories: Histories, factors: int, rng: np.random.Generator) -> MatrixFactorisation:
    """Return a matrix factorisation with random items."""
    model = MatrixFactorisation()
    model.settings, model.scale = Settings(factors=factors), None
    model.items = rng.normal(0, 0.1, (histories.n_items, factors)).astype(np.float32)
    return dressed(model, histories)


def draw_neighbours(histories: Histories, neighbours: int, rng: np.random.Generator) -> ItemNeighbours:
    """Return item neighbours with random similarities."""
    size = histories.n_items
    columns = rng.integers(0, size, size * neighbours).astype(np.int32)
    starts = np.arange(0, len(columns) + 1, neighbours)
    model = ItemNeighbours()
    model.similarity = sparse.csr_matrix((rng.random(len(columns), dtype=np.float32), columns, starts), (size, size))
    model.similarity.sum_duplicates()
    return dressed(model, histories)


def dressed(model: Recommender, histories: Histories) -> Recommender:
    """Return the model with popularity and a catalogue."""
    ids = np.array([f"{i:06d}" for i in range(histories.n_items)], dtype=object)
    model.catalogue, model.popularity = Catalogue(ids, pd.DataFrame(index=pd.Index(ids))), shares(histories)
    return model


def peak() -> float:
    """Return the highest memory of this process so far, in GB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


if __name__ == "__main__":
    main()
