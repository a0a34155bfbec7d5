"""What is asked of a method: a model, rows, methods and a class, and how the model's scores become decisions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dl_core.data.dataset import Dataset
from dl_core.evaluate.decide import DecisionRule

Progress = Callable[[float, str], None]


def untold(done: float, text: str) -> None:
    """Take progress and do nothing with it."""


@dataclass(frozen=True)
class ExplainRequest:
    """One request for explanations.

    Parameters
    ----------
    model : Model
        Fitted.
    name : str
        The model's name in its run.
    data : Dataset
        The rows to explain; for rankings the users', for forecasts the series to go on from.
    methods : sequence of str
        Names that `registry.explainers` knows for the kind of row.
    target : str or None
        What is explained: a class, an item, a step ahead; None for the decision itself.
    faithfulness : bool
        Whether to measure how far each explanation can be trusted.
    beside : Dataset or None
        Training rows that a table's rows are compared with, or what users took before.
    rule : DecisionRule
        Temperature and operating point of a classifier.
    progress : callable
        Told (share done 0…1, what is being done).
    seed : int
    """

    model: Any
    name: str
    data: Dataset
    methods: Sequence[str]
    target: str | None = None
    faithfulness: bool = True
    beside: Dataset | None = None
    rule: DecisionRule = DecisionRule()
    progress: Progress = untold
    seed: int = 0
