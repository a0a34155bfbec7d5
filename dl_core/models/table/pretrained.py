"""Transfer learning on a table: an autoencoder learns from all rows, its encoder goes on with few labels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from dl_core.data.dataset import Dataset
from dl_core.errors import SchemaError
from dl_core.models.base import FitContext, fitted, silent
from dl_core.models.table.encode import TableEncoder
from dl_core.models.table.network import NetworkModel
from dl_core.models.table.prior import known_rows, learnable, without_labels
from dl_core.models.table.rebuild import RebuildPlan, fit_rebuild
from dl_core.transfer.learning_curve import draw

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

UNITS = (128, 32)  # of the encoder
DROPOUT = 0.1
MASKED = 0.3  # standard deviation of the noise on what is to be rebuilt
BUDGETS = (10, 25, 50, 100, 200, 500, 1_000, 2_000, 5_000)  # known frauds
ENCODER = ("curves", *(f"encoded{number}" for number in range(len(UNITS))))  # layers that are handed on


@dataclass(frozen=True)
class Start:
    """What pretraining hands on: preprocessing, the numbers that the body is built from, and weights by layer."""

    encoder: TableEncoder
    shape: dict[str, Any]
    knots: np.ndarray
    weights: dict[str, list[np.ndarray]]


class PretrainedEncoder(NetworkModel):
    """The encoder of a denoising autoencoder with a new head, fine-tuned as a whole.

    Pretraining sees every training row, also those without a label, and no label (Vincent et al. 2010, *Stacked
    denoising autoencoders*). We deviate in rebuilding from learned curves of the numbers.

    Parameters
    ----------
    networks : int
        How many are averaged, as in `NetworkModel`.
    pretrained : bool
        False trains the same network from random weights: what pretraining has to beat.
    start : Start or None
        Pretraining that was done before; None does it in `fit`.
    """

    name = "pretrained"

    def __init__(self, networks: int = 1, pretrained: bool = True, start: Start | None = None) -> None:
        super().__init__(networks)
        self.pretrained, self._start = pretrained, start
        self._handed: dict[str, list[np.ndarray]] = {}

    def pretrain(self, rows: Dataset, context: FitContext) -> Start:
        """Learn to rebuild all ``rows``, whatever their label, and return what `fit` goes on from."""
        context.check_stop()
        self.encoder = TableEncoder.fit(rows)
        if not self.encoder.numeric and not self.encoder.categorical:
            raise SchemaError("all features are constant in the training rows", todo="add feature columns")
        self._prepare(rows)
        weights: dict[str, list[np.ndarray]] = {}
        if self.pretrained and self.encoder.width:
            keras.utils.set_random_seed(context.seed)
            inputs = keras.Input((self.shape["numbers"] + self.shape["embedded"],), name="inputs")
            rebuilt = keras.layers.Dense(self.encoder.width, name="rebuilt")(self._encoded(inputs))
            network = keras.Model(inputs, rebuilt)
            numbers = self.encoder.numbers(rows)
            given = np.zeros((len(numbers), inputs.shape[1]), dtype=np.float32)  # categories are learned with labels
            given[:, : numbers.shape[1]] = numbers
            plan = RebuildPlan(noise=MASKED, text="Pretraining on all rows", name="encoder")
            self.history = fit_rebuild(network, given, numbers, context, plan, context.sample_weight)
            weights = {name: network.get_layer(name).get_weights() for name in ENCODER}
        return Start(self.encoder, self.shape, fitted(self._knots), weights)

    def fit(self, train: Dataset, validation: Dataset, context: FitContext) -> None:
        """Pretrain, unless that was done, and fine-tune; the epoch with the best average precision is kept."""
        self.classes = train.classes
        labelled, y, weight = learnable(train, context.sample_weight)
        start = self._start or self.pretrain(train, context.part(0.0, 0.3))
        self.encoder, self.shape, self._knots, self._handed = start.encoder, start.shape, start.knots, start.weights
        weights = self._weights(y, context, weight)
        self._fit_all((labelled, y), known_rows(validation), context.part(0.3, 1.0), weights)

    def _encoded(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        x = self._curved(inputs)
        for number, units in enumerate(UNITS):
            x = keras.layers.Dense(units, activation="relu", kernel_initializer="he_normal", name=f"encoded{number}")(x)
        return x

    def _build(self) -> keras.Model:
        inputs = keras.Input((self.shape["numbers"] + self.shape["embedded"],), name="inputs")
        x = keras.layers.Dropout(DROPOUT, name="dropped")(self._encoded(inputs))
        body = keras.Model(inputs, keras.layers.Dense(2, name="logits")(x), name=self.name)
        for name, weights in self._handed.items():
            body.get_layer(name).set_weights(weights)
        return body


def label_curve(
    train: Dataset,
    validation: Dataset,
    test: Dataset,
    seeds: int | Sequence[int],
    work: Any,
    *,
    budgets: Sequence[int] = BUDGETS,
    options: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """Return average precision against the number of known frauds: pretrained, and from scratch.

    Labels are drawn in proportion to the classes, four fifths to learn from and one fifth to choose by; all other
    training rows are there without labels. Columns made from labels are left out, as they would tell more of them.

    Parameters
    ----------
    train, validation, test : Dataset
    seeds : int or sequence of int
        Draws; a number n stands for 0 … n - 1.
    work
        Has ``emit``, ``should_stop`` and ``cache``.
    budgets : sequence of int
        Numbers of known frauds; those beyond the data are left out.
    options : mapping or None
        As of a run: ``"epochs"``, ``"imbalance"``.

    Returns
    -------
    list of dict
        ``model``, ``labels`` (known frauds), ``rows`` (labelled rows), ``seed``, ``metric`` and ``value``.
    """
    from sklearn.metrics import average_precision_score

    context = FitContext(emit=work.emit, should_stop=work.should_stop, cache=work.cache, options=options or {})
    train, validation, test = (without_labels(part) for part in (train, validation, test))
    frauds, truth = int((train.targets == 1).sum()), test.targets == 1
    counts = [budget for budget in sorted(set(budgets)) if budget < frauds] + [frauds]
    draws = list(range(seeds) if isinstance(seeds, int) else seeds)
    rows, step, steps = [], 0, len(draws) * (len(counts) + 1)
    for seed in draws:
        part = replace(context.part(step / steps, (step + 1) / steps), seed=seed)
        starts = {
            "pretrained": PretrainedEncoder().pretrain(train, part),
            "from_scratch": PretrainedEncoder(pretrained=False).pretrain(train, context),
        }
        step += 1
        for count in counts:
            context.progress(step / steps, f"{count:,} known frauds, draw {seed + 1}")
            total = int(np.ceil(count * len(train) / max(1, frauds)))
            learn, choose = draw(train, validation, total, seed)
            for name, start in starts.items():
                model = PretrainedEncoder(start=start)
                model.fit(learn, choose, replace(context, seed=seed, emit=silent))
                value = float(average_precision_score(truth, model.scores(test)[:, 1])) if truth.any() else float("nan")
                about = {"model": name, "labels": count, "rows": len(learn) + len(choose), "seed": seed}
                rows.append({**about, "metric": "auprc", "value": value})
            step += 1
    context.progress(1.0, "Learning curve computed")
    return rows
