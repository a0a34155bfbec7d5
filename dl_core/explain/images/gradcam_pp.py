"""Grad-CAM++: Grad-CAM whose channel weights count the places that push the class, not all of them alike.

Chattopadhay et al., "Grad-CAM++: Generalized Gradient-Based Visual Explanations for Deep Convolutional Networks",
WACV 2018. The paper explains the exponential of the score, so that the second and third derivatives are powers of the
first; the common factor exp(score) is left out, because each map is scaled to 0…1. Layer and score as in `gradcam`.
"""

from __future__ import annotations

import numpy as np

from dl_core.explain.images.gradcam import GradCam
from dl_core.explain.registry import ExplainerInfo


class GradCamPlusPlus(GradCam):
    """Grad-CAM++. Option ``layer`` as in Grad-CAM."""

    def combine(self, activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
        """Return maps (n, h, w) from activations and their gradients, both (n, h, w, c)."""
        squared = gradients**2
        total = activations.sum(axis=(1, 2), keepdims=True)  # (n, 1, 1, c)
        denominator = 2 * squared + total * gradients**3
        # where the gradient is zero the weight does not matter, since it multiplies a positive part of zero
        alpha = np.divide(squared, denominator, out=np.zeros_like(squared), where=np.abs(denominator) > 1e-30)
        weights = (alpha * np.maximum(gradients, 0)).sum(axis=(1, 2))  # (n, c)
        return np.maximum(np.einsum("nhwc,nc->nhw", activations, weights), 0)


EXPLAINER = ExplainerInfo(
    name="gradcam_pp",
    kind="images",
    label="Grad-CAM++",
    paper="Chattopadhay et al. 2018",
    help="Grad-CAM with pixel-wise weights of positive gradients; better for several instances of a class.",
    load=lambda: GradCamPlusPlus,
    needs_graph=True,
    needs_maps=True,
)
