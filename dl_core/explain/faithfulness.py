"""How far an attribution can be trusted, for every kind of row whose units can go one after the other.

Deletion follows the score as the units that speak most for the target go, insertion as they come back (Petsiuk, Das and
Saenko, "RISE", BMVC 2018). Both stand beside random orders and the order that begins with the least important units.
The randomisation check is Adebayo et al., "Sanity Checks for Saliency Maps", NeurIPS 2018.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from dl_core.explain.explanation import Faithfulness

if TYPE_CHECKING:
    import keras

RANDOM_ORDERS = 10
SHARES = (0.0, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0)  # of the units that have gone, or come back

Scored = Callable[[np.ndarray], np.ndarray]  # from kept units (v, units) bool to shares of the score (v,) in 0…1


def share_counts(units: int) -> np.ndarray:
    """Return how many units have gone at each of `SHARES`, rising from 0 to all."""
    return np.unique(np.round(np.array(SHARES) * units).astype(int))


def measure_orders(
    heats: Mapping[str, np.ndarray],
    counts: np.ndarray,
    scored: Scored,
    seed: int = 0,
    least: Callable[[np.ndarray], np.ndarray] = np.asarray,
) -> dict[str, Faithfulness]:
    """Measure several methods' weights of one case.

    Parameters
    ----------
    heats : mapping of str to numpy.ndarray
        Weights (units,) by method, larger speaks more for the target.
    counts : numpy.ndarray
        How many units have gone at each point of the curve, rising from 0.
    scored : callable
        Scores what is left of the case.
    seed : int
        Of the random orders.
    least : callable
        From weights to what the order of the least important rises by; by default the weights themselves.

    Returns
    -------
    dict of str to Faithfulness
        By method.
    """
    generator = np.random.default_rng(seed)
    units = len(next(iter(heats.values())))
    orders = [generator.permutation(units) for _ in range(RANDOM_ORDERS)]
    for heat in heats.values():
        orders += [np.argsort(-heat, kind="stable"), np.argsort(least(heat), kind="stable")]
    areas = order_areas(np.stack(orders), counts, scored)
    random, own = areas[:RANDOM_ORDERS].mean(axis=0), areas[RANDOM_ORDERS:].reshape(len(heats), 2, 2)
    return {
        method: Faithfulness(
            deletion=float(best[0]),
            insertion=float(best[1]),
            random_deletion=float(random[0]),
            random_insertion=float(random[1]),
            least_deletion=float(last[0]),
            least_insertion=float(last[1]),
        )
        for method, (best, last) in zip(heats, own, strict=True)
    }


def measure_way(
    heats: Mapping[str, np.ndarray], scores: Callable[[np.ndarray], np.ndarray], ends: tuple[float, float], seed: int
) -> dict[str, Faithfulness]:
    """Measure several methods' weights (units,) of one case whose score is no probability.

    A score counts as the share of the way from the first of ``ends``, that of a case without its units (0), to the
    other, that of the whole (1), cut to 0…1; areas are taken at `SHARES` of the units.
    """
    base, whole = ends
    counts = share_counts(len(next(iter(heats.values()))))
    return measure_orders(heats, counts, lambda kept: np.clip((scores(kept) - base) / (whole - base), 0.0, 1.0), seed)


def order_areas(orders: np.ndarray, counts: np.ndarray, scored: Scored) -> np.ndarray:
    """Return the areas (m, 2) in 0…1 under deletion and insertion curves of orders of units (m, units)."""
    m, units = orders.shape
    places = np.argsort(orders, axis=1)  # when each unit goes
    gone = places[:, None, :] < counts[:, None]  # (m, counts, units)
    kept = np.stack([~gone, gone], axis=1).reshape(-1, units)  # deletion, insertion
    distinct, at = np.unique(kept, axis=0, return_inverse=True)  # the ends are the same for every order
    curves = np.asarray(scored(distinct))[at.reshape(-1)].reshape(m, 2, len(counts))
    return ((curves[..., 1:] + curves[..., :-1]) / 2 * np.diff(counts)).sum(axis=-1) / max(counts[-1], 1)


def checked(
    measured: Mapping[str, Faithfulness], redrawn: Mapping[str, Sequence[float] | None], row: int
) -> dict[str, Faithfulness]:
    """Return what was measured of one row with its randomisation check; ``redrawn`` holds all rows', by method."""
    found = {method: redrawn[method] for method in measured}
    return {
        method: one if (values := found[method]) is None else replace(one, randomisation=values[row])
        for method, one in measured.items()
    }


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Return Spearman's rank correlation of two maps, 0 where one is constant or not finite."""
    from scipy.stats import rankdata

    if not (np.isfinite(a).all() and np.isfinite(b).all()) or np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(np.corrcoef(rankdata(a), rankdata(b))[0, 1])


@contextmanager
def redrawn_weights(graph: keras.Model, seed: int = 0) -> Iterator[keras.Model]:
    """Lend ``graph`` with every kernel drawn anew, and put the learned ones back at the end.

    Kernels are normal with the learned kernel's own mean and spread, so that activations keep their scale; biases,
    norms and preprocessing stay. Swapping spares tracing a second network.
    """
    generator = np.random.default_rng(seed)
    kernels = [variable for variable in graph.variables if "kernel" in variable.name]
    learned = [np.array(variable.numpy()) for variable in kernels]
    try:
        for variable, values in zip(kernels, learned, strict=True):
            variable.assign(generator.normal(values.mean(), values.std(), values.shape).astype(values.dtype))
        yield graph
    finally:
        for variable, values in zip(kernels, learned, strict=True):
            variable.assign(values)
