"""The noun `RankingMetric`: one way to judge ranked lists."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from dl_core.errors import OptionError
from dl_core.evaluate.metric import Metric

PER_USER, RATIO, EXPOSURE = "per user", "ratio", "exposure"


@dataclass(frozen=True)
class RankingMetric(Metric):
    """One way to judge ranked lists.

    Parameters
    ----------
    label, help : str
        With ``{k}`` for the number of places, such as ``"nDCG@{k}"``; see `at`.
    function : callable
        By ``form``. ``"per user"``: ``f(lists, facts, k) -> (n,)``, whose mean over users is the metric. ``"ratio"``:
        ``f(lists, facts, k)`` of two arrays (n,), and the metric is the ratio of their sums. ``"exposure"``:
        ``f(counts (g, n_items)) -> (g,)`` of how often each item is shown.
    form : str
    needs_facts : bool
        Whether it looks at more than hits.
    k : int
        Places that count.
    """

    form: str = PER_USER
    needs_facts: bool = False
    k: int = 10
    problem: ClassVar[str] = "ranking"

    @property
    def share(self) -> bool:
        """Whether it judges hits, which all lie in 0…1."""
        return not self.needs_facts

    def at(self, k: int) -> RankingMetric:
        """Return the metric for ``k`` places, in number and words.

        Raises
        ------
        OptionError
            If ``k`` is under 1.
        """
        if k < 1:
            raise OptionError(f"lists of {k} items cannot be evaluated", where="k", expected="1 or more")
        return replace(self, label=self.label.format(k=k), help=self.help.format(k=k), k=k)
