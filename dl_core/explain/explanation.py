"""The noun `Explanation`: attribution aligned with the input, and its measured faithfulness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Faithfulness:
    """How far a map can be trusted, beside the maps that anyone could draw.

    ``deletion`` (lower is better) and ``insertion`` (higher is better) are areas under the score curve in 0…1 (Petsiuk
    2018), with the same for a random and a centre map. ``randomisation`` is the rank correlation with the map of the
    same network with random weights (Adebayo 2018): near 0 is good, near 1 means that the map ignores the model.
    ``pointing`` tells whether the map's peak lies in the known mask; None where no mask is known.

    A table's row has no centre, so ``centre_*`` are None there; ``least_*`` are the same areas with the least important
    columns first, None for images. How a table's areas are taken stands in `deletion`, a history's in `history`, a
    forecast's in `forecasts_faithfulness`; ``leave_one_out`` is the rank correlation with the cost of taking out each
    item of a history alone, or each stretch of a series.
    """

    deletion: float
    insertion: float
    random_deletion: float
    random_insertion: float
    centre_deletion: float | None = None
    centre_insertion: float | None = None
    randomisation: float | None = None
    pointing: bool | None = None
    centre_pointing: bool | None = None
    least_deletion: float | None = None
    least_insertion: float | None = None
    leave_one_out: float | None = None


@dataclass(frozen=True)
class Explanation:
    """A map for one row, model, method and class.

    Parameters
    ----------
    row : str
        Row id.
    model, method : str
    target : str
        The class explained; for a history (`history.explain_history`) the item's id.
    heat : numpy.ndarray
        (height, width) float32 aligned with the image; larger is more evidence for ``target``.
    probability : float
        The model's probability of ``target`` for this image.
    faithfulness : Faithfulness or None
    features : tuple of str
        Names of ``heat``'s columns where a row is no image but a line of a table: then ``heat`` is (1, n_features).
    values, typical : tuple of str
        For a table: the row's own values and the typical ones, as text in the user's units, one a feature; an empty
        text where a feature has no value to show.
    score, base : float or None
        For a table: the row's score and the score that the contributions in ``heat`` start from, both as log-odds of
        ``target`` (see `table_view.class_scores`).
    history : bool
        Whether ``features`` are the items of a user's history: then ``row`` is the user, ``values`` are titles, and
        score and base are those of a recommender, on no common scale (`history.explain_history`).
    steps : int
        For a forecast: how many of the first ``features`` are past steps, named by their time; the others are
        covariates. ``row`` is then the series, ``typical`` what stands in for each value, and score and base are
        forecasts in the series' unit (`forecasts.explain_forecasts`).
    parts : tuple of str
        For a forecast's components: names of ``heat``'s rows, whose sum is the forecast; ``features`` are the steps
        ahead.
    """

    row: str
    model: str
    method: str
    target: str
    heat: np.ndarray
    probability: float
    faithfulness: Faithfulness | None = None
    features: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    typical: tuple[str, ...] = ()
    score: float | None = None
    base: float | None = None
    history: bool = False
    steps: int = 0
    parts: tuple[str, ...] = ()

    @property
    def forecast(self) -> bool:
        """Whether a forecast is explained."""
        return bool(self.steps or self.parts)

    @property
    def gap(self) -> float | None:
        """What the contributions miss of the score's distance from the base, in its unit; None for an image."""
        if self.score is None or self.base is None:
            return None
        return self.score - self.base - float(self.heat.sum(dtype=float))

    def strongest(self, most: int = 8) -> list[tuple[str, float]]:
        """Return the features with the largest weights and these weights, largest first; none for an image."""
        found = zip(self.features, map(float, self.heat.reshape(-1)), strict=False)
        return sorted(found, key=lambda pair: -abs(pair[1]))[:most]
