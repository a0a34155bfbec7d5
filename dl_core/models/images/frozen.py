"""A linear head on frozen features of a pretrained network, from several depths and coarse positions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dl_core.data.dataset import Dataset
from dl_core.models.base import Classifier, FitContext, fitted
from dl_core.models.store import load_about, load_arrays, save_about, save_arrays
from dl_core.models.weights import row_weights
from dl_core.transfer.images.embed import embed
from dl_core.transfer.images.head import C_GRID, LinearHead, fit_head
from dl_core.transfer.images.jitter import jitter
from dl_core.transfer.images.plan import EmbeddingPlan

if TYPE_CHECKING:
    import keras

SCORE_CHUNK = 1024  # images whose features are held at once when scoring


class FrozenFeatures(Classifier):
    """Frozen features + linear head.

    Parameters
    ----------
    backbone : str
        A name of `transfer.backbones.BACKBONES`.
    sizes : sequence of int
        Sides in pixels at which the network looks at each image.
    taps : sequence of str
        Its depths; empty for the backbone's own choice.
    grid : int
        Coarse positions: each depth is also pooled to grid × grid means.
    c_grid : sequence of float
        Inverse penalties of the head, of which validation chooses one.
    copies : int
        Slightly changed copies of each training image (`transfer.jitter`) to learn from besides the image itself. Each
        costs as much as the images did.
    """

    def __init__(
        self,
        backbone: str = "efficientnet_lite0",
        sizes: Sequence[int] = (64, 112),
        taps: Sequence[str] = (),
        grid: int = 2,
        c_grid: Sequence[float] = C_GRID,
        copies: int = 1,
    ) -> None:
        self.plan = EmbeddingPlan(backbone, tuple(sizes), tuple(taps), grid)
        self.c_grid, self.copies = tuple(c_grid), int(copies)
        self.head: LinearHead | None = None
        self._drawn: tuple[LinearHead, keras.Model] | None = None  # the graph, and the head it was built with
        self.shape: tuple[int, int] = (0, 0)  # side and channels of the images it was fitted on
        self.chosen: dict[str, float] = {}
        self.cache: Path | None = None

    def fit(self, train: Dataset, validation: Dataset, context: FitContext) -> None:
        """Compute the features (once per image) and fit the head; validation chooses the penalty."""
        self.classes, self.cache = train.classes, context.cache
        self.shape = (train.images.shape[1], train.images.shape[3])
        y, y_val = train.targets, validation.targets
        weight = row_weights(y, len(self.classes), context.sample_weight)
        x = self._training_features(train.images, context.part(0.0, 0.8))
        y, weight = np.tile(y, 1 + self.copies), np.tile(weight, 1 + self.copies)
        x_val = self._features(validation.images, context.part(0.8, 0.9)) if len(y_val) else x[:0]
        context.progress(0.9, "Fitting the linear head")
        self.head, self.chosen = fit_head(
            (x, y), (x_val, y_val), len(self.classes), weight, self.c_grid, check_stop=context.check_stop
        )
        context.progress(1.0, "Fitted")

    def _training_features(self, images: np.ndarray, context: FitContext) -> np.ndarray:
        """Return the features of the images and then of their copies, ((1 + copies) n, d)."""
        share = 1 / (1 + self.copies)
        parts = [self._features(images, context.part(0.0, share))]
        for copy in range(self.copies):
            part = context.part((copy + 1) * share, (copy + 2) * share)
            parts.append(self._features(jitter(images, copy), part))
        return np.concatenate(parts) if self.copies else parts[0]

    def _features(self, images: np.ndarray, context: FitContext | None = None) -> np.ndarray:
        progress = None if context is None else context.progress
        return embed(images, self.plan, self.cache, progress)  # (n, d)

    def scores(self, data: Dataset) -> np.ndarray:
        """Return probabilities (n, n_classes)."""
        chunks = [data.images[at : at + SCORE_CHUNK] for at in range(0, len(data), SCORE_CHUNK)]
        parts = [fitted(self.head).probabilities(self._features(chunk)) for chunk in chunks]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.classes)))

    def features(self, data: Dataset) -> np.ndarray:
        """Return the embeddings (n, d) float32 that the head sees, for instance to judge novelty."""
        return self._features(data.images)

    def save(self, folder: Path) -> None:
        """Write ``model.json`` and ``head.npz``; the backbone is not repeated."""
        head = fitted(self.head)
        about = {
            "classes": list(self.classes),
            "plan": self.plan.as_dict(),
            "shape": list(self.shape),
            "copies": self.copies,
            "clip": head.clip,
            "chosen": self.chosen,
        }
        save_about(folder, about)
        parts = ("mean", "spread", "weights", "bias")
        save_arrays(folder / "head.npz", {part: getattr(head, part) for part in parts})

    @classmethod
    def load(cls, folder: Path) -> FrozenFeatures:
        """Return the model that `save` wrote; it needs no data and no cache."""
        about = load_about(folder)
        model = cls(copies=about["copies"])
        model.plan = EmbeddingPlan.from_dict(about["plan"])
        model.classes, model.shape, model.chosen = tuple(about["classes"]), tuple(about["shape"]), about["chosen"]
        model.head = LinearHead(**load_arrays(folder / "head.npz"), clip=about["clip"])
        return model

    def graph(self) -> keras.Model:
        """Return one flat Keras model from raw images (n, S, S, C) float32 in 0…255 to probabilities.

        Its layers ``size{s}_{tap}`` and ``tap_{s}_{tap}`` are the feature maps (see `transfer.graph.add_embedding`);
        ``logits`` is the layer before the softmax.
        """
        import keras

        from dl_core.transfer.images.graph import add_embedding, add_head

        head = fitted(self.head)
        if self._drawn is None or self._drawn[0] is not head:  # building and tracing it anew would cost seconds
            side, channels = self.shape
            inputs = keras.Input((side, side, channels), name="image")
            outputs = add_head(add_embedding(inputs, self.plan), head)
            self._drawn = head, keras.Model(inputs, outputs, name="frozen_features")
        return self._drawn[1]

    def parameters(self) -> int:
        """Return the number of learned numbers of the head."""
        return 0 if self.head is None else self.head.weights.size + self.head.bias.size
