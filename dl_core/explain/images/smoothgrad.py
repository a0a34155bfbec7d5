"""SmoothGrad: the mean of gradients at noisy copies of the image.

Smilkov et al., "SmoothGrad: removing noise by adding noise", 2017 (arXiv:1706.03825). As there, noise has a standard
deviation given as a share of the image's own range, and the sign of a gradient is dropped before channels are joined,
by the largest. Deviation: the map is smoothed a little (``smooth``), since its peak is else a single lucky pixel.
"""

from __future__ import annotations

import numpy as np

from dl_core.explain.images.base import Explainer
from dl_core.explain.images.maps import blur
from dl_core.explain.images.view import ModelView
from dl_core.explain.registry import ExplainerInfo


class SmoothGrad(Explainer):
    """SmoothGrad.

    Options: ``samples`` noisy copies; ``noise``, its standard deviation as a share of the image's range; ``smooth``,
    Gaussian sigma as a share of the image's height; ``seed``.
    """

    defaults = {"samples": 20, "noise": 0.15, "smooth": 0.02, "seed": 0}

    def raw(self, source: ModelView, images: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return the mean absolute sensitivity, score units a grey level."""
        from dl_core.explain.gradients import gradient

        heats = []
        for image, target in zip(images.astype(np.float32), targets, strict=True):
            generator = np.random.default_rng(self.options["seed"])  # anew an image: its map must not hang on the batch
            sigma = self.options["noise"] * max(float(np.ptp(image)), 1.0)
            noise = generator.normal(0, sigma, (int(self.options["samples"]), *image.shape)).astype(np.float32)
            gradients = gradient(source.need_graph(), image + noise, int(target))  # (samples, h, w, c)
            heats.append(np.abs(gradients.mean(axis=0)).max(axis=-1))
        return blur(np.stack(heats), self.options["smooth"] * images.shape[1])


EXPLAINER = ExplainerInfo(
    name="smoothgrad",
    kind="images",
    label="SmoothGrad",
    paper="Smilkov et al. 2017",
    help="Gradient saliency, averaged over noisy copies of the image.",
    load=lambda: SmoothGrad,
    needs_graph=True,
    cost="medium",
)
