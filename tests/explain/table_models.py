"""Small tables and models whose contributions can be worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset, Source
from dl_core.models.base import Classifier, FitContext
from dl_core.schema import Role

CLASSES = ("honest", "fraud")
SHOPS = {"food": (0.0, 1.0), "travel": (2.0, -1.0)}  # an embedding


class Block(NamedTuple):
    name: str
    start: int
    stop: int


def transactions(labels: list[str] | None = None) -> Dataset:
    """Five rows: amount, age in days, shop; three honest, two fraud."""
    table = pd.DataFrame(
        {
            "amount": [10.0, 20.0, 40.0, 300.0, 1312.4],
            "days since last transaction": np.array([1, 3, 2, 0, 0], np.float32),
            "shop": ["food", "food", "travel", "travel", "travel"],
            "card": ["a", "b", "c", "d", "e"],
            "fraud": labels or ["honest"] * 3 + ["fraud"] * 2,
        },
        index=[str(i) for i in range(5)],
    )
    roles = {
        Role.AMOUNT: ("amount",),
        Role.HISTORY: ("days since last transaction",),
        Role.FEATURE: ("shop",),
        Role.ENTITY: ("card",),
        Role.LABEL: ("fraud",),
    }
    return Dataset("t", table, roles, Source("t"), classes=CLASSES)


def numbers(table: np.ndarray, columns: list[str] | None = None) -> Dataset:
    """Return unlabelled rows of numbers (n, d) with features a, b, c … or ``columns``."""
    columns = columns or [chr(97 + i) for i in range(table.shape[1])]
    frame = pd.DataFrame(table, columns=columns, index=[f"r{i}" for i in range(len(table))])
    return Dataset("n", frame, {Role.FEATURE: tuple(columns)}, Source("n"), classes=CLASSES)


class Formula(Classifier):
    """A model whose log-odds are a formula of the table."""

    def __init__(self, formula: Callable[[pd.DataFrame], np.ndarray]) -> None:
        self.formula, self.classes, self.calls = formula, CLASSES, []

    def fit(self, train: Dataset, validation: Dataset, context: FitContext) -> None:
        """Learn nothing."""

    def scores(self, data: Dataset) -> np.ndarray:
        """Return probabilities (n, 2)."""
        self.calls.append(len(data))
        odds = np.asarray(self.formula(data.table), dtype=float)
        return np.stack([1 / (1 + np.exp(odds)), 1 / (1 + np.exp(-odds))], axis=1)

    def save(self, folder: Path) -> None:
        """Save nothing."""

    @classmethod
    def load(cls, folder: Path) -> Formula:
        """Not needed."""
        raise NotImplementedError


class Network(Formula):
    """A network on (amount / 100, days, shop's embedding of two numbers); ``shift`` undoes class weights."""

    def __init__(self, graph: object, shift: float = 0.0) -> None:
        super().__init__(lambda table: np.zeros(len(table)))
        self._graph, self.shift = graph, shift

    def graph(self) -> object:
        """Return the Keras graph."""
        return self._graph

    def inputs(self, data: Dataset) -> np.ndarray:
        """Return (n, 4) float32."""
        shop = np.array([SHOPS[name] for name in data.table["shop"]])
        amount, days = data.table["amount"] / 100, data.table["days since last transaction"]
        return np.column_stack([amount, days, shop]).astype(np.float32)

    def input_columns(self) -> tuple[Block, ...]:
        """Return the blocks."""
        return Block("amount", 0, 1), Block("days since last transaction", 1, 2), Block("shop", 2, 4)

    def scores(self, data: Dataset) -> np.ndarray:
        """Return the graph's probabilities with shifted log-odds."""
        p = np.asarray(self._graph.predict_on_batch(self.inputs(data)), dtype=float)
        odds = np.log(p[:, 1]) - np.log(p[:, 0]) + self.shift
        return np.stack([1 / (1 + np.exp(odds)), 1 / (1 + np.exp(-odds))], axis=1)
