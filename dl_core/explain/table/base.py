"""`TableExplainer`: the plumbing of the methods for tables. A subclass is one paper's mathematics."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, NamedTuple

import numpy as np

from dl_core.errors import OptionError, shorten
from dl_core.explain.table.view import FeatureView, InputView


class Contributions(NamedTuple):
    """What each feature adds to each row's score, (n, P) in log-odds, and the score that it is added to, (n,)."""

    heats: np.ndarray
    bases: np.ndarray


class TableExplainer(ABC):
    """A way to split a row's score over the columns of its table.

    Parameters
    ----------
    **options
        Of ``defaults``; everything else is refused.

    Raises
    ------
    OptionError
        If an option does not exist.
    """

    defaults: ClassVar[dict[str, Any]] = {}

    def __init__(self, **options: Any) -> None:
        for name in options:
            if name not in self.defaults:
                raise OptionError(
                    f"there is no option {shorten(name)!r}",
                    where=type(self).__name__,
                    expected=", ".join(self.defaults) or "none",
                )
        self.options = {**self.defaults, **options}

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
