"""Which model is best on validation rows: close values are no reason to prefer one; then the simpler model will do."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from dl_core.evaluate.judge import Units
from dl_core.evaluate.metric import Metric
from dl_core.evaluate.quantities import resample

RESAMPLES = 200
FEW_UNITS = 5  # whose means say nothing of a standard error
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Standing:
    """Where a model stands on validation rows.

    ``value`` is the primary metric turned so that higher is better (NaN where it is not defined), ``error`` its
    bootstrap standard error, ``size`` how many numbers the model has learned.
    """

    value: float
    error: float = 0.0
    size: int = 0


def standing(units: Units, metric: Metric, size: int = 0, seed: int = 0) -> Standing:
    """Return where the model stands that said this of validation units; ``size`` is the number of learned numbers.

    A metric that needs facts which ``units`` lack has no value there, nor has one of no units.
    """
    quantity = units.quantity(metric, seed)
    value = float(metric.gap(quantity.value))
    if math.isnan(value):
        return Standing(value, size=size)
    drawn = resample({"": quantity}, units.draws(seed, RESAMPLES))[""]
    return Standing(value, float(np.nanstd(metric.gap(drawn))), size)


def choose(standings: Mapping[str, Standing]) -> str | None:
    """Return the best model's name: of all within one standard error of the top value, the simplest.

    The one-standard-error rule of Breiman et al., *Classification and Regression Trees* (1984); simple means few
    learned numbers, and of equally simple ones the better. A rank metric on a few hundred easy rows saturates, and its
    last digits say nothing. Without any defined value the first model is returned, None without models.
    """
    known = {name: one for name, one in standings.items() if not math.isnan(one.value)}
    if not known:
        return next(iter(standings), None)
    top = max(known.values(), key=lambda one: one.value)
    close = {name: one for name, one in known.items() if one.value >= top.value - top.error}
    return min(close, key=lambda name: (close[name].size, -close[name].value))


def settled(losses: Mapping[Key, np.ndarray], units: np.ndarray | None = None) -> Key:
    """Return which setting to use, of settings whose losses on the same held-out cases are known.

    The first one, unless another is better by more than the paired standard error of the difference: what was held out
    is a sample, and the smallest of several noisy means is no reason to leave a default. Of those that are better by
    that much the one with the smallest mean is taken (Breiman et al. 1984, as in `choose`, with paired errors).

    Parameters
    ----------
    losses : mapping
        (m,) losses of each setting, lower is better, NaN where a case has none; the default comes first.
    units : numpy.ndarray or None
        (m,) which cases belong together, such as windows of one series: the standard error is over their means. None,
        or fewer than `FEW_UNITS` of them: each case stands for itself.

    Examples
    --------
    >>> settled({"default": np.array([1.0, 2.0, 3.0]), "other": np.array([0.9, 2.3, 2.6])})
    'default'
    >>> settled({"default": np.array([1.0, 2.0, 3.0]), "other": np.array([0.8, 1.9, 2.8])})
    'other'
    """
    gains = -_beyond(losses, next(iter(losses)), units)
    if len(gains) < 2:
        return next(iter(losses))
    clear = gains.mean() > gains.std() / math.sqrt(len(gains))
    return list(losses)[int(gains.mean().where(clear, 0.0).idxmax())]


def as_good(losses: Mapping[Key, np.ndarray], units: np.ndarray | None = None) -> list[Key]:
    """Return the settings that are not worse than the best one by more than the paired standard error, in their order.

    ``losses`` and ``units`` are those of `settled`.
    """
    names = list(losses)
    means = {name: np.nanmean(one) if np.isfinite(one).any() else math.inf for name, one in losses.items()}
    worse = _beyond(losses, min(names, key=lambda name: means[name]), units)
    if len(worse) < 2:
        return names
    near = worse.mean() <= worse.std() / math.sqrt(len(worse))
    return [name for name, one in zip(names, near, strict=True) if one]


def _beyond(losses: Mapping[Key, np.ndarray], than: Key, units: np.ndarray | None) -> pd.DataFrame:
    """Return by how much each setting's loss is beyond that of one of them, (units, settings), where all have one."""
    table = pd.DataFrame({at: losses[name] for at, name in enumerate(losses)})
    if units is not None and len(set(units)) >= FEW_UNITS:
        table = table.groupby(np.asarray(units)).mean()
    return table.sub(table[list(losses).index(than)], axis=0).dropna()


def best_model(models: Mapping[str, Any], kind: str | None = None) -> str | None:
    """Return the trained model, of one kind or of all, that was best on validation rows; None if there is none.

    ``models`` holds `FittedModel`s (`dl_core.train.run`), or the same as the dicts of ``run.json``.
    """
    known = {name: about if isinstance(about, Mapping) else asdict(about) for name, about in models.items()}
    return choose(
        {
            name: Standing(about["validation"], about.get("validation_error", 0.0), about["parameters"])
            for name, about in known.items()
            if about["state"] == "done" and kind in (None, about["kind"])
        }
    )


def default_pair(models: Mapping[str, Any]) -> tuple[str, str]:
    """Return the two of several models that are put side by side at first: the best deep one, the best baseline."""
    names = list(models)
    first = best_model(models, "deep") or names[0]
    second = best_model(models, "baseline")
    return first, second if second and second != first else next(name for name in names if name != first)
