"""Gradients of a class score with respect to images and to intermediate layers: the one file that knows the backend.

**Which score is explained.** Where the graph ends in a softmax over a dense layer, or in a softmax layer, the score of
class t is its logit against the mean of the other logits, ``(k z_t - sum z) / (k - 1)``. A softmax leaves the offset
that all logits share undefined, so a bare logit could move without any probability moving; the difference cannot, is
still linear in the logits, and for two classes it is exactly the log-odds. Otherwise it is ``log p_t - log(1 - p_t)``.
A probability itself is never differentiated: where the model is sure, its gradient vanishes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from dl_core.explain.walk import Tap, run_graph

SMALLEST_PROBABILITY = 1e-6  # float32 cannot tell 1 - p from 1 much below it
KEPT_FUNCTIONS = 12  # traced functions kept a process; each holds its model


class Tapped(NamedTuple):
    """Values of the tapped layers, gradients of the score with respect to them, and the model's probabilities.

    ``values`` and ``gradients`` hold one array a layer, (n, …layer shape); ``scores`` and ``probabilities`` are (n, k).
    """

    values: list[np.ndarray]
    gradients: list[np.ndarray]
    scores: np.ndarray
    probabilities: np.ndarray


def gradient(model: keras.Model, inputs: np.ndarray, targets: int | Sequence[int] | np.ndarray) -> np.ndarray:
    """Return the gradient of each image's target score with respect to its pixels.

    Parameters
    ----------
    model : keras.Model
        From raw images (n, h, w, c) in 0…255 to probabilities (n, k); functional or sequential, nested or flat.
    inputs : numpy.ndarray
        (n, h, w, c) numbers in 0…255.
    targets : int or sequence of int
        Class index, one for all or one an image.

    Returns
    -------
    numpy.ndarray
        (n, h, w, c) float32, score units per grey level.
    """
    return activations_and_gradients(model, (), inputs, targets).gradients[0]


def activations_and_gradients(
    model: keras.Model,
    layers: Sequence[str],
    inputs: np.ndarray,
    targets: int | Sequence[int] | np.ndarray,
    *,
    cut: bool = False,
) -> Tapped:
    """Return what named layers put out, and the gradient of the target score with respect to it, in one pass.

    Parameters
    ----------
    model, inputs, targets
        As in `gradient`.
    layers : sequence of str
        Paths as in `walk.layer_outputs`; empty taps the input itself.
    cut : bool
        False: total gradients, so that an early layer's holds its effect through later layers. True: the graph is cut
        at the tapped layers, so that each gradient is the layer's direct effect, not by way of a later tap. For a
        linear head on pooled features of all tapped layers, gradient times value then splits the score exactly.

    Returns
    -------
    Tapped
    """
    inputs = np.asarray(inputs, dtype=np.float32)
    n = len(inputs)
    run = _compiled(model, tuple(layers), cut, inputs.shape[1:])
    weights = np.zeros((n, model.output_shape[-1]), dtype=np.float32)
    weights[np.arange(n), targets] = 1.0
    padding = _padding(n)
    if padding:
        inputs = np.concatenate([inputs, np.repeat(inputs[-1:], padding, axis=0)])
        weights = np.concatenate([weights, np.repeat(weights[-1:], padding, axis=0)])
    values, gradients, scores, probabilities = run(inputs, weights)
    return Tapped(
        [ops.convert_to_numpy(value)[:n] for value in values],
        [ops.convert_to_numpy(gradient)[:n] for gradient in gradients],
        ops.convert_to_numpy(scores)[:n],
        ops.convert_to_numpy(probabilities)[:n],
    )


def class_scores(probabilities: Any, logits: Any | None) -> Any:
    """Return the scores that are explained, (n, k), as the head of this file defines them."""
    if logits is not None and logits.shape[-1] > 1:
        k = logits.shape[-1]
        return (k * logits - ops.sum(logits, axis=-1, keepdims=True)) / (k - 1)
    p = ops.clip(probabilities, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    return ops.log(p) - ops.log(1 - p)


def _padding(n: int) -> int:
    """Return how many images to add so that JAX, which compiles once a batch size, sees only powers of two."""
    return 0 if keras.backend.backend() != "jax" else (1 << (n - 1).bit_length()) - n


def _forward(model: keras.Model, layers: tuple[str, ...], x: Any, weights: Any, tap: Tap) -> tuple[Any, Any, Any]:
    """Return the summed target score (a scalar), the scores (n, k) and the probabilities (n, k)."""
    x = x if layers else tap("", x)
    probabilities, logits = run_graph(model, x, tap, layers)
    scores = class_scores(probabilities, logits)
    return ops.sum(scores * weights), scores, probabilities


@lru_cache(maxsize=KEPT_FUNCTIONS)
def _compiled(model: keras.Model, layers: tuple[str, ...], cut: bool, shape: tuple[int, ...]) -> Callable:
    """Return a traced function (inputs, weights) -> (values, gradients, scores, probabilities) for this backend."""
    names = layers or ("",)
    builders = {"tensorflow": _with_tensorflow, "jax": _with_jax, "torch": _with_torch}
    return builders[keras.backend.backend()](model, layers, names, cut, shape)


def _with_tensorflow(
    model: keras.Model, layers: tuple[str, ...], names: tuple[str, ...], cut: bool, shape: tuple[int, ...]
) -> Callable:
    import tensorflow as tf

    signature = [tf.TensorSpec((None, *shape), tf.float32), tf.TensorSpec((None, model.output_shape[-1]), tf.float32)]

    @tf.function(input_signature=signature, autograph=False)
    def run(x: tf.Tensor, weights: tf.Tensor) -> tuple:
        """Return probabilities, tapped values and gradients of a batch."""
        values: dict[str, tf.Tensor] = {}
        offsets: dict[str, tf.Tensor] = {}
        with tf.GradientTape(watch_accessed_variables=False) as tape:

            def tap(name: str, value: tf.Tensor) -> tf.Tensor:
                values[name], offsets[name] = value, tf.zeros_like(value)
                tape.watch(offsets[name])
                return (tf.stop_gradient(value) if cut else value) + offsets[name]

            total, scores, probabilities = _forward(model, layers, x, weights, tap)
        gradients = tape.gradient(total, [offsets[name] for name in names], unconnected_gradients="zero")
        return [values[name] for name in names], gradients, scores, probabilities

    return lambda x, weights: run(tf.constant(x), tf.constant(weights))


def _with_jax(
    model: keras.Model, layers: tuple[str, ...], names: tuple[str, ...], cut: bool, shape: tuple[int, ...]
) -> Callable:
    import jax

    def score(offsets: list | None, variables: list, x: Any, weights: Any) -> tuple:
        """Return the weighted class score, with tapped values and probabilities beside it."""
        values: dict[str, Any] = {}

        def tap(name: str, value: Any) -> Any:
            values[name] = value
            base = jax.lax.stop_gradient(value) if cut else value
            return base if offsets is None else base + offsets[names.index(name)]

        mapping = list(zip(model.variables, variables, strict=True))
        with keras.StatelessScope(state_mapping=mapping):
            total, scores, probabilities = _forward(model, layers, x, weights, tap)
        return total, ([values[name] for name in names], scores, probabilities)

    @jax.jit
    def run(variables: list, x: Any, weights: Any) -> tuple:
        """Return probabilities, tapped values and gradients of a batch."""
        # the shapes of the tapped values are only known from a pass; this one is abstract and costs nothing at run time
        shapes = jax.eval_shape(lambda v, a, w: score(None, v, a, w)[1][0], variables, x, weights)
        offsets = [jax.numpy.zeros(each.shape, each.dtype) for each in shapes]
        (_, (values, scores, probabilities)), gradients = jax.value_and_grad(score, has_aux=True)(
            offsets, variables, x, weights
        )
        return values, gradients, scores, probabilities

    return lambda x, weights: run([variable.value for variable in model.variables], x, weights)


def _with_torch(
    model: keras.Model, layers: tuple[str, ...], names: tuple[str, ...], cut: bool, shape: tuple[int, ...]
) -> Callable:
    import torch

    def run(x: np.ndarray, weights: np.ndarray) -> tuple:
        """Return probabilities, tapped values and gradients of a batch."""
        values: dict[str, torch.Tensor] = {}
        offsets: dict[str, torch.Tensor] = {}

        def tap(name: str, value: torch.Tensor) -> torch.Tensor:
            values[name], offsets[name] = value, torch.zeros_like(value, requires_grad=True)
            return (value.detach() if cut else value) + offsets[name]

        with torch.enable_grad():
            total, scores, probabilities = _forward(
                model, layers, ops.convert_to_tensor(x), ops.convert_to_tensor(weights), tap
            )
            gradients = torch.autograd.grad(total, [offsets[name] for name in names], allow_unused=True)
        filled = [torch.zeros_like(offsets[n]) if g is None else g for n, g in zip(names, gradients, strict=True)]
        return [values[name] for name in names], filled, scores, probabilities

    return run


def gate_gradients(
    graph: keras.Model, codes: np.ndarray, gates: np.ndarray, targets: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the score of each history's target item, and its gradient with respect to the gates.

    Parameters
    ----------
    graph : keras.Model
        Of `Recommender.gated`: codes and gates to scores (n, n_items).
    codes : numpy.ndarray
        (n, length) int32 item codes + 1, zeros before the first.
    gates : numpy.ndarray
        (n, length) float32 in 0…1.
    targets : numpy.ndarray
        (n,) item codes.

    Returns
    -------
    scores : numpy.ndarray
        (n,) float32.
    gradients : numpy.ndarray
        (n, length) float32; zero before the first item.
    """
    known, wanted = np.asarray(codes, np.int32), np.asarray(targets, np.int32)[:, None]

    def target_scores(watched: list) -> Any:
        scores = graph([ops.convert_to_tensor(known), watched[0]], training=False)
        return ops.take_along_axis(scores, ops.convert_to_tensor(wanted), axis=1)[:, 0]

    scores, (gradients,) = _scored(target_scores, [np.asarray(gates, np.float32)])
    return scores, gradients * (known > 0)


def forecast_gradients(
    graph: keras.Model, inputs: Mapping[str, np.ndarray], weights: np.ndarray
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return weighted sums of each forecast's quantiles, and their gradients with respect to all inputs.

    Parameters
    ----------
    graph : keras.Model
        Of `Forecaster.graph`: named inputs to quantiles (n, horizon, levels) in the series' unit.
    inputs : mapping of str to numpy.ndarray
        Numbers (n, …) by name.
    weights : numpy.ndarray
        (horizon, levels).

    Returns
    -------
    scores : numpy.ndarray
        (n,) float32.
    gradients : dict of str to numpy.ndarray
        Of the inputs' shapes.
    """
    names, weights = list(inputs), np.asarray(weights, np.float32)

    def weighted(watched: list) -> Any:
        return ops.sum(graph(dict(zip(names, watched, strict=True)), training=False) * weights, axis=(1, 2))

    scores, gradients = _scored(weighted, [np.asarray(inputs[name], np.float32) for name in names])
    return scores, dict(zip(names, gradients, strict=True))


def _scored(score: Callable[[list], Any], values: list[np.ndarray]) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return ``score`` (n,) of arrays (n, …), each row by itself, and its gradients with respect to them."""
    backend = {"tensorflow": _scored_with_tensorflow, "jax": _scored_with_jax, "torch": _scored_with_torch}
    scores, gradients = backend[keras.backend.backend()](score, values)
    return ops.convert_to_numpy(scores), [ops.convert_to_numpy(gradient) for gradient in gradients]


def _scored_with_tensorflow(score: Callable[[list], Any], values: list[np.ndarray]) -> tuple:
    import tensorflow as tf

    watched = [tf.constant(value) for value in values]
    with tf.GradientTape() as tape:
        tape.watch(watched)
        scores = score(watched)
    return scores, tape.gradient(scores, watched, unconnected_gradients="zero")


def _scored_with_jax(score: Callable[[list], Any], values: list[np.ndarray]) -> tuple:
    import jax

    def total(watched: list) -> tuple:
        """Return the summed scores, with the single ones beside them."""
        scores = score(watched)
        return ops.sum(scores), scores

    (_, scores), gradients = jax.value_and_grad(total, has_aux=True)([jax.numpy.asarray(value) for value in values])
    return scores, gradients


def _scored_with_torch(score: Callable[[list], Any], values: list[np.ndarray]) -> tuple:
    import torch

    watched = [ops.convert_to_tensor(value).requires_grad_(True) for value in values]
    with torch.enable_grad():
        scores = score(watched)
        gradients = torch.autograd.grad(scores.sum(), watched, allow_unused=True)
    return scores.detach(), [torch.zeros_like(w) if g is None else g for w, g in zip(watched, gradients, strict=True)]
