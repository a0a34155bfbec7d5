"""The one judge: units × scores × metric → draws → intervals, groups and paired differences, for every problem.

What is judged are `Units`: rows, users, or windows of series, with what one model said of them. A problem says what its
units are and which of them belong together (`Units.draws`), and turns a metric into a `Quantity`: a number with its
value under any weighting of the units (`Units.quantity`). All else is here and in the modules beside:

- `draws`: how often each unit stands in each resample; clusters and two levels are options of the one set of draws;
- `quantities.resample`: the value of every quantity under every weighting, by one product of matrices where it is a
  ratio of sums over units, so that a thousand resamples of a hundred metrics and slices take a moment;
- `judge` (here): metrics and slices of several models with intervals;
- `pairs`: differences of two models on the same units, p-values, verdicts;
- `choice`: which model is best on validation units;
- ``bias.disparities``: metrics by group and how far groups are apart, before and after a remedy.

Models that stand on the same units in the same order get the same draws, so that differences are paired.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Self, TypeVar

import numpy as np
import pandas as pd

from dl_core.errors import OptionError
from dl_core.evaluate.draws import Draws
from dl_core.evaluate.metric import Metric
from dl_core.evaluate.quantities import Estimate, Quantity, resample
from dl_core.evaluate.results import METRIC_COLUMNS

Key = tuple[Hashable, ...]
ALL = "all"  # first part of the key of a metric of all units; slices have their own
Slices = Callable[[Any, Mapping[Key, Quantity]], Mapping[Key, Quantity]]


class Units(ABC):
    """What one model said of the units that it is judged on."""

    unit: str = "rows"  # what n counts
    large: bool = False  # whether quantities take so much room that one model is judged after the other

    @property
    @abstractmethod
    def ids(self) -> pd.Index:
        """What each unit is called, (n,); models are paired by it."""

    @abstractmethod
    def take(self, at: np.ndarray) -> Self:
        """Return the units at these positions."""

    @abstractmethod
    def draws(self, seed: int = 0, n_resamples: int | None = None) -> Draws:
        """Return the draws by which models on these units are judged."""

    @abstractmethod
    def quantity(self, metric: Any, seed: int = 0) -> Quantity:
        """Return a metric as a number that can be weighted."""

    @property
    def spreads(self) -> bool:
        """Whether there are units enough that differ, so that an interval can be told."""
        return True

    def fits(self, metric: Any) -> bool:
        """Return whether all is known that a metric needs."""
        return True

    def count(self, quantity: Quantity) -> int:
        """Return on how many units a number stands."""
        return quantity.n

    def positives_of(self, inside: np.ndarray) -> int | None:
        """Return how many of the units ``inside`` (n,) bool are of the positive class; None where there is none."""
        return None

    def grouped(self, metrics: Sequence[Metric], inside: np.ndarray, whole: Mapping[str, Quantity]) -> list[Quantity]:
        """Return metrics of the units ``inside`` (n,) bool, given those of all by name."""
        return [whole[metric.name].within(inside) for metric in metrics]

    def __len__(self) -> int:
        return len(self.ids)


Some = TypeVar("Some", bound=Units)


def estimate(units: Units, quantity: Quantity, drawn: np.ndarray) -> Estimate:
    """Return a number with its interval and n, given its resampled values."""
    ends = quantity.interval(drawn) if units.spreads else (float("nan"), float("nan"))
    return Estimate(quantity.value, *ends, units.count(quantity))


def judge(
    models: Mapping[str, Some],
    metrics: Sequence[Metric],
    *,
    seed: int = 0,
    n_resamples: int | None = None,
    slices: Slices | None = None,
) -> dict[str, dict[Key, Estimate]]:
    """Return every metric of every model with its 95 % interval and n.

    Parameters
    ----------
    models : mapping
        `Units` by name; a model without any has no numbers.
    metrics : sequence of Metric
        Those for which all is known that they need are judged.
    seed : int
    n_resamples : int or None
        None for 1000, or fewer on very many units (`draws.resamples_for`).
    slices : callable or None
        Makes more quantities, by keys of its own, of a model's units and its metrics.

    Returns
    -------
    dict
        By model, estimates by key; a metric of all units has the key (`ALL`, name).
    """
    found: dict[str, dict[Key, Estimate]] = {name: {} for name in models}
    for names in alike(models):
        first = models[names[0]]
        if not len(first):
            continue
        draws = first.draws(seed, n_resamples)
        batches = [[name] for name in names] if first.large else [names]
        blocks = draws.kept() if len(batches) > 1 else draws
        for batch in batches:
            made = {name: _quantities(models[name], metrics, seed, slices) for name in batch}
            drawn = resample({(name, key): one for name in batch for key, one in made[name].items()}, blocks)
            for name in batch:
                found[name] = {key: estimate(models[name], q, drawn[name, key]) for key, q in made[name].items()}
    return found


def _quantities(
    units: Units, metrics: Sequence[Metric], seed: int, slices: Slices | None = None
) -> dict[Key, Quantity]:
    whole: dict[Key, Quantity] = {(ALL, one.name): units.quantity(one, seed) for one in metrics if units.fits(one)}
    return whole if slices is None else {**whole, **slices(units, whole)}


def alike(models: Mapping[str, Units]) -> list[list[str]]:
    """Return the models in groups that stand on the same units in the same order."""
    groups: list[list[str]] = []
    for name, units in models.items():
        here = next((group for group in groups if models[group[0]].ids.equals(units.ids)), None)
        if here is None:
            groups.append([name])
        else:
            here.append(name)
    return groups


def metric_table(found: Mapping[str, Mapping[Key, Estimate]]) -> pd.DataFrame:
    """Return the metrics of all units as `Evaluation` keeps them."""
    lines = [(model, key[1], *one) for model, own in found.items() for key, one in own.items() if key[0] == ALL]
    return pd.DataFrame(lines, columns=list(METRIC_COLUMNS))


def slice_lines(found: Mapping[Key, Estimate], kind: str, *names: str) -> list[dict[str, Any]]:
    """Return the lines of one kind of slice as plain JSON; ``names`` are those of what follows the kind in the keys."""
    return [{**dict(zip(names, key[1:], strict=True)), **one.as_dict()} for key, one in found.items() if key[0] == kind]


def shared(models: Mapping[str, Some], what: str) -> dict[str, Some]:
    """Return the units of each model that all of them have, in the same order.

    Raises
    ------
    OptionError
        If there are none; ``what`` says what they share no one of, such as ``"labelled test row"``.
    """
    common = next(iter(models.values())).ids
    for units in models.values():
        common = common if units.ids.equals(common) else common[common.isin(units.ids)]
    if not len(common):
        raise OptionError(f"these models share no {what}", expected="models of one run")
    return {
        name: units if units.ids.equals(common) else units.take(units.ids.get_indexer(common))
        for name, units in models.items()
    }
