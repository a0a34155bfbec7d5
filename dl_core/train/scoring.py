"""From a fitted model's scores to `Predictions`' columns, for the rows of a run and for new ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.evaluate.results import SCORE
from dl_core.models.base import Classifier, Model, Offer
from dl_core.schema import Role
from dl_core.train.novelty import Novelty
from dl_core.train.run import FittedModel


class ModelSource(Protocol):
    """What predicts new rows: a `Run`, or an opened bundle."""

    @property
    def folder(self) -> Path:
        """Where it lies."""

    @property
    def domain(self) -> str:
        """Name of its domain."""

    @property
    def dataset(self) -> dict[str, Any]:
        """What `Dataset.describe` says of the rows that it learned from."""

    @property
    def models(self) -> dict[str, FittedModel]:
        """Its models by name."""

    def check_model(self, name: str | None) -> str:
        """Return the name of a model that exists, the best one for None."""

    def load_model(self, name: str, offer: Offer) -> Model:
        """Return the model, loaded."""

    def read_options(self) -> dict[str, Any]:
        """Return the options by which new rows are read as the training rows were."""

    def reference(self) -> Dataset | None:
        """Return the training rows that explanations compare a case with, where any were kept."""

    def history(self) -> Dataset | None:
        """Return the rows that new cases go on from, where they are there."""


def prediction_rows(fitted: FittedModel, scores: np.ndarray, data: Dataset, split: str) -> pd.DataFrame:
    """Return the table of `Predictions` for one model and split.

    Parameters
    ----------
    fitted : FittedModel
        Gives the rule by which scores become decisions.
    scores : numpy.ndarray
        (n, n_classes) before calibration, in the order of ``data``'s rows.
    data : Dataset
        Needs classes; labels may be missing.
    split : str
        ``"validation"``, ``"test"`` or ``"new"``.
    """
    classes = np.array(data.classes, dtype=object)
    decided = fitted.rule.decide(scores)
    truth = data.targets if data.column(Role.LABEL) else np.full(len(data), -1)
    known = truth >= 0
    table = pd.DataFrame({"model": fitted.name, "split": split, "row": np.asarray(data.ids, dtype=object)})
    table["y_true"] = pd.Series(np.where(known, classes[truth], None), dtype="object")
    table["y_pred"] = classes[decided.chosen]
    for index, name in enumerate(data.classes):
        table[SCORE + name] = decided.probabilities[:, index]
    text = ["model", "split", "row", "y_true", "y_pred"]
    return table.astype(dict.fromkeys(text, "str"))  # as it is read back from a file; missing labels stay missing


def score_rows(
    source: ModelSource, name: str, fitted: Classifier, data: Dataset, features: np.ndarray | None = None
) -> pd.DataFrame:
    """Return one model's predictions for new rows.

    Parameters
    ----------
    source : ModelSource
    name : str
        The model's name in ``source``.
    fitted : Model
        That model, loaded.
    data : Dataset
        New rows, read as the training rows were.
    features : numpy.ndarray or None
        (n, d) features by which "unlike anything in training" is judged; without them nothing is flagged so.

    Returns
    -------
    pandas.DataFrame
        Columns of `Predictions` with ``uncertain`` and ``unlike_training``, both bool.
    """
    about = source.models[name]
    classes = tuple(source.dataset["classes"])
    if data.classes != classes:  # labels of new rows mean what they meant in training, whatever else is there
        data = replace(data, classes=classes)
    scores = fitted.scores(data) if len(data) else np.zeros((0, len(classes)))
    table = prediction_rows(about, scores, data, "new")
    top = table[[SCORE + label for label in classes]].max(axis=1)
    table["uncertain"] = (top < about.uncertain_below) if about.uncertain_below is not None else False
    novelty = Novelty.load(source.folder) if features is not None else None
    table["unlike_training"] = False
    if features is not None and novelty is not None:
        table["unlike_training"] = novelty.judge(features)[1]
    return table
