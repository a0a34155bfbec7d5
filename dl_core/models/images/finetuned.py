"""The pretrained network, trained on from end to end."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from dl_core.data.dataset import Dataset
from dl_core.models.base import Classifier, FitContext, fitted
from dl_core.models.images.augment import flips_and_shifts
from dl_core.models.keras_fit import FitPlan, fit_keras, predict_batches
from dl_core.models.store import load_about, load_arrays, load_weights, save_about, save_arrays, save_weights
from dl_core.models.weights import row_weights
from dl_core.transfer.images.embed import embed
from dl_core.transfer.images.finetune import finetune_graph
from dl_core.transfer.images.head import C_GRID, LinearHead, fit_head
from dl_core.transfer.images.plan import EmbeddingPlan

SMALL, LARGE = 64, 96  # px at which the network runs
LARGE_FROM = 64  # px of the raw images
SEEN = {SMALL: 24_000, LARGE: 10_000}  # images that a training sees in all, repeats included: minutes on two cores
EPOCHS = (3, 20)
BATCH = 32
CONTRAST, BRIGHTNESS = 0.3, 30.0  # of the augmentation; shifts are whole pixels, as blurred ones change the texture


class FineTuned(Classifier):
    """Frozen features with their linear head, trained on end to end (`transfer.finetune.finetune_graph`).

    AdamW with warm-up and a cosine, shifted images of changed contrast and brightness, balanced classes, smoothed
    labels. A moving average of the weights is what is judged; the epoch of the best AUROC is kept, or the start where
    no epoch is better. The model is then half-way between start and end: it holds up better where later images differ
    from the training images (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models"; there the start is a
    zero-shot head, here a fitted one).

    Parameters
    ----------
    backbone : str
        A name of `transfer.backbones.BACKBONES`.
    size : int
        Side in pixels at which the network runs; 0 takes 64, or 96 for raw images of 64 pixels and more.
    epochs : int
        0 picks them from the number of images.
    learning_rate : float
        Peak of the schedule.
    flips : bool
        Whether to mirror images left to right in training; ``options["flips"]`` of the run comes first.
    """

    def __init__(
        self,
        backbone: str = "efficientnet_lite0",
        size: int = 0,
        epochs: int = 0,
        learning_rate: float = 1e-4,
        flips: bool = False,
    ) -> None:
        self.backbone, self.size, self.epochs = backbone, size, epochs
        self.learning_rate, self.flips = learning_rate, flips
        self.shape: tuple[int, int] = (0, 0)  # side and channels of the raw images
        self.history: list[dict[str, float]] = []
        self._first: LinearHead | None = None  # where training started; its mean and spread stay in the graph
        self._network: keras.Model | None = None

    @property
    def plan(self) -> EmbeddingPlan:
        """The embedding that training starts from."""
        size = self.size or (LARGE if self.shape[0] >= LARGE_FROM else SMALL)
        return EmbeddingPlan(self.backbone, (size,))

    def fit(self, train: Dataset, validation: Dataset, context: FitContext) -> None:
        """Fit the linear head on frozen features, then go on from there with the whole network."""
        self.classes = train.classes
        self.shape = (train.images.shape[1], train.images.shape[3])
        keras.utils.set_random_seed(context.seed)
        weights = row_weights(train.targets, len(self.classes), context.sample_weight)
        self._first = self._first_head(train, validation, context.part(0.0, 0.1), weights)
        self._network = finetune_graph(self.plan, *self.shape, self._first)
        start = [np.array(weight) for weight in self._network.get_weights()]  # copies: training may reuse the memory
        known = (validation.images, validation.targets)
        train_xy = (train.images, train.targets)
        self.history = fit_keras(
            self._network, train_xy, known, context.part(0.1, 1.0), self._fit_plan(len(train), context), weights
        )
        halfway = [(one + other) / 2 for one, other in zip(start, self._network.get_weights(), strict=True)]
        self._network.set_weights(halfway)

    def _first_head(self, train: Dataset, validation: Dataset, context: FitContext, weights: np.ndarray) -> LinearHead:
        """Return the head that frozen features of the same plan get; they are shared through the cache."""
        x = embed(train.images, self.plan, context.cache, context.part(0.0, 0.8).progress)  # (n, d)
        x_val = embed(validation.images, self.plan, context.cache) if len(validation) else x[:0]
        context.progress(0.9, "Fitting the classification head")
        known = (x_val, validation.targets)
        return fit_head((x, train.targets), known, len(self.classes), weights, C_GRID, check_stop=context.check_stop)[0]

    def _fit_plan(self, count: int, context: FitContext) -> FitPlan:
        flips = bool(context.options.get("flips", self.flips))
        seen = SEEN.get(self.plan.sizes[0], SEEN[LARGE])
        epochs = self.epochs or int(np.clip(seen // max(1, count), *EPOCHS))
        steps = epochs * -(-count // BATCH)
        return FitPlan(
            epochs=epochs,
            batch_size=BATCH,
            patience=max(3, epochs // 2),
            learning_rate=self.learning_rate,
            weight_decay=1e-3,
            label_smoothing=0.05,
            average=float(np.clip(1 - 10 / steps, 0.0, 0.99)),  # about the last tenth of the steps
            monitor="val_auroc",
            from_start=True,
            name="fine_tuned",
            augment=flips_and_shifts(flips, CONTRAST, BRIGHTNESS),
        )

    def scores(self, data: Dataset) -> np.ndarray:
        """Return softmax probabilities (n, n_classes)."""
        raw = predict_batches(self.graph(), data.images, BATCH)
        return raw / raw.sum(axis=1, keepdims=True)  # float32 sums to 1 only nearly

    def graph(self) -> keras.Model:
        """Return the network, preprocessing included; its layers are named as in `transfer.graph.add_embedding`."""
        return fitted(self._network)

    def parameters(self) -> int:
        """Return the number of weights."""
        return self.graph().count_params()

    def save(self, folder: Path) -> None:
        """Write plan, shape and classes as JSON, and the weights and the features' mean and spread as float32."""
        about = {"plan": self.plan.as_dict(), "shape": list(self.shape), "classes": list(self.classes)}
        save_about(folder, about)
        save_weights(folder / "weights.npz", self.graph().get_weights())
        first = fitted(self._first)
        save_arrays(folder / "spread.npz", {"mean": first.mean, "spread": first.spread})

    @classmethod
    def load(cls, folder: Path) -> FineTuned:
        """Return the saved network; the ImageNet weights are not needed."""
        about = load_about(folder)
        plan = EmbeddingPlan.from_dict(about["plan"])
        model = cls(plan.backbone, plan.sizes[0])
        model.classes, model.shape = tuple(about["classes"]), tuple(about["shape"])
        known, count = load_arrays(folder / "spread.npz"), len(model.classes)
        blank = np.zeros((len(known["mean"]), count), np.float32), np.zeros(count, np.float32)
        model._first = LinearHead(known["mean"], known["spread"], *blank)
        model._network = finetune_graph(plan, *model.shape, model._first, pretrained=False)
        model._network.set_weights(load_weights(folder / "weights.npz"))
        return model
