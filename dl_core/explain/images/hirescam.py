"""HiResCAM at several depths: gradient times activation, place by place, summed over layers.

Draelos and Carin, "Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural networks", 2020
(arXiv:2011.08891); the summing over depths follows the motive of Jiang et al., "LayerCAM: Exploring Hierarchical Class
Activation Maps for Localization", IEEE TIP 2021. Deviations: layers are summed, not joined by their maximum, signed and
each weighted by the area of its places; the sum is smoothed a little (``smooth``). By default gradients are total, so
that an early layer's fine grid shows what later layers make of it. With ``cut`` each layer counts only what it hands to
the head itself: for a linear head on pooled maps of all the layers, the parts then add up to the score less its
intercept, but fine detail that only later layers read is not seen.
"""

from __future__ import annotations

import numpy as np

from dl_core.explain.images.base import Explainer
from dl_core.explain.images.maps import blur, enlarge
from dl_core.explain.images.view import ModelView
from dl_core.explain.registry import ExplainerInfo


class HiResCam(Explainer):
    """HiResCAM at several depths.

    Options: ``layers``, paths; empty takes all that the model suggests, else the layer of Grad-CAM. ``cut``, see above.
    ``smooth``, Gaussian sigma as a share of the image's height.
    """

    defaults = {"layers": (), "cut": False, "smooth": 0.023}

    def layers(self, source: ModelView, size: tuple[int, int, int]) -> tuple[str, ...]:
        """Return the paths of the layers that are summed, for images of ``size`` (h, w, c)."""
        from dl_core.explain.walk import find_layers, last_spatial_layer

        graph = source.need_graph()
        named = tuple(self.options["layers"]) or source.layers
        return find_layers(graph, size, named) if named else (last_spatial_layer(graph, size),)

    def contributions(self, source: ModelView, images: np.ndarray, targets: np.ndarray) -> list[np.ndarray]:
        """Return each layer's contribution to the score, place by place, (n, h_layer, w_layer) in score units."""
        from dl_core.explain.gradients import activations_and_gradients

        layers = self.layers(source, images.shape[1:])
        tapped = activations_and_gradients(source.need_graph(), layers, images, targets, cut=self.options["cut"])
        return [(a * g).sum(axis=-1) for a, g in zip(tapped.values, tapped.gradients, strict=True)]

    def raw(self, source: ModelView, images: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return the summed map, score units a pixel."""
        height, width = images.shape[1:3]
        heat = np.zeros(images.shape[:3], dtype=np.float32)
        for part in self.contributions(source, images, targets):
            # one place covers many pixels: its share is spread over them, so that fine and coarse layers add fairly
            heat += enlarge(part, height, width) * (part.shape[1] * part.shape[2] / (height * width))
        return blur(heat, self.options["smooth"] * height)


EXPLAINER = ExplainerInfo(
    name="hirescam",
    kind="images",
    label="HiResCAM",
    paper="Draelos and Carin 2020; several depths after Jiang et al. 2021",
    help="Element-wise product of gradients and activations of the layers that feed the head; fine resolution at low "
    "cost.",
    load=lambda: HiResCam,
    needs_graph=True,
    needs_maps=True,
)
