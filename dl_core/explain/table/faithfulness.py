"""How far the contributions of a table's columns can be trusted: the strongest are put to their typical values.

After Petsiuk, Das and Saenko, "RISE", BMVC 2018, and Samek et al., "Evaluating the visualization of what a deep neural
network has learned", TNNLS 2017. Deviations: 1, 2, 3, 5 and 8 columns go, since a person reads no longer list of
reasons; a column goes by taking the typical row's value, not zero, so that the mixed row stays a plausible one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dl_core.explain.explanation import Faithfulness
from dl_core.explain.faithfulness import rank_correlation, redrawn_weights
from dl_core.explain.table.base import TableExplainer
from dl_core.explain.table.view import FeatureView, InputView

STEPS = (0, 1, 2, 3, 5, 8)  # columns that have gone, or come back
RANDOM_ORDERS = 10


def measure_row(
    view: FeatureView, row: int, heats: Mapping[str, np.ndarray], seed: int = 0, steps: Sequence[int] = STEPS
) -> dict[str, Faithfulness]:
    """Measure several methods' contributions of one row.

    Deletion follows the target's probability as the columns that speak most for the target go to typical values: lower
    is better. Insertion follows it as the same columns come back into the typical row: higher is better. Both are areas
    in 0…1 over the number of columns, beside random orders and the order that begins with the smallest contributions.

    Parameters
    ----------
    view : FeatureView
    row : int
        Place in ``view``.
    heats : mapping of str to numpy.ndarray
        Contributions (P,) by method.
    seed : int
        Of the random orders.
    steps : sequence of int
        Rising from 0; numbers above P count as P.

    Returns
    -------
    dict of str to Faithfulness
        By method; ``randomisation`` is left None, see `randomised`.
    """
    p = len(view.names)
    generator = np.random.default_rng(seed)
    orders = [generator.permutation(p) for _ in range(RANDOM_ORDERS)]
    for heat in heats.values():
        orders += [np.argsort(-heat, kind="stable"), np.argsort(np.abs(heat), kind="stable")]
    areas = order_areas(view, row, np.stack(orders), steps)  # (orders, 2)
    random, own = areas[:RANDOM_ORDERS].mean(axis=0), areas[RANDOM_ORDERS:].reshape(len(heats), 2, 2)
    return {
        method: Faithfulness(
            deletion=float(best[0]),
            insertion=float(best[1]),
            random_deletion=float(random[0]),
            random_insertion=float(random[1]),
            least_deletion=float(least[0]),
            least_insertion=float(least[1]),
        )
        for method, (best, least) in zip(heats, own, strict=True)
    }


def order_areas(view: FeatureView, row: int, orders: np.ndarray, steps: Sequence[int] = STEPS) -> np.ndarray:
    """Return the areas under deletion and insertion curves for orders of features, (m, P) -> (m, 2) in 0…1."""
    m, p = orders.shape
    counts = np.unique(np.minimum(steps, p))
    places = np.argsort(orders, axis=1)  # (m, P) when each feature goes
    gone = places[:, None, :] < counts[:, None]  # (m, counts, P)
    kept = np.stack([~gone, gone], axis=1).reshape(-1, p)  # deletion, insertion
    found = view.probabilities(np.full(len(kept), row), np.full(len(kept), view.typical), kept)
    curves = found[:, view.targets[row]].reshape(m, 2, len(counts))
    return ((curves[..., 1:] + curves[..., :-1]) / 2 * np.diff(counts)).sum(axis=-1) / max(counts[-1], 1)


def randomised(view: FeatureView, explainer: TableExplainer, heats: np.ndarray, seed: int = 0) -> list[float] | None:
    """Return how much each row's contributions resemble those of the same network with re-drawn weights.

    Adebayo et al., "Sanity Checks for Saliency Maps", NeurIPS 2018; see `faithfulness.randomisation`.

    Parameters
    ----------
    view : FeatureView
    explainer : TableExplainer
        Made ``heats``.
    heats : numpy.ndarray
        (n, P).
    seed : int

    Returns
    -------
    list of float or None
        Spearman's rank correlation, -1…1, a row; None if the model is no network.
    """
    if not isinstance(view, InputView):
        return None
    with redrawn_weights(view.graph, seed):
        redrawn = explainer.contributions(view, seed).heats
    return [rank_correlation(a, b) for a, b in zip(heats, redrawn, strict=True)]
