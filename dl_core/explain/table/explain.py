"""Explaining the rows of a table: why this row's score is what it is, in the user's own units and words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from dl_core.data.dataset import Dataset
from dl_core.errors import OptionError, shorten
from dl_core.explain.explanation import Explanation, Faithfulness
from dl_core.explain.images.base import choose_targets
from dl_core.explain.registry import TABLE_EXPLAINERS, get_table_explainer
from dl_core.explain.table.background import draw_background, typical_row
from dl_core.explain.table.base import Contributions, TableExplainer
from dl_core.explain.table.faithfulness import measure_row, randomised
from dl_core.explain.table.plain import reasons
from dl_core.explain.table.rows import RowsView, feature_groups, stacked, without_label
from dl_core.explain.table.values import RowTexts
from dl_core.explain.table.view import FeatureView, InputView, class_scores
from dl_core.models.base import Model

BACKGROUND = 128  # ordinary rows drawn to compare with
QUEUE_BACKGROUND = 16
QUICK: dict[str, dict[str, Any]] = {
    "expected_gradients": {"references": QUEUE_BACKGROUND, "steps": 2, "most_steps": 2},
    "shapley_sampling": {"rows": 36, "most_features": 8, "against": "typical"},
}


class Seen(NamedTuple):
    """Rows as explainers see them, the columns of each feature where it is several, and the typical row."""

    view: FeatureView
    groups: dict[str, tuple[str, ...]]
    typical: Dataset


def explain_table(
    model: Model,
    name: str,
    data: Dataset,
    methods: Sequence[str],
    target: str | None,
    faithfulness: bool,
    background: Dataset,
    *,
    seed: int = 0,
) -> list[Explanation]:
    """Split the score of every row of ``data`` over its columns by every method, row after row.

    Parameters
    ----------
    model : Model
        Fitted. A network of tables (see `table_view.NetworkModel`) is explained by its inputs, any other model by its
        table's columns.
    name : str
        The model's name in the run.
    data : Dataset
        The rows to explain.
    methods : sequence of str
        Names in `TABLE_EXPLAINERS`. One that needs gradients is replaced by Shapley value sampling where the model has
        none.
    target : str or None
        Class to explain. None explains the last of two classes (fraud), or each row's most probable of more.
    faithfulness : bool
        Whether to measure each row's contributions.
    background : Dataset
        Training rows, or a draw of them, with or without labels: the typical row and the rows compared with are taken
        from its ordinary ones, see `table_background`.
    seed : int

    Returns
    -------
    list of Explanation
        Contributions to the log-odds of the target. ``base`` is the typical row's score for integrated gradients, the
        mean score of drawn ordinary rows for the other methods. For networks the contributions add up to the score
        less the base within 0.02 in log-odds, or 2 %, as far as the graph's scores are the model's; for Shapley value
        sampling exactly.

    Raises
    ------
    OptionError
        If a class or method does not exist.
    """
    if not len(data):
        return []
    methods = _fitting(methods, model)
    seen = look(model, data, background, target, BACKGROUND, seed)
    explainers = {method: get_table_explainer(method) for method in methods}
    found = {method: explainer.contributions(seen.view, seed) for method, explainer in explainers.items()}
    trust = _measure(seen.view, explainers, found, seed) if faithfulness else [{} for _ in range(len(data))]
    return _explanations(name, model, data, seen, found, trust)


def queue_reasons(
    model: Model,
    data: Dataset,
    background: Dataset,
    target: str | None = None,
    *,
    most: int = 3,
    seed: int = 0,
) -> list[list[str]]:
    """Return the strongest reasons of every row of a queue as sentences, quickly and so roughly.

    Networks get expected gradients with 32 points a row; other models one swap of each column and some 40 mixed rows
    of the strongest, against the typical row.

    Parameters
    ----------
    model, data, background, target, seed
        As in `explain_table`; up to some 1,000 rows.
    most : int
        Reasons a row.

    Returns
    -------
    list of list of str
        A list a row, see `table_json.reasons`.
    """
    if not len(data):
        return []
    method = _fitting(["expected_gradients"], model)[0]
    seen = look(model, data, background, target, QUEUE_BACKGROUND, seed)
    found = {method: get_table_explainer(method, **QUICK[method]).contributions(seen.view, seed)}
    trust: list[dict[str, Faithfulness]] = [{} for _ in range(len(data))]
    return [reasons(one, most) for one in _explanations("", model, data, seen, found, trust)]


def is_network(model: Model) -> bool:
    """Return whether a model of tables can be explained by its graph's inputs."""
    return hasattr(model, "input_columns") and model.graph() is not None


def look(
    model: Model, data: Dataset, background: Dataset, target: str | None, count: int = BACKGROUND, seed: int = 0
) -> Seen:
    """Return the rows of ``data`` as explainers see them, beside ``count`` drawn rows and the typical row."""
    rows = without_label(data, background)
    typical = without_label(typical_row(background), rows)
    drawn = without_label(draw_background(background, count, seed), rows)
    references = stacked(drawn, typical)
    targets = _targets(model, data, target)
    if is_network(model):
        return Seen(InputView(model, rows, references, targets), {}, typical)
    groups = feature_groups(model, rows, references)
    return Seen(RowsView(model, rows, references, targets, groups), groups, typical)


def _targets(model: Model, data: Dataset, target: str | None) -> np.ndarray:
    if target is None:
        if len(model.classes) == 2:
            return np.ones(len(data), dtype=np.int64)
        return choose_targets(np.asarray(model.scores(data)), None)
    if target not in model.classes:
        raise OptionError(
            f"there is no class {shorten(target)!r}", where="the class to explain", expected=", ".join(model.classes)
        )
    return np.full(len(data), model.classes.index(target), dtype=np.int64)


def _fitting(methods: Sequence[str], model: Model) -> list[str]:
    """Return the methods that suit a model: Shapley value sampling in place of those that need a network."""
    for method in methods:
        if method not in TABLE_EXPLAINERS:
            raise OptionError(f"there is no method {shorten(method)!r}", expected=", ".join(TABLE_EXPLAINERS))
    if not is_network(model):
        methods = [method if not TABLE_EXPLAINERS[method].needs_graph else "shapley_sampling" for method in methods]
    return list(dict.fromkeys(methods))


def _measure(
    view: FeatureView, explainers: dict[str, TableExplainer], found: dict[str, Contributions], seed: int
) -> list[dict[str, Faithfulness]]:
    redrawn = {method: randomised(view, explainers[method], each.heats, seed) for method, each in found.items()}
    result = []
    for row in range(len(view)):
        measured = measure_row(view, row, {method: each.heats[row] for method, each in found.items()}, seed)
        result.append(
            {
                method: replace(each, randomisation=None if (known := redrawn[method]) is None else known[row])
                for method, each in measured.items()
            }
        )
    return result


def _explanations(
    name: str,
    model: Model,
    data: Dataset,
    seen: Seen,
    found: dict[str, Contributions],
    trust: list[dict[str, Faithfulness]],
) -> list[Explanation]:
    view = seen.view
    typical = RowTexts(seen.typical, view.names, seen.groups).row(0)
    texts = RowTexts(data, view.names, seen.groups)
    probabilities = np.asarray(model.scores(data), dtype=np.float64)
    scores = class_scores(probabilities)
    return [
        Explanation(
            row=str(row),
            model=name,
            method=method,
            target=model.classes[int(view.targets[i])],
            heat=each.heats[i][None].astype(np.float32),
            probability=float(probabilities[i, view.targets[i]]),
            faithfulness=trust[i].get(method),
            features=view.names,
            values=texts.row(i),
            typical=typical,
            score=float(scores[i, view.targets[i]]),
            base=float(each.bases[i]),
        )
        for i, row in enumerate(data.ids)
        for method, each in found.items()
    ]
