"""Classification: every row gets a probability for each class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.splits import Splits
from dl_core.errors import counted
from dl_core.evaluate.results import Comparison, Evaluation, Predictions
from dl_core.kinds import kind_of
from dl_core.problems.base import Judging, Problem
from dl_core.schema import Role

if TYPE_CHECKING:
    from dl_core.bias.report import BiasReport
    from dl_core.explain.explanation import Explanation
    from dl_core.models.base import Classifier
    from dl_core.report.content import Example
    from dl_core.train.classes import ClassAnswers
    from dl_core.train.run import FittedModel, Run
    from dl_core.train.scoring import ModelSource


class Classification(Problem[Predictions, "Classifier"]):
    """Name the class of a row."""

    name = "classification"
    noun = Predictions

    def answers(self, judging: Judging) -> ClassAnswers:
        """Return answers as calibrated probabilities."""
        from dl_core.train.classes import ClassAnswers

        return ClassAnswers(judging.primary_metric, judging.pick_threshold, judging.about)

    def evaluate(
        self,
        said: Predictions,
        models: Mapping[str, FittedModel],
        dataset: Dataset,
        splits: Splits,
        judging: Judging,
    ) -> Evaluation:
        """Return metrics and curves of the labelled test rows."""
        from dl_core.evaluate.evaluate import evaluate

        return evaluate(
            said,
            splits.protocol,
            metrics=judging.metrics,
            thresholds={name: model.threshold for name, model in models.items()},
            temperatures={name: model.temperature for name, model in models.items()},
            units=dataset.values(Role.UNIT),
            about=judging.about,
            seed=judging.seed,
        )

    def compare(self, run: Run, chosen: Sequence[str], dataset: Dataset, judging: Judging) -> Comparison:
        """Return paired differences on the rows that all models have."""
        from dl_core.evaluate.compare import compare

        units = dataset.values(Role.UNIT)
        return compare(self.said(run), self.chosen(run, chosen, judging), units=units, about=judging.about)

    def check_bias(
        self,
        run: Run,
        model: str,
        groups: pd.DataFrame,
        dataset: Dataset,
        judging: Judging,
        said: Predictions | None = None,
    ) -> BiasReport:
        """Return metrics by group of rows."""
        from dl_core.bias.check import check_bias

        return check_bias(said or self.said(run), model, groups, **self.grouped(run, model, dataset, judging))

    def grouped(self, run: Run, model: str, dataset: Dataset, judging: Judging) -> dict[str, Any]:
        """Return how one model is judged by group: metrics, operating point, units, facts, seed."""
        return {
            "metrics": judging.group_metrics,
            "threshold": run.models[model].threshold,
            "units": dataset.values(Role.UNIT),
            "about": judging.about,
            "seed": judging.seed,
        }

    def treated_rows(self, dataset: Dataset, splits: Splits) -> Dataset:
        """Return all rows."""
        return dataset

    def grouped_rows(self, dataset: Dataset, splits: Splits) -> Dataset:
        """Return the validation and test rows."""
        return dataset.subset([*splits.validation, *splits.test])

    def score_new(
        self,
        source: ModelSource,
        name: str,
        fitted: Classifier,
        data: Dataset,
        features: np.ndarray | None,
        judging: Judging,
    ) -> pd.DataFrame:
        """Return `Predictions`' lines with ``uncertain`` and ``unlike_training``."""
        from dl_core.train.scoring import score_rows

        return score_rows(source, name, fitted, data, features)

    def score_known(
        self, source: ModelSource, name: str, fitted: Classifier, data: Dataset, judging: Judging
    ) -> pd.DataFrame:
        """Return `Predictions`' lines of labelled rows."""
        from dl_core.train.scoring import score_rows

        return score_rows(source, name, fitted, data).assign(split="test")

    def evaluate_elsewhere(self, said: Predictions, run: Run, dataset: Dataset, judging: Judging) -> Evaluation:
        """Return metrics and curves of the labelled rows of another data set."""
        protocol = f"all {counted(len(dataset), 'labelled row')} of {dataset.name}; trained elsewhere"
        return self.evaluate(said, run.models, dataset, replace(run.splits, protocol=protocol), judging)

    def pick_examples(self, run: Run, count: int) -> tuple[str | None, list[str]]:
        """Return test rows: of each class the surest wrong one, then right ones."""
        from dl_core.report.examples import pick_examples

        return pick_examples(run, count)

    def as_examples(self, run: Run, dataset: Dataset, explanations: Sequence[Explanation]) -> list[Example]:
        """Return rows with their picture, or their values."""
        from dl_core.report.examples import as_examples

        return as_examples(run, dataset, explanations, kind_of(dataset).pictures)

    def gather(self, table: pd.DataFrame, run: Run) -> Predictions:
        """Return predictions in the run's classes."""
        return Predictions(table, run.evaluation.classes)


CLASSIFICATION = Classification()
