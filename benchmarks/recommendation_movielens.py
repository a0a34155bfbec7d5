"""Lists of ten under the protocol of the recommenders team's MovieLens-100k benchmark: quality and seconds.

    python -m benchmarks.recommendation_movielens [--data u.data] [--seeds 42,43,44] [--models ease,deep_blend]

Within each item a shuffled 75 % of its ratings go to training; every rating counts as relevant; all items are ranked,
those a user has rated in training removed. A tenth of training is held out to choose settings by, and each model is
then learned anew from all of training; seconds cover both. The licence of MovieLens forbids to pass the file on:
without ``--data`` the benchmark runs on **simulated** ratings of its shape, whose figures say nothing about MovieLens.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from benchmarks.simulated_ratings import simulate_ratings
from dl_core.data.dataset import Dataset, Source
from dl_core.data.interactions.histories import POSITIVE, Histories
from dl_core.domains.recommendation import MODELS as OFFERS
from dl_core.models.base import FitContext
from dl_core.models.interactions.base import Recommender
from dl_core.models.interactions.retrieve import top_items
from dl_core.schema import Role

PUBLISHED = {  # of the recommenders team, top 10: MAP, nDCG, precision, recall
    "BiVAE (published)": (0.144, 0.469, 0.408, 0.221),
    "BPR (published)": (0.134, 0.445, 0.389, 0.217),
    "LightGCN (published)": (0.121, 0.416, 0.359, 0.196),
    "SAR (published)": (0.114, 0.394, 0.341, 0.185),
    "NCF (published)": (0.095, 0.369, 0.327, 0.163),
}
MODELS = "popularity,item_neighbours,ease,matrix_factorisation,mult_vae,deep_blend,sasrec,gru4rec"
ROLES = {Role.USER: ("user",), Role.ITEM: ("item",), Role.VALUE: ("rating",), Role.TIME: ("time",)}
K, TRAINED, CHOOSING, BEYOND = 10, 0.75, 0.1, "EASE"


def main() -> None:
    """Train every model for every seed and print its line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="u.data of MovieLens-100k; simulated ratings without it")
    parser.add_argument("--seeds", default="42", help="of the split (42 is the published one) and of the models")
    parser.add_argument("--models", default=MODELS)
    args = parser.parse_args()
    names, seeds = args.models.split(","), [int(seed) for seed in args.seeds.split(",")]
    names = names if "ease" in names else ["ease", *names]
    where = "SIMULATED ratings of MovieLens-100k's shape" if args.data is None else args.data.name
    print(f"{where}; split 75/25 within items, seed(s) {args.seeds}; top {K}\n")
    print(f"{'':38}{'MAP':>7}{'nDCG':>7}{'P':>7}{'R':>7}{'fit s':>8}   nDCG beyond {BEYOND} (95 % interval, users)")
    found: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for seed in seeds:
        ratings = read(args.data) if args.data else simulate_ratings(seed=seed - 42)
        trained = within_items(ratings["item"], TRAINED, seed)
        train, test = as_dataset(ratings[trained]), as_dataset(ratings[~trained])
        for name in names:
            found[name].append(measure(OFFERS[name].build, train, test, seed))
    for name in sorted(names, key=lambda one: one != "ease"):
        lines = [np.nanmean(one[:, :4], axis=0) for one in found[name]]
        seconds = np.mean([one[0, 4] for one in found[name]])
        gain = np.concatenate([a[:, 1] - b[:, 1] for a, b in zip(found[name], found["ease"], strict=True)])
        width = 1.96 * gain.std() / np.sqrt(len(gain))
        beside = "" if name == "ease" else f"   {gain.mean():+.4f} ± {width:.4f}"
        print(f"{OFFERS[name].label:38}{_figures(np.mean(lines, axis=0))}{seconds:8.1f}{beside}")
    if args.data is not None:
        for name, figures in PUBLISHED.items():
            print(f"{name:38}{_figures(np.array(figures))}")


def read(path: Path) -> pd.DataFrame:
    """Return ``user, item, rating, time`` of a tab-separated file without a header, as u.data is."""
    frame = pd.read_csv(path, sep="\t", names=["user", "item", "rating", "time"], dtype={"user": str, "item": str})
    return frame.assign(time=pd.to_datetime(frame["time"], unit="s"))


def within_items(items: pd.Series, share: float, seed: int) -> np.ndarray:
    """Return which rows (n,) bool belong to the ``share`` that is drawn within each item."""
    codes = pd.factorize(items)[0]
    order = np.random.default_rng(seed).permutation(len(codes))
    order = order[np.argsort(codes[order], kind="stable")]  # by item, shuffled within it
    counts = np.bincount(codes)
    place = np.empty(len(codes), dtype=int)
    place[order] = np.arange(len(codes)) - np.repeat(np.cumsum(counts) - counts, counts)
    return place < np.rint(share * counts)[codes]


def as_dataset(ratings: pd.DataFrame) -> Dataset:
    """Return ratings as interactions, all of them positive."""
    table = ratings.assign(**{POSITIVE: True})
    table.index = table.index.astype(str)
    return Dataset("ratings", table, ROLES, Source("ratings"), {}, ())


def measure(build: Callable[[], Recommender], train: Dataset, test: Dataset, seed: int) -> np.ndarray:
    """Return MAP, nDCG, precision and recall of each test user, and the seconds of fitting, (n, 5)."""
    model = build()
    held = np.random.default_rng(seed).random(len(train)) < CHOOSING
    began = time.perf_counter()
    model.fit(train.subset(train.ids[~held]), train.subset(train.ids[held]), FitContext(seed=seed))
    model.refit(train, FitContext(seed=seed))
    seconds = time.perf_counter() - began
    truth = test.table["user"].unique()
    histories = Histories.of(train, model.catalogue, truth)
    relevant = Histories.of(test, model.catalogue, truth).matrix()
    items, _ = top_items(model, histories, K)
    known = pd.Series(test.table["user"]).value_counts().reindex(truth).to_numpy()  # unknown items count as missed
    return np.column_stack([figures(items, relevant, known), np.full(len(truth), seconds)])


def figures(items: np.ndarray, relevant: sparse.csr_matrix, counts: np.ndarray) -> np.ndarray:
    """Return MAP, nDCG, precision and recall (n, 4) of lists (n, k) against ``relevant`` (n, n_items).

    As that benchmark has them: precision is over k, average precision and recall over all that is relevant.
    """
    n, k = items.shape
    hits = np.asarray(relevant[np.repeat(np.arange(n), k), np.maximum(items, 0).ravel()]).reshape(n, k) > 0
    hits &= items >= 0
    places = np.arange(1, k + 1)
    discounts = 1 / np.log2(places + 1)
    most = np.minimum(counts, k)
    average = (hits * np.cumsum(hits, axis=1) / places).sum(axis=1) / counts
    gain = hits @ discounts / np.cumsum(discounts)[most - 1]
    return np.column_stack([average, gain, hits.sum(axis=1) / k, hits.sum(axis=1) / counts])


def _figures(values: np.ndarray) -> str:
    return "".join(f"{value:7.3f}" for value in values[:4])


if __name__ == "__main__":
    main()
