"""The noun `Problem`: what is asked of models (name a class, rank items), and which stages judge the answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.splits import Splits
from dl_core.errors import RunError, counted
from dl_core.evaluate.metric import Metric
from dl_core.evaluate.pairs import Chosen
from dl_core.evaluate.registry import ALL_METRICS
from dl_core.evaluate.results import Comparison, Evaluation

if TYPE_CHECKING:
    from dl_core.bias.report import BiasReport
    from dl_core.explain.explanation import Explanation
    from dl_core.report.content import Example
    from dl_core.train.answers import Answers
    from dl_core.train.run import FittedModel, Run
    from dl_core.train.scoring import ModelSource


SaidT = TypeVar("SaidT")
ModelT = TypeVar("ModelT")


@dataclass(frozen=True)
class Judging:
    """How one run is judged: what its domain and its options say.

    Parameters
    ----------
    metrics, group_metrics : tuple of str
        Names, of all rows and by group.
    primary_metric : str
        By which models are ranked.
    options : mapping
        The run's options.
    about : pandas.DataFrame or None
        What metrics need besides scores, by row id.
    pick_threshold : callable or None
        How operating points are picked.
    seed : int
    """

    metrics: tuple[str, ...]
    group_metrics: tuple[str, ...]
    primary_metric: str
    options: Mapping[str, Any] = field(default_factory=dict)
    about: pd.DataFrame | None = None
    pick_threshold: Callable[[np.ndarray, np.ndarray, pd.DataFrame | None], float | None] | None = None
    seed: int = 0


class Problem(ABC, Generic[SaidT, ModelT]):
    """One kind of problem. Its methods take plain nouns and hand them to the stages that fit."""

    name: str = ""
    noun: type[SaidT]  # what models say, of several
    judged: tuple[str, str] = ("row", "rows")  # what a test case is called
    goes_on = False  # whether new cases go on from the rows of the run, rather than stand alone

    def settle_options(self, options: Mapping[str, Any], dataset: Dataset) -> dict[str, Any]:
        """Return a run's options with what the data decide filled in, so that the run's record says it."""
        return dict(options)

    def metrics(self) -> dict[str, Metric]:
        """Return the metrics that judge this problem, by name."""
        return {name: metric for name, metric in ALL_METRICS.items() if metric.problem == self.name}

    def said(self, run: Run) -> SaidT:
        """Return what the run's models said.

        Raises
        ------
        RunError
            If it is of another problem.
        """
        if not isinstance(run.predictions, self.noun):
            raise RunError(f"the run is not one of {self.name}", expected=self.noun.__name__)
        return run.predictions

    @abstractmethod
    def answers(self, judging: Judging) -> Answers:
        """Return how a session asks models."""

    @abstractmethod
    def evaluate(
        self, said: SaidT, models: Mapping[str, FittedModel], dataset: Dataset, splits: Splits, judging: Judging
    ) -> Evaluation:
        """Return how good each model is on the test rows."""

    def chosen(self, run: Run, names: Sequence[str], judging: Judging) -> Chosen:
        """Return models of a run as a comparison takes them."""
        models = {name: run.models[name] for name in names}
        return Chosen(names, models, judging.metrics, judging.primary_metric, run.costs(names), judging.seed)

    @abstractmethod
    def compare(self, run: Run, chosen: Sequence[str], dataset: Dataset, judging: Judging) -> Comparison:
        """Return ``chosen`` models side by side."""

    @abstractmethod
    def check_bias(
        self, run: Run, model: str, groups: pd.DataFrame, dataset: Dataset, judging: Judging, said: SaidT | None = None
    ) -> BiasReport:
        """Return metrics by group."""

    def treated_rows(self, dataset: Dataset, splits: Splits) -> Dataset:
        """Return the rows whose groups a remedy treats alike: the judged ones, and those that models learn from."""
        return self.grouped_rows(dataset, splits)

    def grouped(self, run: Run, model: str, dataset: Dataset, judging: Judging) -> dict[str, Any]:
        """Return how one model is judged by group, as keyword arguments of the problem's remedies."""
        return {}

    def grouped_rows(self, dataset: Dataset, splits: Splits) -> Dataset:
        """Return the rows from which groups are made: what is known before the test."""
        return known_rows(dataset, splits)

    @abstractmethod
    def score_new(
        self,
        source: ModelSource,
        name: str,
        fitted: ModelT,
        data: Dataset,
        features: np.ndarray | None,
        judging: Judging,
    ) -> pd.DataFrame:
        """Return what a model says of new cases."""

    @abstractmethod
    def score_known(
        self, source: ModelSource, name: str, fitted: ModelT, data: Dataset, judging: Judging
    ) -> pd.DataFrame:
        """Return what a model says of labelled rows of another data set, as lines of split ``"test"``."""

    def evaluate_elsewhere(self, said: SaidT, run: Run, dataset: Dataset, judging: Judging) -> Evaluation:
        """Return how good the models of a run are on the rows of another data set."""
        splits = replace(
            run.splits, protocol=f"all {counted(len(dataset), 'row')} of {dataset.name}; trained elsewhere"
        )
        return self.evaluate(said, run.models, dataset, splits, judging)

    @abstractmethod
    def pick_examples(self, run: Run, count: int) -> tuple[str | None, list[str]]:
        """Return the best deep model and at most ``count`` test cases that a report shows; None without one."""

    def cases(self, run: Run, dataset: Dataset, rows: Sequence[str]) -> Dataset:
        """Return test cases as a data set to explain."""
        return dataset.subset(rows)

    def beside(self, run: Run, dataset: Dataset) -> Dataset | None:
        """Return the rows that explanations of test cases compare them with, or go on from."""
        return run.reference()

    @abstractmethod
    def as_examples(self, run: Run, dataset: Dataset, explanations: Sequence[Explanation]) -> list[Example]:
        """Return explained test cases as a report shows them."""

    @abstractmethod
    def gather(self, table: pd.DataFrame, run: Run) -> SaidT:
        """Return the noun that the lines of several models make."""


def known_rows(dataset: Dataset, splits: Splits) -> Dataset:
    """Return the rows before the test, in the order of the data set."""
    known = np.unique(dataset.ids.get_indexer(pd.Index([*splits.train, *splits.validation], dtype=dataset.ids.dtype)))
    return dataset.subset(dataset.ids[known[known >= 0]])
