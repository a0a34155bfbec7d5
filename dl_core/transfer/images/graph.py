"""One flat Keras graph from raw images to an embedding (resampling, backbone, taps, pooling), and the linear head."""

from __future__ import annotations

import keras
import numpy as np

from dl_core.transfer.images.backbones import get_backbone
from dl_core.transfer.images.head import LinearHead
from dl_core.transfer.images.plan import HEAD, EmbeddingPlan


def resample_matrix(source: int, target: int) -> np.ndarray:
    """Return the (target, source) float32 matrix of linear resampling along one axis.

    Pixel centres stand at half-integers; a reduction widens the triangle by the factor, so that nothing aliases; each
    row sums to 1.
    """
    scale = source / target
    width = max(scale, 1.0)
    centres = (np.arange(target) + 0.5) * scale - 0.5
    distance = np.abs(np.arange(source)[None, :] - centres[:, None]) / width
    matrix = np.clip(1.0 - distance, 0.0, None)
    return (matrix / matrix.sum(axis=1, keepdims=True)).astype(np.float32)


class Resample(keras.layers.Layer):
    """Resample square images to ``size`` pixels: two products with a constant matrix, so that every backend agrees."""

    def __init__(self, size: int, **options: object) -> None:
        super().__init__(**options)
        self.size = size

    def build(self, input_shape: tuple[int | None, int, int, int]) -> None:
        """Make the matrices of both axes."""
        self.rows = resample_matrix(input_shape[1], self.size).T  # (source height, size)
        self.columns = resample_matrix(input_shape[2], self.size).T  # (source width, size)

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Return images (n, size, size, c) of x (n, h, w, c)."""
        x = keras.ops.matmul(keras.ops.transpose(x, (0, 3, 1, 2)), self.columns)  # (n, c, h, size)
        x = keras.ops.matmul(keras.ops.transpose(x, (0, 1, 3, 2)), self.rows)  # (n, c, size of w, size of h)
        return keras.ops.transpose(x, (0, 3, 2, 1))  # (n, size, size, c)


class GridMeans(keras.layers.Layer):
    """Pool a map (n, h, w, c) to its mean and a ``grid`` × ``grid`` of means: (n, (1 + grid²) c), cells by rows.

    Cell i of an axis of length h covers ⌊i h / grid⌋ up to ⌈(i + 1) h / grid⌉, so neighbours share a line where h does
    not divide; a map smaller than the grid repeats its lines.
    """

    def __init__(self, grid: int, **options: object) -> None:
        super().__init__(**options)
        self.grid = grid

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Return the means (n, (1 + grid²) c) of x (n, h, w, c)."""
        parts = [keras.ops.mean(x, axis=(1, 2))]
        for top, bottom in cells(x.shape[1], self.grid):
            band = keras.ops.mean(x[:, top:bottom], axis=1)  # (n, w, c)
            parts += [keras.ops.mean(band[:, left:right], axis=1) for left, right in cells(x.shape[2], self.grid)]
        return keras.ops.concatenate(parts, axis=-1)


def cells(length: int, grid: int) -> list[tuple[int, int]]:
    """Return start and end of each of ``grid`` cells along an axis."""
    return [(i * length // grid, -(-(i + 1) * length // grid)) for i in range(grid)]


def to_rgb(x: keras.KerasTensor, prefix: str) -> keras.KerasTensor:
    """Return (n, h, w, 3) from one or three channels."""
    return keras.layers.Concatenate(name=f"{prefix}rgb")([x, x, x]) if x.shape[-1] == 1 else x


def add_embedding(inputs: keras.KerasTensor, plan: EmbeddingPlan, pretrained: bool = True) -> keras.KerasTensor:
    """Add the whole embedding to ``inputs`` (n, S, S, 1 or 3) float32 in 0…255 and return (n, d).

    For each size s and tap t the graph holds two layers that `keras.Model.get_layer` finds:

    * ``size{s}_{t}`` (for instance ``size64_block4``): the feature map itself, on which all later blocks build;
    * ``tap_{s}_{t}`` (``tap_64_block4``): the same values, feeding only this tap's pooling. Pooling is linear, so the
      gradient of a linear head's logit there, times the map, summed over the map, is exactly that tap's share of the
      logit, but for a constant and as long as nothing is clipped.

    The vector is, size after size and tap after tap, the means of `GridMeans` (the head: its mean).
    """
    backbone = get_backbone(plan.backbone)
    parts = []
    for size in plan.sizes:
        prefix = f"size{size}_"
        x = inputs
        if tuple(x.shape[1:3]) != (size, size):
            x = Resample(size, name=prefix + "resample")(x)
        maps = backbone.maps(to_rgb(x, prefix), prefix, pretrained, plan.taps)
        for tap in plan.taps:
            x = keras.layers.Identity(name=f"tap_{size}_{tap}")(maps[tap])
            grid = 0 if tap == HEAD or plan.grid < 2 else plan.grid
            parts.append(GridMeans(grid, name=f"pool_{size}_{tap}")(x))
    return parts[0] if len(parts) == 1 else keras.layers.Concatenate(name="embedding")(parts)


def embedding_model(plan: EmbeddingPlan, side: int, channels: int) -> keras.Model:
    """Return the model from raw images (n, side, side, channels) float32 in 0…255 to (n, d)."""
    inputs = keras.Input((side, side, channels), name="image")
    return keras.Model(inputs, add_embedding(inputs, plan), name="embedding")


def tap_names(plan: EmbeddingPlan) -> list[str]:
    """Return the names of the tap layers in a graph of this plan, early to late within each size."""
    return [f"tap_{size}_{tap}" for size in plan.sizes for tap in plan.taps]


class Clip(keras.layers.Layer):
    """Cut values to ±limit."""

    def __init__(self, limit: float, **options: object) -> None:
        super().__init__(**options)
        self.limit = limit

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Return x cut."""
        return keras.ops.clip(x, -self.limit, self.limit)


def add_head(x: keras.KerasTensor, head: LinearHead, calm: float = 1.0) -> keras.KerasTensor:
    """Add standardisation, clip, ``logits`` and softmax to an embedding (n, d) and return (n, n_classes).

    With ``calm`` below 1 the inputs of ``logits`` shrink by it and its weights grow by 1 / ``calm``: the same numbers,
    but an optimizer that moves all weights equally far, as Adam does, moves the logits ``calm`` times as far.
    """
    variance = head.spread.astype(np.float64) ** 2
    x = keras.layers.Normalization(mean=head.mean, variance=variance.astype(np.float32), name="standardise")(x)
    x = Clip(head.clip, name="clip")(x)
    if calm != 1.0:
        x = keras.layers.Rescaling(calm, name="calm")(x)
    dense = keras.layers.Dense(head.weights.shape[1], name="logits")
    x = dense(x)
    dense.set_weights([head.weights / calm, head.bias])
    return keras.layers.Softmax(name="probabilities")(x)
