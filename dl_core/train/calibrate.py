"""From scores of validation rows to all that is chosen there: temperature, operating point, doubt, standing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.evaluate.about import Facts
from dl_core.evaluate.calibration import apply_temperature, fit_temperature, pick_threshold, pick_uncertain
from dl_core.evaluate.choice import Standing, standing
from dl_core.evaluate.metric import Metric
from dl_core.evaluate.scored import Scored
from dl_core.models.base import Model, Offer
from dl_core.train.run import FittedModel

PickThreshold = Callable[[np.ndarray, np.ndarray, pd.DataFrame | None], float | None]


def fitted_model(
    offer: Offer,
    model: Model,
    scores: np.ndarray,
    validation: Dataset,
    *,
    metric: Metric,
    pick: PickThreshold | None = None,
    about: pd.DataFrame | None = None,
    seed: int = 0,
) -> FittedModel:
    """Return what a run keeps of a model that was just trained.

    Parameters
    ----------
    offer : Offer
    model : Model
    scores : numpy.ndarray
        (n, k) probabilities of the validation rows, before calibration.
    validation : Dataset
        Its labels choose; without any, scores stay as they are and only ``pick`` may set an operating point.
    metric : Metric
        The one by which models are ranked.
    pick : callable or None
        ``(y (n,), calibrated (n, 2), about) -> threshold``, where a domain picks operating points its own way; ``y``
        is -1 where no label is known. By default the sum of sensitivity and specificity is maximised.
    about : pandas.DataFrame or None
        Columns of the validation rows that ``pick`` needs, in their order.
    seed : int
    """
    y = validation.targets if validation.labelled else np.full(len(validation), -1)
    known = y >= 0
    temperature = fit_temperature(y[known], scores[known]) if known.any() else 1.0
    calibrated = apply_temperature(scores, temperature)
    threshold = None
    if len(y) and scores.shape[1] == 2 and (known.any() or pick):
        threshold = pick(y, calibrated, about) if pick else pick_threshold(y, calibrated)
    found = Standing(float("nan"))
    if len(np.unique(y[known])) > 1:
        facts = Facts(about).of(validation.ids[known]) if about is not None else {}
        found = standing(Scored(y[known], calibrated[known], threshold, facts), metric, seed=seed)
    return FittedModel(
        offer.name,
        offer.label,
        offer.kind,
        validation=float(found.value),
        validation_error=found.error,
        parameters=model.parameters(),
        temperature=temperature,
        threshold=threshold,
        uncertain_below=pick_uncertain(y[known], calibrated[known], threshold) if known.any() else None,
        history=list(getattr(model, "history", [])),
    )
