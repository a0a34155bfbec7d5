"""The noun `Explanation`: attribution aligned with the input, and its measured faithfulness.

What an attribution lies over differs from kind to kind of row, so each kind has a type of its own in its folder
(``plain``) with its form as plain JSON and as files; the report's forms stand in the kind's folder there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

    from dl_core.data.dataset import Dataset

IGNORES_WEIGHTS = 0.5  # rank correlation with the map of random weights above which a map ignores what was learned


@dataclass(frozen=True)
class Faithfulness:
    """How far an attribution can be trusted, beside those that anyone could draw.

    ``deletion`` (lower is better) and ``insertion`` (higher is better) are areas under the score curve in 0…1 (Petsiuk
    2018), with the same for a random and a centre map. ``randomisation`` is the rank correlation with the map of the
    same network with random weights (Adebayo 2018): near 0 is good, near 1 means that the map ignores the model.
    ``pointing`` tells whether the map's peak lies in the known mask; None where no mask is known.

    Only an image has a centre, so ``centre_*`` are None elsewhere; ``least_*`` are the same areas with the least
    important units first, None for images. How the areas are taken stands in each kind's ``faithfulness``;
    ``leave_one_out`` is the rank correlation with the cost of taking out each item of a history alone, or each stretch
    of a series.
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

    @property
    def passed(self) -> int:
        """How many of deletion and insertion beat the random attribution, and the centre's where there is one: 0…2."""
        rivals = [(self.random_deletion, self.random_insertion)]
        if self.centre_deletion is not None and self.centre_insertion is not None:
            rivals.append((self.centre_deletion, self.centre_insertion))
        return sum(
            (
                all(self.deletion < deletion for deletion, _ in rivals),
                all(self.insertion > insertion for _, insertion in rivals),
            )
        )

    @property
    def depends_on_model(self) -> bool | None:
        """Whether the attribution changes with the learned weights; None where that was not measured."""
        return None if self.randomisation is None else self.randomisation <= IGNORES_WEIGHTS


@dataclass(frozen=True)
class Explanation:
    """An attribution of one case by one method, for one target of one model.

    Parameters
    ----------
    row : str
        Id of the case: a row, a user or a series.
    model, method : str
    target : str
        What is explained: a class, an item's id, or which steps ahead.
    heat : numpy.ndarray
        float32; larger speaks more for the target. (1, n_features), unless a type says otherwise.
    score : float
        What the model gives the target: a calibrated probability for a class, else in the score's own unit.
    faithfulness : Faithfulness or None
    features : tuple of str
        Names of ``heat``'s columns.
    """

    row: str
    model: str
    method: str
    target: str
    heat: np.ndarray
    score: float
    faithfulness: Faithfulness | None = None
    features: tuple[str, ...] = ()

    case: ClassVar[str] = "row"  # what the case is called in files
    measure: ClassVar[str] = "probability"  # what the score is called there

    def strongest(self, most: int | None = 8) -> list[tuple[str, float]]:
        """Return the features with the largest weights and these weights, largest first; None for all."""
        return strongest(zip(self.features, map(float, self.heat.reshape(-1)), strict=False), most)

    def with_texts(self, data: Dataset, usual: Mapping[str, Any]) -> Explanation:
        """Return the explanation with the row's own values and the ``usual`` ones, where its type shows any."""
        return self

    def about(self) -> dict[str, Any]:
        """Return what every line of a file says first."""
        about = {self.case: self.row, "model": self.model, "method": self.method, "target": self.target}
        measured = {} if self.faithfulness is None else asdict(self.faithfulness)
        return about | {self.measure: self.score} | measured

    def line(self) -> dict[str, Any]:
        """Return the case's line in ``explanations.csv``: what was measured, and the weights of the features if any."""
        return self.about() | dict(self.strongest(None))

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Return lines of further files by their name without ending."""
        return {}

    def picture(self, data: Dataset) -> Image.Image | None:
        """Return a picture to write beside the line; None where a case has none."""
        return None

    def as_json(self) -> dict[str, Any]:
        """Return the explanation as plain JSON."""
        return {
            "model": self.model,
            "method": self.method,
            "target": self.target,
            self.measure: finite(self.score),
            "features": [{"name": name, "weight": weight} for name, weight in self.strongest()],
            "faithfulness": None
            if self.faithfulness is None
            else {name: finite(value) for name, value in asdict(self.faithfulness).items()},
        }


def strongest(weights: Iterable[tuple[str, float]], most: int | None = None) -> list[tuple[str, float]]:
    """Return (name, weight) pairs by falling size of the weight, at most ``most``.

    Examples
    --------
    >>> strongest([("a", 0.1), ("b", -0.5), ("c", 0.3)], 2)
    [('b', -0.5), ('c', 0.3)]
    """
    return sorted(weights, key=lambda pair: -abs(pair[1]))[:most]


def finite(value: float | bool | None) -> float | bool | None:
    """Return a number as JSON knows it: None where it is not finite."""
    return value if value is None or math.isfinite(value) else None


def safe_heat(heat: np.ndarray) -> list[list[float | None]]:
    """Return weights as nested lists of plain JSON."""
    return [[None if not math.isfinite(value) else value for value in row] for row in heat.tolist()]
