"""How the models of a run answer rows held out of training: what a session needs to know of the kind of problem."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Generic, TypeVar

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.splits import Splits
from dl_core.models.base import FitContext, Model, Offer
from dl_core.train.run import FittedModel, Said

M = TypeVar("M", bound=Model)  # what is asked
Answer = dict[str, np.ndarray]  # what one model said of one part, as arrays that are kept beside unfinished work


class Answers(ABC, Generic[M]):
    """Asks models about held-out rows and turns what they say into the run's one tidy table.

    The session trains and times; a subclass knows whether models name classes or rank items.
    """

    settles = 0.0  # share of the training time that `settle` and `finish` take
    finishes = False  # whether models go on to the test rows once these have judged

    def parts(self, dataset: Dataset, splits: Splits) -> dict[str, Dataset]:
        """Return the rows of ``"train"``, ``"validation"`` and ``"test"``."""
        return {part: dataset.subset(getattr(splits, part)) for part in ("train", "validation", "test")}

    @abstractmethod
    def ask(self, model: M, part: str, parts: Mapping[str, Dataset]) -> Answer:
        """Return what a fitted model says of ``"validation"`` or ``"test"``."""

    def settle(self, model: M, parts: Mapping[str, Dataset], context: FitContext) -> bool:
        """Learn from the validation rows too, before the test; return whether that was done."""
        return False

    def finish(self, model: M, parts: Mapping[str, Dataset], context: FitContext) -> bool:
        """Learn from the test rows too, after they have judged; return whether that was done.

        The model that was judged is kept beside the one that is used, so that nothing is ever shown as a test of a
        model that has seen the answers.
        """
        return False

    def judged(self, fitted: FittedModel, said: dict[str, Answer]) -> tuple[FittedModel, dict[str, Answer]]:
        """Return what is kept once test rows have been asked: a hook for what goes on learning window by window."""
        return fitted, said

    @abstractmethod
    def count(self, answer: Answer) -> int:
        """Return of how many cases an answer speaks."""

    @abstractmethod
    def fitted(self, offer: Offer, model: M, answer: Answer, parts: Mapping[str, Dataset], seed: int) -> FittedModel:
        """Return what a run keeps of a model, with all that is chosen by its answer on validation rows."""

    @abstractmethod
    def rows(self, fitted: FittedModel, answer: Answer, part: str, parts: Mapping[str, Dataset]) -> pd.DataFrame:
        """Return the lines of the run's table for one model and part."""

    @abstractmethod
    def gather(self, table: pd.DataFrame, dataset: Dataset) -> Said:
        """Return the noun that the lines of all models make."""
