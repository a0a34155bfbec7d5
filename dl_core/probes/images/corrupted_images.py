"""How do models bear corrupted images?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.rows import plain_rows
from dl_core.domain import Domain
from dl_core.evaluate.images.stress import CORRUPTIONS, Score
from dl_core.models.base import Classifier
from dl_core.pipeline import Run, Work
from dl_core.probes.base import MODELS, Argument, Probe, open_as


def corrupted_images(domain: Domain, run: Run, work: Work, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Score models on test images corrupted in one way at growing strength; see `evaluate.images.stress`."""
    from dl_core.evaluate.images.stress import robustness

    models = {name: open_as(domain, run, name, Classifier)[1] for name in arguments["models"] or run.trained}
    test = run.load_dataset().subset(run.splits.test)
    rows = robustness(
        {name: _scoring(model) for name, model in models.items()},
        test.images,
        test.targets,
        arguments["corruption"],
        metric=arguments["metric"],
        seed=run.spec.seed,
        progress=work.progress,
    )
    return {"rows": plain_rows(pd.DataFrame(rows))}


def _scoring(model: Classifier) -> Score:
    """Return how a model scores images alone."""
    return lambda images: model.scores(Dataset.from_images(images))


PROBE = Probe(
    name="corrupted_images",
    title="Corrupted images",
    purpose="Robustness: a metric on test images at corruption severities 0 to 5.",
    panel="compare",
    verb=corrupted_images,
    problems=("classification",),
    kinds=("images",),
    arguments=(
        MODELS,
        Argument("corruption", str, None, "kind of corruption", tuple(CORRUPTIONS), required=True),
        Argument("metric", str, "accuracy", "name of a metric"),
    ),
)
