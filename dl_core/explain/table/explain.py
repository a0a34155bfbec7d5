"""Explaining the rows of a table: why this row's score is what it is, in the user's own units and words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dl_core.data.dataset import Dataset
from dl_core.errors import OptionError
from dl_core.evaluate.decide import Decisions, class_index
from dl_core.explain.explanation import Faithfulness
from dl_core.explain.faithfulness import checked
from dl_core.explain.registry import explainer_info, get_explainer
from dl_core.explain.request import ExplainRequest
from dl_core.explain.table.background import draw_background, typical_row
from dl_core.explain.table.base import Contributions, TableExplainer
from dl_core.explain.table.faithfulness import measure_row, randomised
from dl_core.explain.table.plain import TableContributions
from dl_core.explain.table.rows import RowsView, feature_groups, stacked, without_label
from dl_core.explain.table.values import RowTexts
from dl_core.explain.table.view import FeatureView, InputView, class_scores
from dl_core.models.base import Classifier

BACKGROUND = 128  # ordinary rows drawn to compare with


class Seen(NamedTuple):
    """Rows as explainers see them, the columns of each feature where it is several, and the typical row."""

    view: FeatureView
    groups: dict[str, tuple[str, ...]]
    typical: Dataset


def explain_table(request: ExplainRequest) -> list[TableContributions]:
    """Split the score of every row over its columns by every method, row after row.

    Parameters
    ----------
    request : ExplainRequest
        A network of tables (see `view.NetworkModel`) is explained by its inputs, any other model by its table's
        columns. A method that needs gradients is replaced by Shapley value sampling where the model has none. Without
        a ``target`` it is the last of two classes (fraud), whose probability is the row's score, or each row's decided
        class of more. ``beside`` are training rows, or a draw of them, with or without labels: the typical row and the
        rows compared with are taken from its ordinary ones, see `background`.

    Returns
    -------
    list of TableContributions
        Contributions to the calibrated log-odds of the target. ``base`` is the typical row's score for integrated
        gradients, the mean score of drawn ordinary rows for the other methods. For networks the contributions add up
        to the score less the base within 0.02 in log-odds, or 2 %, as far as the graph's scores are the model's; for
        Shapley value sampling exactly.

    Raises
    ------
    OptionError
        If a class or method does not exist, or there are no rows to compare with.
    """
    model, data, seed = request.model, request.data, request.seed
    if not len(data):
        return []
    if request.beside is None:
        raise OptionError(
            "there are no training rows to compare with",
            where=request.name,
            todo="explain with the run's folder, not a bundle",
        )
    methods = _fitting(request.methods, model)
    decided = request.rule.decide(np.asarray(model.scores(data), dtype=np.float64))
    targets = _targets(model, decided, request.target)
    seen = look(model, data, request.beside, targets, request.rule.temperature, seed=seed)
    explainers = {method: get_explainer(method, "table") for method in methods}
    found = {method: explainer.contributions(seen.view, seed) for method, explainer in explainers.items()}
    trust: list[dict[str, Faithfulness]] = [{} for _ in range(len(data))]
    if request.faithfulness:
        trust = _measure(seen.view, explainers, found, seed)
    return _explanations(request, decided.probabilities, seen, found, trust)


def is_network(model: Classifier) -> bool:
    """Return whether a model of tables can be explained by its graph's inputs."""
    return hasattr(model, "input_columns") and model.graph() is not None


def look(
    model: Classifier,
    data: Dataset,
    background: Dataset,
    targets: np.ndarray,
    temperature: float = 1.0,
    *,
    count: int = BACKGROUND,
    seed: int = 0,
) -> Seen:
    """Return the rows of ``data`` as explainers see them, beside ``count`` drawn rows and the typical row."""
    rows = without_label(data, background)
    typical = without_label(typical_row(background), rows)
    drawn = without_label(draw_background(background, count, seed), rows)
    references = stacked(drawn, typical)
    if is_network(model):
        return Seen(InputView(model, rows, references, targets, temperature), {}, typical)
    groups = feature_groups(model, rows, references)
    return Seen(RowsView(model, rows, references, targets, groups, temperature), groups, typical)


def _targets(model: Classifier, decided: Decisions, target: str | None) -> np.ndarray:
    """Return the class explained for each row, (n,)."""
    if target is None:
        return decided.followed
    return np.full(len(decided.chosen), class_index(model.classes, target), dtype=np.int64)


def _fitting(methods: Sequence[str], model: Classifier) -> list[str]:
    """Return the methods that suit a model: Shapley value sampling in place of those that need a network."""
    known = {method: explainer_info(method, "table") for method in methods}
    if not is_network(model):
        methods = [method if not known[method].needs_graph else "shapley_sampling" for method in methods]
    return list(dict.fromkeys(methods))


def _measure(
    view: FeatureView, explainers: dict[str, TableExplainer], found: dict[str, Contributions], seed: int
) -> list[dict[str, Faithfulness]]:
    redrawn = {method: randomised(view, explainers[method], each.heats, seed) for method, each in found.items()}
    heats = [{method: each.heats[row] for method, each in found.items()} for row in range(len(view))]
    return [checked(measure_row(view, row, own, seed), redrawn, row) for row, own in enumerate(heats)]


def _explanations(
    request: ExplainRequest,
    probabilities: np.ndarray,
    seen: Seen,
    found: dict[str, Contributions],
    trust: list[dict[str, Faithfulness]],
) -> list[TableContributions]:
    view, data = seen.view, request.data
    typical = RowTexts(seen.typical, view.names, seen.groups).row(0)
    texts = RowTexts(data, view.names, seen.groups)
    scores = class_scores(probabilities)
    return [
        TableContributions(
            row=str(row),
            model=request.name,
            method=method,
            target=request.model.classes[int(view.targets[i])],
            heat=each.heats[i][None].astype(np.float32),
            score=float(probabilities[i, view.targets[i]]),
            faithfulness=trust[i].get(method),
            features=view.names,
            values=texts.row(i),
            typical=typical,
            log_odds=float(scores[i, view.targets[i]]),
            base=float(each.bases[i]),
        )
        for i, row in enumerate(data.ids)
        for method, each in found.items()
    ]
