"""EfficientNet-Lite0 in plain Keras layers, with its ImageNet weights embedded.

Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (ICML 2019), in the Lite variant:
no squeeze-and-excitation, ReLU6 in place of swish, stem and head of fixed width. Deviation: none at inference; the
stochastic depth of training and the classes of ImageNet are left out.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dl_core.errors import FileError
from dl_core.files import sha256

if TYPE_CHECKING:
    from collections.abc import Collection

    import keras

WEIGHTS = Path(__file__).parent / "weights" / "efficientnet_lite0.npz"
WEIGHTS_SHA256 = "f19799950299e2b59a68541168828232e4dd607bc4ccec22a1af11b808defdbf"
BN_EPSILON = 1e-3
# (blocks, kernel, stride of the first block, expansion, channels out)
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM_CHANNELS, HEAD_CHANNELS = 32, 1280


def block_table() -> list[tuple[int, int, int, int]]:
    """Return kernel, stride, expansion and channels out of each of the 16 blocks, in order."""
    table = []
    for blocks, kernel, stride, expansion, channels in STAGES:
        table += [(kernel, stride if i == 0 else 1, expansion, channels) for i in range(blocks)]
    return table


@lru_cache(maxsize=1)
def weights() -> dict[str, np.ndarray]:
    """Return the embedded weights by ``layer/index``, float32, about 14 MB.

    Raises
    ------
    FileError
        If the file is missing or is not the one that was shipped.
    """
    if not WEIGHTS.is_file():
        raise FileError("the embedded weights are missing", where=WEIGHTS.name, todo="fetch the repository again")
    found = sha256(WEIGHTS)
    if found != WEIGHTS_SHA256:
        raise FileError(
            f"the embedded weights are damaged (SHA-256 {found[:12]}…)",
            where=WEIGHTS.name,
            expected=f"SHA-256 {WEIGHTS_SHA256[:12]}…",
            todo="fetch the repository again, with Git's line-ending conversion off for .npz files",
        )
    with np.load(WEIGHTS, allow_pickle=False) as archive:
        return {name: archive[name].astype(np.float32) for name in archive.files}


class _Builder:
    """Adds named layers to a functional graph and gives each its weights as soon as it is built."""

    def __init__(self, prefix: str, pretrained: bool) -> None:
        self.prefix = prefix
        self.weights = weights() if pretrained else None

    def add(self, layer_class: type, name: str, x: keras.KerasTensor, **options: object) -> keras.KerasTensor:
        layer = layer_class(name=self.prefix + name, **options)
        y = layer(x)
        if self.weights is not None and layer.weights:
            layer.set_weights([self.weights[f"{name}/{i}"] for i in range(len(layer.weights))])
        return y

    def convolve(
        self, name: str, x: keras.KerasTensor, channels: int | None, kernel: int = 1, stride: int = 1
    ) -> keras.KerasTensor:
        """Convolution (depthwise where ``channels`` is None) without bias, and batch normalisation."""
        import keras

        options = {"kernel_size": kernel, "strides": stride, "padding": "same", "use_bias": False}
        if channels is None:
            x = self.add(keras.layers.DepthwiseConv2D, name + "_conv", x, **options)
        else:
            x = self.add(keras.layers.Conv2D, name + "_conv", x, filters=channels, **options)
        return self.add(keras.layers.BatchNormalization, name + "_bn", x, epsilon=BN_EPSILON)


def trunk(
    x: keras.KerasTensor, prefix: str = "", pretrained: bool = True, until: Collection[str] = ("head",)
) -> dict[str, keras.KerasTensor]:
    """Add the network to ``x`` and return its feature maps by name.

    Parameters
    ----------
    x : KerasTensor
        (n, size, size, 3) float32 in 0…255; the normalisation (x - 127) / 128 is part of the network.
    prefix : str
        Put before each layer's name, so that one graph can hold the network at several sizes.
    pretrained : bool
        Give the layers their ImageNet weights; False where they are set afterwards.
    until : collection of str
        Maps with whose last one the network may end.

    Returns
    -------
    dict
        ``"block0"`` … ``"block15"`` and ``"head"``, as far as it goes, each (n, h, w, c); the layers are named
        ``prefix + key``.
    """
    import keras

    add = _Builder(prefix, pretrained)
    maps: dict[str, keras.KerasTensor] = {}
    x = keras.layers.Rescaling(1 / 128, offset=-127 / 128, name=prefix + "normalise")(x)
    x = add.convolve("stem", x, STEM_CHANNELS, 3, 2)
    x = keras.layers.ReLU(max_value=6.0, name=prefix + "stem")(x)  # (n, size / 2, size / 2, 32)
    for i, (kernel, stride, expansion, channels) in enumerate(block_table()):
        shortcut, inside = x, x.shape[-1]
        if expansion != 1:
            x = add.convolve(f"block{i}_expand", x, inside * expansion)
            x = keras.layers.ReLU(max_value=6.0, name=f"{prefix}block{i}_expand_relu")(x)
        x = add.convolve(f"block{i}_depth", x, None, kernel, stride)
        x = keras.layers.ReLU(max_value=6.0, name=f"{prefix}block{i}_depth_relu")(x)
        x = add.convolve(f"block{i}_project", x, channels)
        if stride == 1 and inside == channels:
            x = keras.layers.Add(name=f"{prefix}block{i}")([x, shortcut])
        else:
            x = keras.layers.Identity(name=f"{prefix}block{i}")(x)
        maps[f"block{i}"] = x
        if maps.keys() >= set(until):
            return maps
    x = add.convolve("head", x, HEAD_CHANNELS)
    maps["head"] = keras.layers.ReLU(max_value=6.0, name=prefix + "head")(x)  # (n, size / 32, size / 32, 1280)
    return maps


def pattern(size: int = 224) -> np.ndarray:
    """Return a made picture, (size, size, 3) uint8, the same on every machine: integer arithmetic only."""
    y, x, c = np.indices((size, size, 3))
    return ((x * x // 7 + y * 3 + (x * y) // 11 * (c + 1)) % 256).astype(np.uint8)


def weights_version() -> str:
    """Return a short name of these weights and this architecture, for cache keys."""
    return hashlib.sha256(f"{WEIGHTS_SHA256}{STAGES}{BN_EPSILON}".encode()).hexdigest()[:12]
