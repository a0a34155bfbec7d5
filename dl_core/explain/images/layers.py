"""What the layers see: feature maps of one image, from the first layers to the last."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dl_core.explain.images.maps import normalise
from dl_core.explain.images.view import ModelView

LAYERS = 5
CHANNELS = 8


@dataclass(frozen=True)
class LayerMaps:
    """Feature maps of one layer.

    Parameters
    ----------
    name : str
        The layer's path.
    depth : float
        How far into the network it stands, 0…1.
    shape : tuple of int
        Of its output, (h, w, c).
    channels : tuple of int
        Channel numbers shown, the liveliest first.
    tiles : numpy.ndarray
        (len(channels), h, w) uint8, each scaled to its own range.
    """

    name: str
    depth: float
    shape: tuple[int, int, int]
    channels: tuple[int, ...]
    tiles: np.ndarray


def feature_maps(
    source: ModelView, image: np.ndarray, layers: int = LAYERS, channels: int = CHANNELS
) -> list[LayerMaps]:
    """Return feature maps of ``image`` (h, w, c) uint8 at about ``layers`` layers spread over the depth.

    Of each layer the ``channels`` whose activations vary most over the image are shown; a channel that is constant
    shows nothing.

    Raises
    ------
    OptionError
        If the model has no graph or no layer with maps.
    """
    from dl_core.explain.gradients import activations_and_gradients

    graph = source.need_graph()
    chosen = choose_layers(source, image.shape, layers)
    values = activations_and_gradients(graph, [name for name, _ in chosen], image[None], 0).values
    result = []
    for (name, depth), value in zip(chosen, values, strict=True):
        order = np.argsort(-value[0].var(axis=(0, 1)), kind="stable")[:channels]
        tiles = normalise(np.moveaxis(value[0][..., order], -1, 0))  # (channels, h, w)
        result.append(
            LayerMaps(
                name, depth, value.shape[1:], tuple(int(i) for i in order), (tiles * 255).round().astype(np.uint8)
            )
        )
    return result


def choose_layers(source: ModelView, size: tuple[int, int, int], count: int = LAYERS) -> list[tuple[str, float]]:
    """Return (path, depth 0…1) of about ``count`` layers with maps, early to deep.

    They are spread evenly over the layers the model suggests, else over its activations, else over all that have maps.
    """
    from dl_core.explain.walk import find_layers, last_spatial_layer, layer_outputs

    graph = source.need_graph()
    every = layer_outputs(graph, size)
    depths = {layer.path: i / max(1, len(every) - 1) for i, layer in enumerate(every)}
    if source.layers:
        paths = sorted(find_layers(graph, size, source.layers), key=depths.__getitem__)
    else:
        maps = [layer for layer in every if layer.is_spatial and layer.shape[-1] > 3]  # more than a picture has
        paths = [layer.path for layer in maps if layer.kind in ("ReLU", "Activation", "LeakyReLU")]
        paths = paths if len(paths) >= count else [layer.path for layer in maps]
        paths = paths or [last_spatial_layer(graph, size)]
    picks = np.unique(np.linspace(0, len(paths) - 1, min(count, len(paths))).round().astype(int))
    return [(paths[i], depths[paths[i]]) for i in picks]
