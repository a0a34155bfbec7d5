"""`Explainer`: the plumbing that all methods share. A subclass is one paper's mathematics."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from dl_core.errors import OptionError
from dl_core.explain.images.maps import normalise
from dl_core.explain.images.view import Maps, ModelView
from dl_core.explain.registry import WithOptions, get_explainer

BATCH = 16  # images a gradient pass; 2 GB of activations at 224 px would be too many


class Explainer(WithOptions, ABC):
    """A way to say where in an image a model found evidence for a class."""

    @abstractmethod
    def raw(self, source: ModelView, images: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return maps in the method's own units, (n, h, w) aligned with ``images``.

        Parameters
        ----------
        source : ModelView
        images : numpy.ndarray
            (n, h, w, c) uint8.
        targets : numpy.ndarray
            (n,) class indices.
        """

    def explain(self, source: ModelView, images: np.ndarray, target: int | None = None, *, scaled: bool = True) -> Maps:
        """Explain ``images``.

        Parameters
        ----------
        source : ModelView
        images : numpy.ndarray
            (n, h, w, c) uint8.
        target : int or None
            Class index; None explains each image's decided class.
        scaled : bool
            Whether each map is scaled to 0…1; a constant map becomes zeros.

        Returns
        -------
        Maps

        Raises
        ------
        OptionError
            If the images are no (n, h, w, c) array, there is no such class, or the method does not fit the model.
        """
        images = np.asarray(images)
        if images.ndim != 4 or len(images) == 0:
            raise OptionError(
                f"images of shape {images.shape}", where=type(self).__name__, expected="(n, height, width, channels)"
            )
        probabilities, decided = source.decide(images)
        targets = decided if target is None else check_targets(probabilities, target)
        heats = np.concatenate([self.raw(source, images[part], targets[part]) for part in _batches(len(images))])
        heats = normalise(heats) if scaled else heats.astype(np.float32)
        return Maps(heats, probabilities[np.arange(len(images)), targets], targets)


def draw_maps(
    source: ModelView,
    images: np.ndarray,
    method: str,
    target: int | None = None,
    options: Mapping[str, Any] | None = None,
) -> Maps:
    """Explain ``images`` (n, h, w, c) uint8 by one method; ``target`` None explains each image's decided class.

    Returns
    -------
    Maps
        Heats (n, h, w) float32 in 0…1, probabilities and targets.
    """
    return get_explainer(method, "images", **(options or {})).explain(source, images, target)


def check_targets(probabilities: np.ndarray, target: int) -> np.ndarray:
    """Return the class to explain for each row of ``probabilities`` (n, k), one for all.

    Raises
    ------
    OptionError
        If there is no such class.
    """
    n, k = probabilities.shape
    if not 0 <= target < k:
        raise OptionError(f"there is no class {target}", where="the class to explain", expected=f"0 to {k - 1}")
    return np.full(n, target, dtype=np.int64)


def _batches(n: int) -> Iterator[slice]:
    return (slice(start, start + BATCH) for start in range(0, n, BATCH))
