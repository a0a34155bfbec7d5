"""Learning on: a trained network meets newly labelled rows, gently and never for the worse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import keras
import numpy as np

from dl_core.models.base import FitContext
from dl_core.models.keras_fit import FitPlan, fit_keras

EPOCHS = 3
RATE = 0.1  # of the learning rate of the training
FOLDS = 5  # one in so many new rows judges the epochs


def learn_gently(
    networks: Sequence[tuple[str, keras.Model]],
    new: tuple[np.ndarray, np.ndarray],
    plan: FitPlan,
    context: FitContext,
    *,
    fraud_weight: float = 1.0,
) -> None:
    """Train each network for a few epochs at a tenth of its rate, from the weights as they are.

    A fifth of the new rows judges the epochs, and the weights before the first epoch are among what is judged: a week
    that teaches nothing changes nothing. Old rows are not seen again; the small rate is what keeps them in mind.

    Parameters
    ----------
    networks : sequence of (name, keras.Model)
        From inputs (n, D) to probabilities (n, 2); changed in place.
    new : (numpy.ndarray, numpy.ndarray)
        (n, D) inputs and (n,) classes.
    plan : FitPlan
        Batch size, learning rate and loss of the first training.
    context : FitContext
    fraud_weight : float
        Weight of a fraud as in the first training, so that scores keep their meaning.
    """
    x, y = new
    held = np.arange(len(y)) % FOLDS == FOLDS - 1
    if min(np.bincount(y[side], minlength=2).min() for side in (held, ~held)) < 1:
        return  # without fraud on both sides there is nothing to learn from, or to judge by
    weights = np.where(y[~held] == 1, fraud_weight, 1.0)
    for number, (name, network) in enumerate(networks):
        gentle = replace(
            plan,
            epochs=EPOCHS,
            patience=EPOCHS,
            learning_rate=RATE * plan.learning_rate,
            monitor="val_loss",
            from_start=True,
            name=f"{name}-updated",
        )
        part = context.part(number / len(networks), (number + 1) / len(networks))
        fit_keras(network, (x[~held], y[~held]), (x[held], y[held]), part, gentle, weights / weights.mean())
