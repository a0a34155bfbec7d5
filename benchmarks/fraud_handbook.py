"""Fraud Detection Handbook, four prequential folds: our networks, boosted trees on the same columns, published figures.

    python -m benchmarks.fraud_handbook --data fraud_handbook.parquet [--seeds 3] [--models a,b] [--networks 3] [--tune]

Protocol (Le Borgne et al. 2022, chapter 5): training weeks that start on 25 July, 1, 8 and 15 August 2018, a week of
delay in which labels are not known yet, then a week of test; cards known to be compromised by then leave it. The first
fold has 67,240 training rows with 598 frauds and 58,264 test rows with 385. The week before training, whose labels
are known by then, is the validation by which an epoch is kept; it does not train.

No choice was made on these test weeks: columns, layers, learning rate and epochs were chosen on the folds that start on
20 and 27 June, 4 and 11 July (``--tune`` measures those), the last of whose test weeks ends before 1 August.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, roc_auc_score

from dl_core.data.dataset import Dataset
from dl_core.data.table.split import split_transactions
from dl_core.evaluate.table.review import weighted_card_precision
from dl_core.models.base import FitContext
from dl_core.models.table.encode import TableEncoder
from dl_core.reading.request import ReadRequest
from dl_core.reading.table.read import read_transactions
from dl_core.schema import Role

FOLDS = ("2018-07-25", "2018-08-01", "2018-08-08", "2018-08-15")
TUNING = ("2018-06-20", "2018-06-27", "2018-07-04", "2018-07-11")
FIRST = (67_240, 598, 58_264, 385)  # rows and frauds of the first fold's training and test
BUDGET = 100  # cards a day
# Le Borgne et al. 2022, tuned, mean of the four folds: AUC, average precision, card precision@100
PUBLISHED = {
    "logistic regression": (0.868, 0.623, 0.297),
    "random forest": (0.870, 0.678, 0.299),
    "XGBoost": (0.869, 0.687, 0.303),
    "balanced bagging": (0.879, 0.680, 0.305),
    "feed-forward network": (0.876, 0.675, 0.303),
    "LSTM": (0.876, 0.665, 0.297),
    "LSTM with attention": (0.874, 0.667, 0.295),
}
BARS = (0.883, 0.700, 0.310)
DEEP = {"feed_forward": "FeedForward", "recurrent": "Recurrent"}
PEERS = ("lightgbm", "hist_gradient_boosting")  # each of ours is held against each of these, in pairs
PLAIN = {"logistic": "Logistic", "boosting": "Boosting"}
ROLES = {
    Role.TIME: ("TX_DATETIME",),
    Role.ENTITY: ("CUSTOMER_ID",),
    Role.COUNTERPARTY: ("TERMINAL_ID",),
    Role.AMOUNT: ("TX_AMOUNT",),
    Role.LABEL: ("TX_FRAUD",),
    Role.FEATURE: (),  # the scenario is the label in disguise, and the other columns repeat the time
    Role.ID: (),
    Role.GROUP: (),
}

Scorer = Callable[[Dataset, Dataset, Dataset, int], np.ndarray]


@dataclass(frozen=True)
class Fold:
    """One training week with the week before it as validation, and its test week."""

    start: str
    train: Dataset
    validation: Dataset
    test: Dataset

    @property
    def about(self) -> dict[str, np.ndarray | float]:
        """What card precision needs of the test rows."""
        days = self.test.table["TX_DATETIME"].to_numpy().astype("datetime64[D]").astype(np.int64)
        return {"day": days, "account": pd.factorize(self.test.table["CUSTOMER_ID"])[0], "budget": float(BUDGET)}


def main() -> None:
    """Fit everything on every fold and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--networks", type=int, default=1, help="networks averaged in each fit of a deep model")
    parser.add_argument("--models", default="feed_forward,recurrent,logistic,boosting,lightgbm,hist_gradient_boosting")
    parser.add_argument("--draws", type=int, default=300, help="resamples of the paired interval")
    parser.add_argument("--tune", action="store_true", help="the earlier folds, on which choices are made")
    args = parser.parse_args()
    began = time.perf_counter()
    data = read_transactions(ReadRequest((args.data,), roles=ROLES))
    columns = len(data.roles[Role.HISTORY])
    print(f"{len(data):,} rows read, {columns} columns of history: {time.perf_counter() - began:.0f} s", flush=True)
    names = [name for name in args.models.split(",") if name]
    scorers = {name: found for name in names if (found := scorer(name, args.networks)) is not None}
    folds = list(made_folds(data, TUNING if args.tune else FOLDS))
    if not args.tune:
        found = tuple(int(x) for part in (folds[0].train, folds[0].test) for x in (len(part), part.targets.sum()))
        print(f"first fold: {found}, as published: {FIRST}" + ("" if found == FIRST else "  DIFFERS"))
    scores = {name: run(name, one, folds, args.seeds if name in DEEP else 1) for name, one in scorers.items()}
    show(scores, folds)
    for other in (name for name in PEERS if name in scores):
        for name in (name for name in DEEP if name in scores):
            show_interval((name, other), scores[name], scores[other], folds, args.draws)


def made_folds(data: Dataset, starts: tuple[str, ...]) -> Iterator[Fold]:
    """Yield the folds whose training weeks start on these days."""
    for start in starts:
        options = {
            **dict.fromkeys(("train_days", "validation_days", "test_days", "delay_days"), 7),
            "test_start": str(np.datetime64(start) + 14),
            "validation": "earlier",
            "compromised_days": 7,
            "split": "time",
        }
        splits = split_transactions(data, 0, options)
        yield Fold(start, *(data.subset(getattr(splits, part)) for part in ("train", "validation", "test")))


def scorer(name: str, networks: int) -> Scorer | None:
    """Return what fits one model and scores the test rows, or None with a word where it is not installed."""
    if name in DEEP | PLAIN:
        kind = getattr(import_module(f"dl_core.models.table.{name}"), (DEEP | PLAIN)[name])

        def ours(train: Dataset, validation: Dataset, test: Dataset, seed: int) -> np.ndarray:
            model = kind()
            model.fit(train, validation, FitContext(seed=seed, options={"networks": networks} if name in DEEP else {}))
            return model.scores(test)[:, 1]

        return ours
    try:
        make = peer(name)
    except ModuleNotFoundError:
        print(f"{name} is left out: `pip install lightgbm` to see it")
        return None

    def theirs(train: Dataset, validation: Dataset, test: Dataset, seed: int) -> np.ndarray:
        encoder = TableEncoder.fit(train)
        x = [encoder.frame(part).to_numpy(dtype=np.float32) for part in (train, test)]
        return make(seed).fit(x[0], train.targets).predict_proba(x[1])[:, 1]

    return theirs


def peer(name: str) -> Callable[[int], object]:
    """Return what makes a boosted ensemble of another house from a seed."""
    if name == "lightgbm":
        from lightgbm import LGBMClassifier

        plan = {"n_estimators": 200, "learning_rate": 0.05, "num_leaves": 31, "min_child_samples": 20}
        drawn = {"subsample": 0.8, "subsample_freq": 1, "colsample_bytree": 0.6}
        return lambda seed: LGBMClassifier(**plan, **drawn, random_state=seed, verbose=-1)
    if name == "hist_gradient_boosting":
        from sklearn.ensemble import HistGradientBoostingClassifier

        return lambda seed: HistGradientBoostingClassifier(max_iter=200, learning_rate=0.05, random_state=seed)
    raise SystemExit(f"there is no model {name!r}")


def run(name: str, one: Scorer, folds: list[Fold], seeds: int) -> list[list[np.ndarray]]:
    """Return the test scores of each fold and seed."""
    found = []
    for fold in folds:
        began = time.perf_counter()
        found.append([one(fold.train, fold.validation, fold.test, seed) for seed in range(seeds)])
        seconds = (time.perf_counter() - began) / seeds
        figures = "/".join(f"{value:.3f}" for value in np.mean([judge(fold, scores) for scores in found[-1]], axis=0))
        print(f"{name:24}{fold.start}  {figures}  {seconds:.1f} s a fit with its scores", flush=True)
    return found


def judge(fold: Fold, scores: np.ndarray, weights: np.ndarray | None = None) -> tuple[float, float, float]:
    """Return AUC, average precision and card precision@100 of a fold's test rows, weighted (n,)."""
    y = fold.test.targets
    weights = np.ones(len(y)) if weights is None else weights
    pair = np.stack([1 - scores, scores], axis=1)
    cards = weighted_card_precision(y, pair, weights[None], about=fold.about)[0]
    area = roc_auc_score(y, scores, sample_weight=weights)
    return area, average_precision_score(y, scores, sample_weight=weights), float(cards)


def show(scores: dict[str, list[list[np.ndarray]]], folds: list[Fold]) -> None:
    """Print the mean of the folds beside the published figures and what a perfect model would reach."""
    print(f"\n{'mean of four folds ± deviation between folds':46}{'AUC':>15}{'AP':>15}{'CP@100':>15}")
    for name, found in scores.items():
        table = np.array([np.mean([judge(f, s) for s in one], axis=0) for f, one in zip(folds, found, strict=True)])
        _line(name, table.mean(axis=0), table.std(axis=0))
        if len(found[0]) > 1:
            each = np.array(
                [[judge(f, one[s]) for f, one in zip(folds, found, strict=True)] for s in range(len(found[0]))]
            )
            _line("  deviation between seeds", each.mean(axis=1).std(axis=0))
            averaged = [judge(f, np.mean(one, axis=0)) for f, one in zip(folds, found, strict=True)]
            _line("  scores averaged over seeds", np.mean(averaged, axis=0))
    perfect = np.mean([judge(fold, fold.test.targets.astype(float)) for fold in folds], axis=0)
    _line("a perfect model", perfect)
    for name, figures in PUBLISHED.items():
        _line(f"{name} (published)", figures)
    _line("bar for the best network", BARS)


def _line(name: str, values: np.ndarray | tuple[float, ...], spread: np.ndarray | None = None) -> None:
    texts = [f"{value:.4f}" for value in values]
    if spread is not None:
        texts = [f"{text} ± {one:.3f}" for text, one in zip(texts, spread, strict=True)]
    print(f"{name:46}" + "".join(f"{text:>15}" for text in texts), flush=True)


def show_interval(
    names: tuple[str, str], ours: list[list[np.ndarray]], theirs: list[list[np.ndarray]], folds: list[Fold], draws: int
) -> None:
    """Print the difference of the folds' means with a 95 % interval: accounts are resampled, all weeks at once."""
    accounts = pd.concat([fold.test.table["CUSTOMER_ID"] for fold in folds])
    codes = np.split(pd.factorize(accounts)[0], np.cumsum([len(fold.test) for fold in folds])[:-1])
    count, rng, found = max(part.max() for part in codes) + 1, np.random.default_rng(0), []
    for draw in range(draws + 1):
        drawn = np.bincount(rng.integers(0, count, count), minlength=count) if draw else np.ones(count)
        rows = []
        for fold, part, a, b in zip(folds, codes, ours, theirs, strict=True):
            weights = drawn[part].astype(float)
            each = np.mean([judge(fold, scores, weights) for scores in a], axis=0)
            rows.append(each - np.array(judge(fold, b[0], weights)))
        found.append(np.mean(rows, axis=0))
    low, high = np.percentile(found[1:], [2.5, 97.5], axis=0)
    for measure, at, below, above in zip(("AUC", "AP", "CP@100"), found[0], low, high, strict=True):
        print(f"{names[0]} − {names[1]}, {measure}: {at:+.4f} [{below:+.4f}, {above:+.4f}]")


if __name__ == "__main__":
    main()
