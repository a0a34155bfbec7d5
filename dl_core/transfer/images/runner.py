"""Run an embedding graph over many images: through LiteRT where it is installed, else through Keras.

This is the one file of the package that knows TensorFlow; where it or LiteRT is missing, Keras' own prediction gives
the same numbers more slowly.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dl_core.files import storage_errors
from dl_core.transfer.images.plan import EmbeddingPlan

if TYPE_CHECKING:
    import keras

BATCH = {64: 64, 512: 16}  # images at once in LiteRT up to a side in pixels: their maps stay in the processor's cache
PLAIN_BATCH = 64  # images at once in Keras
Run = Callable[[np.ndarray], np.ndarray]


def can_run_litert() -> bool:
    """Return whether the fast path's packages are installed and Keras runs on TensorFlow.

    A converted file that lies in the cache needs LiteRT only, but the file itself is made by TensorFlow.
    """
    wanted = ("ai_edge_litert", "tensorflow")
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    return backend == "tensorflow" and all(importlib.util.find_spec(name) for name in wanted)


def make_runner(plan: EmbeddingPlan, side: int, channels: int, cache: Path | None, fast: bool | None = None) -> Run:
    """Return a function from (m, side, side, channels) images to (m, d) float32 for any m ≥ 1.

    Parameters
    ----------
    plan : EmbeddingPlan
    side, channels : int
        Shape of the images.
    cache : Path or None
        Folder in which the converted network is kept (14 MB a size); None converts anew in each process (2 s).
    fast : bool or None
        True or False forces a path; None takes LiteRT where it is installed.
    """
    fast = can_run_litert() if fast is None else fast
    return _litert_runner(plan, side, channels, cache) if fast else _keras_runner(plan, side, channels)


@lru_cache(maxsize=4)
def _keras_runner(plan: EmbeddingPlan, side: int, channels: int) -> Run:
    """Run the graph batch by batch in Keras."""
    from dl_core.transfer.images.graph import embedding_model

    model = embedding_model(plan, side, channels)

    def run(images: np.ndarray) -> np.ndarray:
        parts = []
        for batch, count in batches(images, PLAIN_BATCH):
            parts.append(np.asarray(model.predict_on_batch(batch), dtype=np.float32)[:count])
        return np.concatenate(parts)

    return run


@lru_cache(maxsize=4)
def _litert_runner(plan: EmbeddingPlan, side: int, channels: int, cache: Path | None) -> Run:
    """Run the converted graph in LiteRT, one interpreter in this process."""
    from ai_edge_litert.interpreter import Interpreter

    flat = _converted(plan, side, channels, cache)
    interpreter = Interpreter(model_content=flat, num_threads=max(2, os.cpu_count() or 2))
    index_in = interpreter.get_input_details()[0]["index"]
    index_out = interpreter.get_output_details()[0]["index"]
    most = next(batch for side_px, batch in BATCH.items() if max(plan.sizes) <= side_px)
    shaped = [0]  # batch size for which the interpreter is laid out

    def run(images: np.ndarray) -> np.ndarray:
        """Return the features of a batch of images."""
        size = min(most, len(images))
        if shaped[0] != size:
            interpreter.resize_tensor_input(index_in, (size, side, side, channels))
            interpreter.allocate_tensors()
            shaped[0] = size
        parts = []
        for batch, count in batches(images, size):
            interpreter.set_tensor(index_in, batch)
            interpreter.invoke()
            parts.append(interpreter.get_tensor(index_out)[:count])
        return np.concatenate(parts)

    return run


def batches(images: np.ndarray, size: int) -> Iterator[tuple[np.ndarray, int]]:
    """Yield batches of exactly ``size`` float32 images, the last filled up with zeros, and how many are real."""
    for start in range(0, len(images), size):
        batch = np.asarray(images[start : start + size], dtype=np.float32)
        count = len(batch)
        if count < size:
            batch = np.concatenate([batch, np.zeros((size - count, *batch.shape[1:]), np.float32)])
        yield batch, count


def _converted(plan: EmbeddingPlan, side: int, channels: int, cache: Path | None) -> bytes:
    """Return the graph as a LiteRT flatbuffer, from the cache if it is there."""
    path = None if cache is None else Path(cache) / "litert" / f"{plan.key()}-{side}-{channels}.tflite"
    if path is not None and path.is_file():
        return path.read_bytes()
    from dl_core.transfer.images.graph import embedding_model

    content = convert(embedding_model(plan, side, channels))
    if path is not None:
        with storage_errors(path.name):
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f"{path.name}.{os.getpid()}.part")
            part.write_bytes(content)
            part.replace(path)
    return content


def convert(model: keras.Model) -> bytes:
    """Return a Keras model as a LiteRT flatbuffer with a free batch size.

    It goes straight from the traced function: `keras.Model.export` writes a SavedModel on the way, which gives the same
    flatbuffer in five times the time.
    """
    import tensorflow as tf

    spec = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32)
    traced = tf.function(lambda x: model(x, training=False)).get_concrete_function(spec)
    return tf.lite.TFLiteConverter.from_concrete_functions([traced]).convert()
