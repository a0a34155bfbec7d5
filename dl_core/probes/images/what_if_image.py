"""What if an image were corrupted?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dl_core.data.dataset import Dataset
from dl_core.data.images.pictures import thumbnail
from dl_core.domain import Domain
from dl_core.errors import OptionError
from dl_core.evaluate.decide import moves
from dl_core.evaluate.images.stress import CORRUPTIONS
from dl_core.models.base import Classifier
from dl_core.pipeline import Run, Work
from dl_core.probes.base import ROW, Argument, Probe, Values, open_as


def what_if_image(domain: Domain, run: Run, work: Work, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return every model's decision on one row, as it is and corrupted."""
    image = np.asarray(run.load_dataset().subset([arguments["row"]]).images)
    changed = image
    for name, strength in sorted(arguments["changes"].items()):
        if name not in CORRUPTIONS:
            raise OptionError(f"there is no corruption {name!r}", expected=", ".join(CORRUPTIONS))
        changed = CORRUPTIONS[name](changed, int(strength), run.spec.seed)
    both = Dataset.from_images(np.concatenate([image, changed]), run.evaluation.classes)
    scores = {name: open_as(domain, run, name, Classifier)[1].scores(both) for name in run.trained}
    rules = {name: run.models[name].rule for name in scores}
    found = moves(scores, rules, run.evaluation.classes, run.best)
    return {**found, "image": thumbnail(changed[0], enlarge=False)}


PROBE = Probe(
    name="what_if_image",
    title="What if an image is corrupted",
    purpose="Every model's prediction for one image, original and corrupted.",
    panel="predict",
    verb=what_if_image,
    problems=("classification",),
    kinds=("images",),
    arguments=(
        ROW,
        Argument("changes", Values, Values(), "corruption to its severity 0 to 5, as JSON"),
    ),
)
