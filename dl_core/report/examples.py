"""Which cases a report shows with their explanation: a model's surest mistakes, then what it is sure of and right."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from dl_core.data.dataset import Dataset
from dl_core.evaluate.choice import best_model
from dl_core.evaluate.decide import outcomes
from dl_core.explain.explanation import Explanation
from dl_core.explain.images.plain import ImageMap
from dl_core.report.content import Example
from dl_core.report.images.section import ImageExample
from dl_core.report.table.section import TableExample
from dl_core.train.run import Run


def pick_examples(run: Run, count: int) -> tuple[str | None, list[str]]:
    """Return the best deep model and ``count`` test rows: of each class the surest wrong one, then two right ones.

    Without a deep model, or with a ``count`` of 0, there are no rows.
    """
    name = best_model(run.models, "deep")
    if name is None or not count:
        return None, []
    table = run.predictions.of(name)
    table = outcomes(table[table.y_true.notna()]).sort_values("confidence", ascending=False, kind="stable")
    wrong, right = table[~table.right].groupby("y_true").head(1), table[table.right].groupby("y_true").head(2)
    return name, [*wrong.index, *right.index][:count]


def as_examples(
    run: Run,
    dataset: Dataset,
    explanations: Sequence[Explanation],
    pictures: Callable[[Dataset], np.ndarray] | None = None,
) -> list[Example]:
    """Return explained test rows: a map with its picture (`Kind.pictures`), anything else with the row's values."""
    tables = {one.model: outcomes(run.predictions.of(one.model)) for one in explanations}
    part = dataset.subset([one.row for one in explanations])
    images = None if pictures is None else pictures(part)
    examples: list[Example] = []
    for at, one in enumerate(explanations):
        said = tables[one.model].loc[one.row]
        about = {"truth": said["y_true"], "predicted": said["y_pred"], "confidence": float(said["confidence"])}
        if isinstance(one, ImageMap) and images is not None:
            examples.append(ImageExample(explanation=one, image=np.asarray(images[at]), **about))
        else:
            values = {name: part.table.loc[one.row, name] for name in one.features if name in part.table}
            examples.append(TableExample(explanation=one, values=values, **about))
    return examples
