"""Grad-CAM: the maps of one deep layer, weighted by their mean gradients.

Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization", ICCV 2017.
Deviations: the layer is the deepest with maps of at least 7 x 7 places rather than the very last, which is 1 x 1 for a
28 px image; the score is the logit against the mean of the others (see `gradients`).
"""

from __future__ import annotations

import numpy as np

from dl_core.explain.images.base import Explainer
from dl_core.explain.images.maps import enlarge
from dl_core.explain.images.view import ModelView
from dl_core.explain.registry import ExplainerInfo


class GradCam(Explainer):
    """Grad-CAM. Option ``layer``: its path; empty chooses by `walk.last_spatial_layer`."""

    defaults = {"layer": ""}

    def layer(self, source: ModelView, size: tuple[int, int, int]) -> str:
        """Return the path of the layer looked at, for images of ``size`` (h, w, c)."""
        from dl_core.explain.walk import find_layers, last_spatial_layer

        if self.options["layer"]:
            return find_layers(source.need_graph(), size, [self.options["layer"]])[0]
        return last_spatial_layer(source.need_graph(), size, source.layers)

    def raw(self, source: ModelView, images: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return the map, in score units a mean activation."""
        from dl_core.explain.gradients import activations_and_gradients

        layer = self.layer(source, images.shape[1:])
        tapped = activations_and_gradients(source.need_graph(), [layer], images, targets)
        cam = self.combine(tapped.values[0], tapped.gradients[0])
        return enlarge(cam, *images.shape[1:3])

    def combine(self, activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
        """Return maps (n, h, w) from activations and their gradients, both (n, h, w, c)."""
        weights = gradients.mean(axis=(1, 2))  # (n, c)
        return np.maximum(np.einsum("nhwc,nc->nhw", activations, weights), 0)


EXPLAINER = ExplainerInfo(
    name="gradcam",
    kind="images",
    label="Grad-CAM",
    paper="Selvaraju et al. 2017",
    help="Feature maps of the last convolutional layer, weighted by their mean gradient. Coarse; the best-known "
    "method.",
    load=lambda: GradCam,
    needs_graph=True,
    needs_maps=True,
)
