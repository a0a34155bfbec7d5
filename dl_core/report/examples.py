"""Which cases a report shows with their explanation: a model's surest mistakes, then what it is sure of and right."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from dl_core.data.dataset import Dataset
from dl_core.evaluate.choice import best_model
from dl_core.evaluate.decide import outcomes
from dl_core.explain.explanation import Explanation
from dl_core.report.content import Example
from dl_core.train.run import Run


def pick_examples(run: Run, count: int) -> tuple[str | None, list[str]]:
    """Return the best deep model and ``count`` test rows: of each class the surest wrong one, then two right ones.

    Without a deep model, or with a ``count`` of 0, there are no rows.
    """
    deep = [name for name in run.trained if run.models[name].kind == "deep"]
    if not deep or not count:
        return None, []
    name = best_model(run.models, "deep")
    table = run.predictions.of(name)
    table = outcomes(table[table.y_true.notna()]).sort_values("confidence", ascending=False, kind="stable")
    wrong, right = table[~table.right].groupby("y_true").head(1), table[table.right].groupby("y_true").head(2)
    return name, [*wrong.index, *right.index][:count]


def as_examples(
    run: Run,
    dataset: Dataset,
    explanations: Sequence[Explanation],
    pictures: Callable[[Dataset], Sequence[np.ndarray]] | None = None,
) -> list[Example]:
    """Return explained test rows with their values, and their picture where rows have one (`Kind.pictures`)."""
    rows = [one.row for one in explanations]
    part = dataset.subset(rows)
    images = pictures(part) if pictures is not None else [None] * len(rows)
    tables = {one.model: outcomes(run.predictions.of(one.model)) for one in explanations}
    examples = []
    for one, image in zip(explanations, images, strict=True):
        said = tables[one.model].loc[one.row]
        values = {name: part.table.loc[one.row, name] for name in one.features if name in part.table}
        examples.append(
            Example(image, one, said["y_true"], said["y_pred"], values, confidence=float(said["confidence"]))
        )
    return examples
