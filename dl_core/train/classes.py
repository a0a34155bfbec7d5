"""Models that give every row a probability for each class: calibrated and with an operating point from validation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.splits import Splits
from dl_core.evaluate.metric import ClassMetric
from dl_core.evaluate.registry import metric_named
from dl_core.evaluate.results import Predictions
from dl_core.models.base import Classifier, Offer
from dl_core.train.answers import Answer, Answers
from dl_core.train.calibrate import PickThreshold, fitted_model
from dl_core.train.run import FittedModel
from dl_core.train.scoring import prediction_rows


@dataclass(frozen=True)
class ClassAnswers(Answers[Classifier]):
    """Answers of classifiers.

    Parameters
    ----------
    primary_metric : str
        By which models are ranked on validation rows.
    pick_threshold, about
        How operating points are picked, and the columns by row id that this takes (`train.calibrate`).
    """

    primary_metric: str
    pick_threshold: PickThreshold | None = None
    about: pd.DataFrame | None = None

    def parts(self, dataset: Dataset, splits: Splits) -> dict[str, Dataset]:
        """Return the three parts; rows without a label neither train nor choose."""
        parts = super().parts(dataset, splits)
        return {part: data if part == "test" else _labelled(data) for part, data in parts.items()}

    def ask(self, model: Classifier, part: str, parts: Mapping[str, Dataset]) -> Answer:
        """Return ``scores`` (n, n_classes), before calibration."""
        data = parts[part]
        return {"scores": model.scores(data) if len(data) else np.zeros((0, len(data.classes)))}

    def count(self, answer: Answer) -> int:
        """Return the number of rows."""
        return len(answer["scores"])

    def fitted(
        self, offer: Offer, model: Classifier, answer: Answer, parts: Mapping[str, Dataset], seed: int
    ) -> FittedModel:
        """Return the model with temperature, operating point and standing."""
        validation = parts["validation"]
        return fitted_model(
            offer,
            model,
            answer["scores"],
            validation,
            metric=metric_named(self.primary_metric, ClassMetric),
            pick=self.pick_threshold,
            about=None if self.about is None else self.about.loc[validation.ids],
            seed=seed,
        )

    def rows(self, fitted: FittedModel, answer: Answer, part: str, parts: Mapping[str, Dataset]) -> pd.DataFrame:
        """Return `Predictions`' lines."""
        return prediction_rows(fitted, answer["scores"], parts[part], part)

    def gather(self, table: pd.DataFrame, dataset: Dataset) -> Predictions:
        """Return the predictions of all models."""
        return Predictions(table, dataset.classes)


def _labelled(data: Dataset) -> Dataset:
    """Return the rows whose label is known; all of them where there are no labels at all."""
    if not data.labelled:
        return data
    known = data.targets >= 0
    return data if known.all() else data.subset(data.ids[known])
