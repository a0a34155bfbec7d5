"""How far an account of a forecast can be trusted: what it names as decisive is swapped for the usual."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from dl_core.explain.explanation import Faithfulness
from dl_core.explain.faithfulness import measure_way, rank_correlation
from dl_core.explain.series.methods import Weighed
from dl_core.explain.series.view import Case, fits_anew

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
        (units,) what swapping each by itself costs: `methods.occlusion`.
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
    whole, usual = case.swapped(np.array([[True] * case.units, [False] * case.units]))
    if not _moved(whole, usual):
        return {}
    heats = {method: case.by_unit(weighed.weights) for method, weighed in found.items()}
    speaks = {method: heat * np.sign(whole - usual) for method, heat in heats.items()}
    return {
        method: replace(one, leave_one_out=None if method == "occlusion" else rank_correlation(heats[method], alone))
        for method, one in measure_way(speaks, case.swapped, (usual, whole), seed).items()
    }


def _moved(whole: float, base: float) -> bool:
    return bool(np.isfinite(whole - base) and abs(whole - base) > SMALLEST * max(abs(whole), abs(base), SMALLEST))
