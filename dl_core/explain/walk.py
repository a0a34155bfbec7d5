"""Walking a Keras graph operation by operation, nested models included, with a hook at the layers of interest.

A saliency library that rebuilds a model from its layers stops at a nested model (a `keras.applications` backbone inside
a functional head) or at two layers of one name in two of its parts. Here nothing is rebuilt: the model's own operations
are called in the model's own order, so every graph that runs can be tapped.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import keras
from keras import ops

from dl_core.errors import OptionError, shorten

Tap = Callable[[str, Any], Any]
SMALLEST_SIDE = 7  # of the layer that Grad-CAM looks at by default; the original's at 224 px is 7 x 7 or 14 x 14


@dataclass(frozen=True)
class LayerOutput:
    """A layer of a graph: its path (``"backbone/conv1"`` inside a nested model) and output shape without the batch."""

    path: str
    shape: tuple[int, ...]
    kind: str

    @property
    def is_spatial(self) -> bool:
        """Whether the output is a stack of maps, (h, w, c) with more than one place."""
        return len(self.shape) == 3 and self.shape[0] * self.shape[1] > 1


def run_graph(model: keras.Model, x: Any, tap: Tap, layers: Sequence[str]) -> tuple[Any, Any | None]:
    """Run ``model`` on ``x`` in inference mode, handing the output of each layer in ``layers`` through ``tap``.

    Parameters
    ----------
    model : keras.Model
    x : tensor
        (n, h, w, c), of any backend, symbolic or not.
    tap : callable
        (path, value) -> value that goes on instead.
    layers : sequence of str
        Paths to tap.

    Returns
    -------
    tuple
        The output (n, k), and the logits (n, k) whose softmax it is, or None where it is not a visible softmax.
    """
    softmaxes: list[tuple[Any, Any]] = []  # (probabilities, logits) of every softmax met
    wanted = frozenset(layers)

    def call(operation: Any, path: str, *args: Any, **kwargs: Any) -> Any:
        """Run one operation of the graph, and the graph inside it where there is one."""
        if is_nested(operation):
            value = _walk(operation, args[0], lambda inner, name: partial(call, inner, f"{path}/{name}"))
        elif _is_softmax(operation):
            logits = _before_softmax(operation, args[0])
            value = ops.softmax(logits, axis=-1)
            softmaxes.append((value, logits))
        else:
            if _takes_training(operation):
                kwargs["training"] = False
            value = operation(*args, **kwargs)
        return tap(path, value) if path in wanted else value

    output = _walk(model, x, lambda operation, name: partial(call, operation, name))
    logits = next((z for p, z in softmaxes if p is output), None)
    return output, logits


def layer_outputs(model: keras.Model, size: tuple[int, int, int]) -> list[LayerOutput]:
    """Return all operations of ``model`` in order of computation with their output shapes for images of ``size``.

    Shapes are inferred, nothing is computed.
    """
    return list(_shapes(model, tuple(size)))


def find_layers(model: keras.Model, size: tuple[int, int, int], names: Sequence[str]) -> tuple[str, ...]:
    """Return the full paths of layers named by path or by last part.

    Raises
    ------
    OptionError
        If a name fits no layer with maps, or more than one.
    """
    spatial = [layer.path for layer in layer_outputs(model, size) if layer.is_spatial]
    found = []
    for name in names:
        fits = [path for path in spatial if path == name] or [p for p in spatial if p.rsplit("/", 1)[-1] == name]
        if len(fits) != 1:
            raise OptionError(
                f"{len(fits) or 'no'} layers with feature maps are called {shorten(name)!r}",
                where="the model's layers",
                expected=shorten(", ".join(fits or spatial), 300),
            )
        found.append(fits[0])
    return tuple(found)


def suggested_layers(model: keras.Model) -> tuple[str, ...]:
    """Return the layers worth looking at in a graph of this project, early to deep; empty for any other graph.

    A network trained from scratch names its stages ``stage1``, ``stage2`` …; an embedding at size s hands the maps
    ``size{s}_{tap}`` through ``tap_{s}_{tap}`` to its pooling. Of an embedding's taps the deepest two in five are left
    out: each of their places has seen most of the image, so they blur where the evidence is.
    """
    names = [layer.name for layer in model.layers]
    stages = [name for name in names if re.fullmatch(r"stage\d+", name)]
    taps = [match for match in (re.fullmatch(r"tap_(\d+)_([a-z]+\d*)", name) for name in names) if match]
    chosen = []
    for side in sorted({int(match[1]) for match in taps}):
        depths = sorted((match[2] for match in taps if int(match[1]) == side), key=_depth)
        chosen += [f"size{side}_{tap}" for tap in depths[: max(1, round(0.6 * len(depths)))]]
    return tuple(sorted(stages)) + tuple(name for name in chosen if name in names)


def _depth(tap: str) -> float:
    """Return the number in a tap's name; ``head`` and the like come last."""
    digits = re.sub(r"\D", "", tap)
    return int(digits) if digits else float("inf")


def last_spatial_layer(
    model: keras.Model, size: tuple[int, int, int], suggested: Sequence[str] = (), smallest: int = SMALLEST_SIDE
) -> str:
    """Return the deepest layer whose maps are at least ``smallest`` places on each side.

    Where small images leave no such layer among ``suggested`` or in the deeper half of the network, the side asked for
    is halved until there is one. An identity is no candidate: it hands a layer's maps to one reader (a pooling), while
    the layer itself feeds all that comes after.

    Raises
    ------
    OptionError
        If the model has no convolutional feature maps.
    """
    layers = [layer for layer in layer_outputs(model, size) if layer.kind != "Identity"]
    spatial = [(i, layer) for i, layer in enumerate(layers) if layer.is_spatial and layer.shape[-1] > 1]
    if not spatial:
        raise OptionError(
            "the model has no convolutional feature maps", todo="choose occlusion, which is model-agnostic"
        )
    paths = find_layers(model, size, suggested)
    candidates = [layer for _, layer in spatial if layer.path in paths]
    candidates = candidates or [layer for i, layer in spatial if 2 * i >= spatial[-1][0]]
    while smallest > 1:
        fits = [layer.path for layer in candidates if min(layer.shape[:2]) >= smallest]
        if fits:
            return fits[-1]
        smallest //= 2
    return candidates[-1].path


def has_maps(model: keras.Model, size: tuple[int, int, int]) -> bool:
    """Return whether any layer has maps of several channels, as networks have and a regression on pixels has not."""
    layers = (layer for layer in layer_outputs(model, size) if layer.kind != "Identity")
    return any(layer.is_spatial and layer.shape[-1] > 1 for layer in layers)


def is_nested(operation: Any) -> bool:
    """Return whether ``operation`` is a functional or sequential model, whose parts can be walked."""
    return isinstance(operation, keras.Sequential) or (isinstance(operation, keras.Model) and _is_functional(operation))


def _is_functional(model: keras.Model) -> bool:
    return hasattr(model, "_run_through_graph") and len(model.inputs) == 1 and len(model.outputs) == 1


def _walk(model: keras.Model, x: Any, wrap: Callable[[Any, str], Callable]) -> Any:
    """Run a model's operations on ``x``; each is called as ``wrap(operation, name)``."""
    if isinstance(model, keras.Sequential):
        for layer in model.layers:
            x = wrap(layer, layer.name)(x)
        return x
    if not _is_functional(model):
        raise OptionError(
            f"the model {shorten(model.name)!r} is no graph with one input and one output",
            todo="choose occlusion, which is model-agnostic",
        )
    # Keras offers no public way to run a graph with a hook at each operation; clone_model would rebuild the layers.
    output = model._run_through_graph([x], operation_fn=lambda operation: wrap(operation, operation.name))
    return keras.tree.flatten(output)[0]


@lru_cache(maxsize=32)
def _shapes(model: keras.Model, size: tuple[int, int, int]) -> tuple[LayerOutput, ...]:
    found: list[LayerOutput] = []

    def infer(operation: Any, path: str, *args: Any, **kwargs: Any) -> Any:
        """Note the output shape of one operation, and of those inside it."""
        if is_nested(operation):
            return _walk(operation, args[0], lambda inner, name: partial(infer, inner, f"{path}/{name}"))
        value = operation.compute_output_spec(*args, **kwargs)
        first = keras.tree.flatten(value)[0]
        found.append(LayerOutput(path, tuple(first.shape[1:]), type(operation).__name__))
        return value

    image = keras.KerasTensor((None, *size), dtype="float32")
    _walk(model, image, lambda operation, name: partial(infer, operation, name))
    return tuple(found)


def _is_softmax(operation: Any) -> bool:
    if type(operation) is keras.layers.Softmax:
        return operation.axis == -1
    return type(operation) in (keras.layers.Dense, keras.layers.Activation) and (
        operation.activation is keras.activations.softmax
    )


def _before_softmax(operation: Any, x: Any) -> Any:
    if type(operation) is keras.layers.Dense:
        x = ops.matmul(x, operation.kernel)
        return x if operation.bias is None else x + operation.bias
    return x


def _takes_training(operation: Any) -> bool:
    return isinstance(operation, keras.Layer) and "training" in inspect.signature(operation.call).parameters
