"""A small convolutional network trained from scratch: what the data alone can teach, without transfer."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from dl_core.data.dataset import Dataset
from dl_core.models.base import Classifier, FitContext, fitted
from dl_core.models.images.augment import flips_and_shifts
from dl_core.models.keras_fit import FitPlan, fit_keras, predict_batches
from dl_core.models.store import load_about, load_weights, save_about, save_weights
from dl_core.models.weights import row_weights

WIDTHS = (16, 32, 64, 128)  # channels of the four stages
PARTS = ("b", "ab", "ab", "ab")  # convolutions of each; the first stage has the most pixels, so it gets one
LARGEST = 128  # px; larger images are reduced inside the graph
HALVED_FROM = 64  # px; from here the first layer strides, so that the cost stays that of a small image
SEEN = 48_000  # images that a training sees in all, repeats included
EPOCHS = (8, 50)
PREDICT_BATCH = 64


def build_small_cnn(size: int, channels: int, n_classes: int) -> keras.Model:
    """Return the network: raw images (n, size, size, channels) 0…255 to probabilities (n, n_classes).

    Four stages of one or two 3 × 3 convolutions, batch-norm and ReLU, halved in between; global mean, dropout, softmax.
    The output of each stage is the layer ``stage1`` … ``stage4``, from which saliency and feature maps are taken. About
    290,000 weights.
    """
    layers = keras.layers
    inputs = keras.Input((size, size, channels), name="image")  # (n, s, s, c)
    x = inputs
    if size > LARGEST:
        x = layers.Resizing(LARGEST, LARGEST, interpolation="bilinear", antialias=True, name="reduced")(x)
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="scaled")(x)
    for number, width in enumerate(WIDTHS, start=1):
        stride = 2 if number == 1 and size >= HALVED_FROM else 1
        for part in PARTS[number - 1]:
            name = f"stage{number}" if part == "b" else f"relu{number}{part}"
            x = _convolution(width, stride, f"conv{number}{part}")(x)
            x = layers.BatchNormalization(momentum=0.9, name=f"norm{number}{part}")(x)
            x = layers.ReLU(name=name)(x)
        if number < len(WIDTHS):
            x = layers.MaxPooling2D(2, padding="same", name=f"halved{number}")(x)
    x = layers.GlobalAveragePooling2D(name="pooled")(x)  # (n, 128)
    x = layers.Dropout(0.3, name="dropped")(x)
    return keras.Model(inputs, layers.Dense(n_classes, activation="softmax", name="probabilities")(x), name="small_cnn")


def _convolution(width: int, stride: int, name: str) -> keras.layers.Layer:
    return keras.layers.Conv2D(
        width, 3, strides=stride, padding="same", use_bias=False, kernel_initializer="he_normal", name=name
    )


class SmallCNN(Classifier):
    """The network of `build_small_cnn` with AdamW, flips and shifts, balanced classes, and its best epoch kept.

    Parameters
    ----------
    epochs : int
        0 picks them from the number of images.
    flips : bool
        Whether to mirror images left to right in training; ``options["flips"]`` of the run comes first.
    seen : int
        Images that a training sees in all, repeats included, where ``epochs`` is 0.
    """

    def __init__(self, epochs: int = 0, flips: bool = True, seen: int = SEEN) -> None:
        self.epochs, self.flips, self.seen = epochs, flips, seen
        self.shape: tuple[int, int] = (0, 0)  # size in px, channels
        self.history: list[dict[str, float]] = []
        self._network: keras.Model | None = None

    def fit(self, train: Dataset, validation: Dataset, context: FitContext) -> None:
        """Train from random weights drawn from the seed."""
        self.classes = train.classes
        _, size, _, channels = train.images.shape
        self.shape = (size, channels)
        keras.utils.set_random_seed(context.seed)
        self._network = build_small_cnn(size, channels, len(self.classes))
        y = train.targets
        epochs = self.epochs or int(np.clip(self.seen // max(1, len(y)), *EPOCHS))
        plan = FitPlan(
            epochs=epochs,
            batch_size=64 if len(y) >= 2_000 else 32,
            patience=max(6, epochs // 3),
            learning_rate=3e-3,
            weight_decay=1e-3,
            label_smoothing=0.05,
            name="small_cnn",
            augment=flips_and_shifts(flips=bool(context.options.get("flips", self.flips))),
        )
        weights = row_weights(y, len(self.classes), context.sample_weight)
        known = (validation.images, validation.targets)
        self.history = fit_keras(self._network, (train.images, y), known, context, plan, weights)

    def scores(self, data: Dataset) -> np.ndarray:
        """Return softmax probabilities (n, n_classes)."""
        raw = predict_batches(self.graph(), data.images, PREDICT_BATCH)
        return raw / raw.sum(axis=1, keepdims=True)  # float32 sums to 1 only nearly

    def graph(self) -> keras.Model:
        """Return the network, preprocessing included."""
        return fitted(self._network)

    def parameters(self) -> int:
        """Return the number of weights."""
        return self.graph().count_params()

    def save(self, folder: Path) -> None:
        """Write shape and classes as JSON, and the weights."""
        size, channels = self.shape
        save_about(folder, {"size": size, "channels": channels, "classes": list(self.classes)})
        save_weights(folder / "weights.npz", self.graph().get_weights())

    @classmethod
    def load(cls, folder: Path) -> SmallCNN:
        """Return the saved network."""
        about = load_about(folder)
        model = cls()
        model.classes, model.shape = tuple(about["classes"]), (about["size"], about["channels"])
        model._network = build_small_cnn(about["size"], about["channels"], len(model.classes))
        model._network.set_weights(load_weights(folder / "weights.npz"))
        return model
