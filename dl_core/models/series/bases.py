"""Shapes that a block's few numbers are spread over: polynomials, waves of the seasons, lines between knots."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

MOST_WAVES = 24  # sines and cosines of one season at most
DEGREE = 3  # of the trend's polynomial


class Basis(keras.layers.Layer):
    """Multiply (b, k) numbers by k fixed shapes (k, steps); there is nothing to learn."""

    def __init__(self, shapes: np.ndarray, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shapes = np.asarray(shapes, dtype="float32")

    def call(self, inputs: Any) -> Any:
        """Return (b, steps)."""
        return keras.ops.matmul(inputs, keras.ops.convert_to_tensor(self.shapes))


def polynomial(length: int, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Return powers 0 to `DEGREE` of time over the window (k, length) and the steps ahead (k, horizon).

    Time is 0 at the window's end and 1 at the last step ahead.
    """
    powers = np.arange(DEGREE + 1)[:, None]
    past = (np.arange(-length + 1, 1) / max(length, horizon)) ** powers
    ahead = (np.arange(1, horizon + 1) / horizon) ** powers
    return past, ahead


def waves(length: int, horizon: int, seasons: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return sines and cosines of every season over the window (k, length) and the steps ahead (k, horizon).

    Without a season, waves of the horizon's length stand in, as in the paper.
    """
    steps = np.arange(-length + 1, horizon + 1)
    parts = []
    for season in seasons or (max(2, horizon),):
        count = max(1, min(season // 2, MOST_WAVES // 2))
        turns = 2 * np.pi * np.arange(1, count + 1)[:, None] * steps / season  # (count, steps)
        parts += [np.sin(turns), np.cos(turns)]
    both = np.concatenate(parts)
    return both[:, :length], both[:, length:]


def knots(count: int, steps: int) -> np.ndarray:
    """Return the (count, steps) shapes that join ``count`` even knots by straight lines over ``steps``."""
    at = np.linspace(0, count - 1, steps) if count > 1 else np.zeros(steps)
    return np.maximum(0.0, 1.0 - np.abs(at[None, :] - np.arange(count)[:, None]))
