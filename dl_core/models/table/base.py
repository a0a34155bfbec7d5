"""What models of tables share: the numbers that go into their graph, and which column each of them belongs to."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from dl_core.data.dataset import Dataset
from dl_core.models.base import Classifier


@dataclass(frozen=True)
class InputColumn:
    """One column as the graph sees it.

    Parameters
    ----------
    name : str
        The column's own name, or "amount, 2 transactions ago" for a step of a sequence.
    start, stop : int
        Its numbers are ``inputs[:, start:stop]``: a number and its flag of missing values, or an embedded category.
    """

    name: str
    start: int
    stop: int


class TableModel(Classifier):
    """A model of the rows of a table. With a graph, ``graph()(inputs(data))`` are its raw scores."""

    @abstractmethod
    def inputs(self, data: Dataset) -> np.ndarray:
        """Return what `graph` takes, (n, D) float32."""

    @abstractmethod
    def input_columns(self) -> tuple[InputColumn, ...]:
        """Return the columns that cover 0…D without gaps."""
