"""How far an account of a forecast can be trusted: what it names as decisive is swapped for the usual."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dl_core.explain.explanation import Faithfulness
from dl_core.explain.faithfulness import rank_correlation
from dl_core.explain.series.case import Case, fits_anew
from dl_core.explain.series.methods import Weighed

RANDOM_ORDERS = 10
SHARES = (0.0, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0)  # of the units that are swapped, or come back
FEWEST_UNITS = 3
SMALLEST = 1e-6  # distance from the usual forecast, as a share of its size, under which nothing is measured


def measure(case: Case, found: Mapping[str, Weighed], alone: np.ndarray, seed: int = 0) -> dict[str, Faithfulness]:
    """Measure several methods' weights of one forecast.

    Deletion (Petsiuk, Das and Saenko, RISE, BMVC 2018) follows the forecast as the stretches and covariates that speak
    most for it are swapped for the usual, insertion as they come back into a usual history. Deviation: a forecast is no
    probability, so it counts as the share of the way from the usual forecast (0) to this one (1), cut to 0…1, and areas
    are taken at `SHARES` of the units. ``least_*`` are the same with the order turned round.

    Parameters
    ----------
    case : Case
    found : mapping of str to Weighed
        By method.
    alone : numpy.ndarray
        (units,) what swapping each by itself costs: `forecasts_methods.occlusion`.
    seed : int
        Of the random orders.

    Returns
    -------
    dict of str to Faithfulness
        By method; empty where there are too few units, where the history does not move the forecast, and for models
        that are fitted anew for each forecast, as hundreds would be needed.
    """
    if case.units < FEWEST_UNITS or fits_anew(case.model):
        return {}
    ends = case.swapped(np.array([[True] * case.units, [False] * case.units]))
    if not _moved(*ends):
        return {}
    generator = np.random.default_rng(seed)
    orders = [generator.permutation(case.units) for _ in range(RANDOM_ORDERS)]
    heats = {method: case.by_unit(weighed.weights) for method, weighed in found.items()}
    for heat in heats.values():
        speaks = heat * np.sign(ends[0] - ends[1])
        orders += [np.argsort(-speaks, kind="stable"), np.argsort(speaks, kind="stable")]
    areas = _areas(case, np.stack(orders), ends)
    random, own = areas[:RANDOM_ORDERS].mean(axis=0), areas[RANDOM_ORDERS:].reshape(len(heats), 2, 2)
    return {
        method: Faithfulness(
            deletion=float(best[0]),
            insertion=float(best[1]),
            random_deletion=float(random[0]),
            random_insertion=float(random[1]),
            least_deletion=float(least[0]),
            least_insertion=float(least[1]),
            leave_one_out=None if method == "occlusion" else rank_correlation(heat, alone),
        )
        for (method, heat), (best, least) in zip(heats.items(), own, strict=True)
    }


def _moved(whole: float, base: float) -> bool:
    return bool(np.isfinite(whole - base) and abs(whole - base) > SMALLEST * max(abs(whole), abs(base), SMALLEST))


def _areas(case: Case, orders: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return the areas (m, 2) in 0…1 under deletion and insertion curves of orders (m, units)."""
    m, units = orders.shape
    counts = np.unique(np.round(np.array(SHARES) * units).astype(int))
    inner = counts[(counts > 0) & (counts < units)]
    places = np.argsort(orders, axis=1)  # when each unit goes
    gone = places[:, None, :] < inner[:, None]  # (m, inner, units)
    kept = np.stack([~gone, gone], axis=1).reshape(-1, units)
    curves = np.empty((m, 2, len(counts)))
    curves[:, 0, 0], curves[:, 0, -1] = ends
    curves[:, 1, 0], curves[:, 1, -1] = ends[::-1]
    curves[:, :, 1:-1] = case.swapped(kept).reshape(m, 2, len(inner))
    curves = np.clip((curves - ends[1]) / (ends[0] - ends[1]), 0.0, 1.0)
    return ((curves[..., 1:] + curves[..., :-1]) / 2 * np.diff(counts)).sum(axis=-1) / units
