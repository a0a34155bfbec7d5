"""How far the contributions of a table's columns can be trusted: the strongest are put to their typical values.

After Petsiuk, Das and Saenko, "RISE", BMVC 2018, and Samek et al., "Evaluating the visualization of what a deep neural
network has learned", TNNLS 2017. Deviations: 1, 2, 3, 5 and 8 columns go, since a person reads no longer list of
reasons; a column goes by taking the typical row's value, not zero, so that the mixed row stays a plausible one.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dl_core.explain.explanation import Faithfulness
from dl_core.explain.faithfulness import Scored, measure_orders, rank_correlation, redrawn_weights
from dl_core.explain.table.base import TableExplainer
from dl_core.explain.table.view import FeatureView, InputView

STEPS = (0, 1, 2, 3, 5, 8)  # columns that have gone, or come back


def measure_row(view: FeatureView, row: int, heats: Mapping[str, np.ndarray], seed: int = 0) -> dict[str, Faithfulness]:
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

    Returns
    -------
    dict of str to Faithfulness
        By method; ``randomisation`` is left None, see `randomised`. Empty where the row has no features.
    """
    if not view.names:
        return {}
    counts = np.unique(np.minimum(STEPS, len(view.names)))
    return measure_orders(heats, counts, followed(view, row), seed, np.abs)


def followed(view: FeatureView, row: int) -> Scored:
    """Return the function that scores a row with only the columns that are True in (v, P) as they were, (v,)."""

    def scored(kept: np.ndarray) -> np.ndarray:
        found = view.probabilities(np.full(len(kept), row), np.full(len(kept), view.typical), kept)
        return found[:, view.targets[row]]

    return scored


def randomised(view: FeatureView, explainer: TableExplainer, heats: np.ndarray, seed: int = 0) -> list[float] | None:
    """Return how much each row's contributions resemble those of the same network with re-drawn weights.

    Adebayo et al., "Sanity Checks for Saliency Maps", NeurIPS 2018; see `faithfulness.redrawn_weights`.

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
