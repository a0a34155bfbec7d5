"""How many labels are needed: the score against the number of labels, for any models, with several draws each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dl_core.data.dataset import Dataset
from dl_core.errors import counted
from dl_core.models.keras_fit import auroc

if TYPE_CHECKING:
    from dl_core.models.base import Classifier, FitContext

BUDGETS = (10, 25, 50, 100, 200, 500, 1000, 2000, 5000)


def learning_curve(
    train: Dataset,
    validation: Dataset,
    test: Dataset,
    models: Mapping[str, Callable[[], Classifier]],
    seeds: int | Sequence[int],
    context: FitContext,
    budgets: Sequence[int] = BUDGETS,
    draws: Mapping[str, int] | None = None,
) -> list[dict[str, Any]]:
    """Return one row for each model, budget and draw.

    A budget is the number of labels that a model gets in all: four fifths to learn from and one fifth, at least one a
    class, to choose by, both drawn in proportion to the classes. The larger budgets of a seed contain the smaller ones.
    The last budget is all training rows.

    Parameters
    ----------
    train, validation, test : Dataset
        Labels are drawn from the first two; the test rows are only scored.
    models : mapping of str to callable
        Each returns a fresh, unfitted model. Those that keep features in ``context.cache`` compute them once.
    seeds : int or sequence of int
        Draws; a number n stands for 0 … n - 1.
    context : FitContext
        Its progress runs over the whole curve.
    budgets : sequence of int
        Numbers of labels; those beyond the data are left out.
    draws : mapping of str to int or None
        Models that are too slow for all ``seeds``: how many of the first each gets.

    Returns
    -------
    list of dict
        ``model``, ``labels``, ``seed``, ``metric`` ("auroc", mean one-vs-rest) and ``value``.
    """
    seeds = range(seeds) if isinstance(seeds, int) else seeds
    pool = len(train)
    counts = [budget for budget in sorted(set(budgets)) if budget < pool] + [pool]
    most = {name: (draws or {}).get(name, len(seeds)) for name in models}
    steps = [(n, seed, name) for n in counts for i, seed in enumerate(seeds) for name in models if i < most[name]]
    rows = []
    for step, (labels, seed, name) in enumerate(steps):
        part = context.part(step / len(steps), (step + 1) / len(steps))
        part.progress(0.0, f"{counted(labels, 'label')}, draw {seed + 1}: {name}")
        learn, choose = draw(train, validation, labels, seed)
        model = models[name]()
        model.fit(learn, choose, part.quiet(seed))
        value = float(auroc(test.targets, model.scores(test)))
        rows.append({"model": name, "labels": labels, "seed": seed, "metric": "auroc", "value": value})
    context.progress(1.0, "Learning curve computed")
    return rows


def draw(train: Dataset, validation: Dataset, labels: int, seed: int) -> tuple[Dataset, Dataset]:
    """Return a part of ``train`` and of ``validation`` with ``labels`` labels together, classes in proportion."""
    classes = len(train.classes)
    for_choice = min(len(validation), max(classes, labels // 5))
    if labels >= len(train):
        return train, validation
    learn = stratified_order(train.targets, seed)[: max(classes, labels - for_choice)]
    choose = stratified_order(validation.targets, seed)[:for_choice]
    return train.subset(train.ids[learn]), validation.subset(validation.ids[choose])


def stratified_order(y: np.ndarray, seed: int) -> np.ndarray:
    """Return an order of the rows, random within classes, of which every beginning holds the classes in proportion.

    The first rows are one of each class. A row's place is its rank within its class, scaled to the class' size.
    """
    random = np.random.default_rng(seed)
    place = np.empty(len(y))
    for value in np.unique(y):
        rows = random.permutation(np.flatnonzero(y == value))
        ranks = (np.arange(len(rows)) + random.uniform()) / len(rows)
        ranks[0] = -1.0
        place[rows] = ranks
    return np.lexsort((random.uniform(size=len(y)), place))
