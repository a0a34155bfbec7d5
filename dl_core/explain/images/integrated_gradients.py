"""Integrated gradients: the score's change from a baseline image, split over the pixels.

Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks", ICML 2017. Deviations: the path integral is a
midpoint sum, which is more exact than the paper's right-hand sum for the same number of steps; the attributions are
summed over channels, and the map shows what speaks for the class, smoothed to the eye's scale (``smooth``).
"""

from __future__ import annotations

import numpy as np

from dl_core.errors import OptionError
from dl_core.explain.images.base import Explainer
from dl_core.explain.images.maps import blur
from dl_core.explain.images.view import ModelView
from dl_core.explain.registry import ExplainerInfo

POINTS_A_PASS = 32  # path points a gradient pass


class IntegratedGradients(Explainer):
    """Integrated gradients.

    Options: ``steps`` of the path; ``baseline``: ``"blur"`` (the image blurred by an eighth of its side, so that
    detail is attributed, not brightness) or ``"black"``; ``smooth``: Gaussian sigma as a share of the image's height.
    """

    defaults = {"steps": 24, "baseline": "blur", "smooth": 0.02}

    def baselines(self, images: np.ndarray) -> np.ndarray:
        """Return the images at which the paths start, (n, h, w, c) float32 in 0…255.

        Raises
        ------
        OptionError
            If the option names no baseline.
        """
        images = images.astype(np.float32)
        if self.options["baseline"] == "black":
            return np.zeros_like(images)
        if self.options["baseline"] == "blur":
            return blur(images, images.shape[1] / 8)
        raise OptionError(f"{self.options['baseline']!r} is no baseline", expected="blur or black")

    def attributions(self, source: ModelView, images: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return what each number of each image adds to the score, (n, h, w, c) in score units."""
        from dl_core.explain.gradients import gradient

        steps = int(self.options["steps"])
        alphas = ((np.arange(steps) + 0.5) / steps).astype(np.float32)[:, None, None, None]
        result = []
        for image, start, target in zip(images.astype(np.float32), self.baselines(images), targets, strict=True):
            path = start + alphas * (image - start)  # (steps, h, w, c)
            parts = [path[i : i + POINTS_A_PASS] for i in range(0, steps, POINTS_A_PASS)]
            gradients = [gradient(source.need_graph(), part, int(target)) for part in parts]
            result.append((image - start) * np.concatenate(gradients).mean(axis=0))
        return np.stack(result)

    def raw(self, source: ModelView, images: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return the positive part of the smoothed attributions, score units a pixel."""
        summed = self.attributions(source, images, targets).sum(axis=-1)  # (n, h, w)
        return np.maximum(blur(summed, self.options["smooth"] * images.shape[1]), 0)


EXPLAINER = ExplainerInfo(
    name="integrated_gradients",
    kind="images",
    label="Integrated gradients",
    paper="Sundararajan et al. 2017",
    help="Gradients integrated from a blurred baseline to the image; attributions sum to the change of the score.",
    load=lambda: IntegratedGradients,
    needs_graph=True,
    cost="medium",
)
