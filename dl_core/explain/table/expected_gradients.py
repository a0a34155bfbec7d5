"""Expected gradients and integrated gradients of networks on tables.

Integrated gradients: Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks", ICML 2017, from the typical
row. Expected gradients: Erion et al., "Improving performance of deep learning models with axiomatic attribution priors
and expected gradients", Nature Machine Intelligence 2021, from drawn ordinary rows.

Deviations: each path is a sum over evenly spaced points, where Erion et al. draw the points at random; the points of
different references lie between each other, so that the mean over references is as fine as one long path. Rows whose
contributions miss the change of their score by more than 0.02 in log-odds, or 2 %, are done again with twice as many
points, up to ``most_steps``.
"""

from __future__ import annotations

import numpy as np

from dl_core.explain.registry import ExplainerInfo
from dl_core.explain.table.base import Contributions, TableExplainer, need_inputs
from dl_core.explain.table.view import POINTS_A_PASS, FeatureView, InputView, passes

TOLERANCE = 0.02  # of the completeness, in log-odds, and as a share of the change where that is more


class ExpectedGradients(TableExplainer):
    """Integrated gradients averaged over drawn rows.

    Options: ``references`` (rows compared with, at most), ``steps`` and ``most_steps`` of each path.
    """

    defaults = {"references": 32, "steps": 8, "most_steps": 128}

    def contributions(self, view: FeatureView, seed: int = 0) -> Contributions:
        """Return the contributions of each feature, those of an embedding summed; needs a network."""
        found = need_inputs(view)
        others = self.chosen(found, seed)
        bases = np.array([found.reference_scores(row, others).mean() for row in self._distinct(found)])
        bases = bases[np.unique(found.targets, return_inverse=True)[1]]
        change = found.own_scores() - bases
        heats = np.zeros((len(found), len(found.names)))
        todo, steps = np.arange(len(found)), int(self.options["steps"])
        while len(todo):
            heats[todo] = found.by_feature(integrals(found, todo, others, steps))
            gaps = np.abs(heats[todo].sum(axis=1) - change[todo])
            todo = todo[gaps > np.maximum(TOLERANCE, TOLERANCE * np.abs(change[todo]))]
            steps *= 2
            if steps > int(self.options["most_steps"]):
                break
        return Contributions(heats, bases)

    def chosen(self, view: InputView, seed: int) -> np.ndarray:
        """Return the places of the references that the paths start from."""
        count = min(int(self.options["references"]), len(view.drawn))
        return np.random.default_rng(seed).permutation(view.drawn)[:count]

    @staticmethod
    def _distinct(view: InputView) -> np.ndarray:
        """Return one row of each class explained: bases differ by nothing else."""
        return np.unique(view.targets, return_index=True)[1]


class TableIntegratedGradients(ExpectedGradients):
    """Integrated gradients from the typical row. Options: ``steps`` and ``most_steps`` of the path."""

    defaults = {"steps": 32, "most_steps": 512}

    def chosen(self, view: InputView, seed: int) -> np.ndarray:
        """Return the place of the typical row."""
        return np.array([view.typical])


def integrals(view: InputView, rows: np.ndarray, others: np.ndarray, steps: int) -> np.ndarray:
    """Return the mean over ``others`` of the path integrals from each of them to each of ``rows``, (len(rows), D)."""
    total = np.zeros((len(rows), view.inputs.shape[1]))
    shape = (len(rows), len(others), steps)
    for part in passes(int(np.prod(shape)), POINTS_A_PASS):
        r, o, s = np.unravel_index(np.arange(part.start, part.stop), shape)
        shares = (s + (o + 0.5) / len(others)) / steps  # midpoints where there is one reference
        start, end = view.others[others[o]], view.inputs[rows[r]]
        points = start + shares[:, None].astype(np.float32) * (end - start)
        added = (end - start) * view.gradients(points, view.targets[rows[r]])
        firsts = np.flatnonzero(np.diff(r, prepend=-1))  # r rises, so each row's points lie together
        total[r[firsts]] += np.add.reduceat(added, firsts, axis=0)
    return total / (len(others) * steps)


EXPLAINER = (
    ExplainerInfo(
        name="expected_gradients",
        kind="table",
        label="Expected gradients",
        paper="Erion et al. 2021",
        help="Integrated gradients averaged over background rows. For networks; fast.",
        load=lambda: ExpectedGradients,
        needs_graph=True,
        cost="medium",
    ),
    ExplainerInfo(
        name="integrated_gradients",
        kind="table",
        label="Integrated gradients",
        paper="Sundararajan et al. 2017",
        help="Gradients integrated from a typical row (baseline) to this row. For networks.",
        load=lambda: TableIntegratedGradients,
        needs_graph=True,
    ),
)
