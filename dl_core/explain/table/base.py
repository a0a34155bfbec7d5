"""`TableExplainer`: the plumbing of the methods for tables. A subclass is one paper's mathematics."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np

from dl_core.errors import OptionError
from dl_core.explain.registry import WithOptions
from dl_core.explain.table.view import FeatureView, InputView


class Contributions(NamedTuple):
    """What each feature adds to each row's score, (n, P) in log-odds, and the score that it is added to, (n,)."""

    heats: np.ndarray
    bases: np.ndarray


class TableExplainer(WithOptions, ABC):
    """A way to split a row's score over the columns of its table."""

    @abstractmethod
    def contributions(self, view: FeatureView, seed: int = 0) -> Contributions:
        """Return how the rows of ``view`` come from a base to their scores, feature by feature."""


def need_inputs(view: FeatureView) -> InputView:
    """Return ``view`` if it is a network's.

    Raises
    ------
    OptionError
        If it is not.
    """
    if not isinstance(view, InputView):
        raise OptionError(
            "this model has no gradients",
            expected="a neural network",
            todo="choose Shapley value sampling, which is model-agnostic",
        )
    return view
