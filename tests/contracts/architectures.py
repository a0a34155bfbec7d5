"""Every architecture of the house, small: rows that it learns from, what asks it, and what is differentiated.

`test_contract_jax` has them trained by another process on another backend; both processes read this list.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

import dl_core.domains  # noqa: F401  makes the domains known
from dl_core import pipeline
from dl_core.data.dataset import Dataset
from dl_core.data.interactions.histories import Histories
from dl_core.data.series.panel import Panel
from dl_core.domain import ReadRequest, get_domain
from dl_core.explain.gradients import gradient
from dl_core.models.base import FitContext, Model
from dl_core.models.images.finetuned import FineTuned as FineTunedImages
from dl_core.models.images.frozen import FrozenFeatures
from dl_core.models.images.small_cnn import SmallCNN
from dl_core.models.interactions.blend import DeepBlend
from dl_core.models.interactions.gru4rec import GRU4Rec
from dl_core.models.interactions.mult_vae import MultVAE
from dl_core.models.interactions.sasrec import SASRec
from dl_core.models.interactions.two_tower import TwoTower
from dl_core.models.series.convolution import TemporalConvolution
from dl_core.models.series.linear import DLinear, NLinear, SeasonalLinear
from dl_core.models.series.patches import PatchTransformer
from dl_core.models.series.pretrained import FineTuned
from dl_core.models.series.recurrent import Gru, Lstm
from dl_core.models.series.ridge import LinearPath, LinearStart
from dl_core.models.series.stack import DenseStack, NBeats, NHits
from dl_core.models.table.autoencoder import Autoencoder
from dl_core.models.table.feed_forward import FeedForward
from dl_core.models.table.pretrained import PretrainedEncoder
from dl_core.models.table.recurrent import Recurrent
from dl_core.transfer.images.plan import EmbeddingPlan
from tests.contracts.test_contract_models import tiny
from tests.contracts.test_contract_recommenders import draw, parts_of
from tests.series import toy_dataset, toy_splits
from tests.transactions import draw_transactions

HORIZON = 4
FIRST_BLOCK, THREE_BLOCKS = ({"sizes": (32,), "taps": (tap,)} for tap in ("block0", "block2"))  # the others: the same


class FirstBlocks(FineTunedImages):
    """Fine-tuning of a backbone's first blocks."""

    plan = EmbeddingPlan("efficientnet_lite0", **THREE_BLOCKS)


class Case(NamedTuple):
    """An architecture: its class, how it is built small, the kind of its rows, and a rate at which few steps teach."""

    model: type
    options: dict[str, Any]
    kind: str
    rate: float = 0.05

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.model.__name__}"

    def trained(self, context: FitContext) -> Model:
        """Return the model after a fit without rows to choose by."""
        rows = rows_of(self.kind)
        model = self.model(**self.options)
        if self.kind == "series":
            model.horizon = HORIZON
            model.learn(Panel.of(rows), None, context)
        else:
            model.fit(rows, rows.subset([]), context)
        return model

    def answers(self, model: Model) -> np.ndarray:
        """Return what the model says of the rows."""
        rows = rows_of(self.kind)
        if self.kind == "series":
            return model.forecast(Panel.of(rows))
        if self.kind == "interactions":
            return model.score_items(Histories.of(rows, model.catalogue))
        return model.scores(rows)

    def gradients(self, model: Model) -> np.ndarray:
        """Return the gradient that explanations are made of, of a few rows."""
        rows = rows_of(self.kind)
        if self.kind == "images":
            return gradient(model.graph(), rows.images[:2], 1)
        return gradient(model.graph(), model.inputs(rows)[:2] + 0.01, 1)  # off the knots, where slopes break


CASES = [
    Case(SmallCNN, {}, "images"),
    Case(FrozenFeatures, {**FIRST_BLOCK, "copies": 0}, "images"),
    Case(FirstBlocks, {}, "images"),
    Case(FeedForward, {}, "table"),
    Case(Recurrent, {}, "table"),
    Case(Autoencoder, {"networks": 1}, "table"),
    Case(PretrainedEncoder, {}, "table"),
    Case(MultVAE, {}, "interactions"),
    Case(DeepBlend, {"networks": 1}, "interactions"),
    Case(TwoTower, {}, "interactions"),
    Case(SASRec, {}, "interactions"),
    Case(GRU4Rec, {}, "interactions"),
    *(Case(one, {"width": 16, "depth": 1, "blocks": 1}, "series") for one in (DenseStack, NBeats, NHits, LinearStart)),
    *(Case(one, {}, "series") for one in (DLinear, NLinear, SeasonalLinear, LinearPath)),
    *(Case(one, {"width": 16}, "series") for one in (Lstm, Gru, TemporalConvolution, PatchTransformer)),
    Case(FineTuned, {}, "series", rate=0.005),
]
SOLVED = (FrozenFeatures, LinearPath)  # nothing of them is trained step by step
EXPLAINED = (SmallCNN, FeedForward)  # gradients of rankings and forecasts are compared in the contract of explainers


@cache
def rows_of(kind: str) -> Dataset:
    """Return a few rows of a kind, the same in every process."""
    if kind == "images":
        return tiny(16)
    if kind == "interactions":
        return parts_of(draw())[0]
    if kind == "series":
        data = toy_dataset(4, 40, covariates=True)
        return data.subset(toy_splits(data, HORIZON, 1).train)
    domain = get_domain("fraud_detection")
    options = domain.parse_options({})
    with TemporaryDirectory() as folder:
        path = Path(folder) / "transactions.csv"
        draw_transactions(160, days=20).to_csv(path, index=False)
        return pipeline.ingest(domain, ReadRequest((path,), options=options, name="Payments"))
