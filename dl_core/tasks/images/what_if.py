"""What if: one image with corruptions, scored by every model as it is and spoilt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dl_core import pipeline
from dl_core.data.dataset import Dataset
from dl_core.data.images.pictures import thumbnail
from dl_core.domain import Domain
from dl_core.errors import OptionError
from dl_core.train.run import Run


def score_changes(domain: Domain, run: Run, row: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return every model's score of ``row`` before and after ``changes`` (corruption to its strength 0…5).

    Raises
    ------
    OptionError
        If there is no such corruption.
    """
    from dl_core.evaluate.images.stress import CORRUPTIONS
    from dl_core.evaluate.what_if import moves

    image = np.asarray(run.load_dataset().subset([row]).images)
    changed = image
    for name, strength in sorted(changes.items()):
        if name not in CORRUPTIONS:
            raise OptionError(f"there is no change {name!r}", expected=", ".join(CORRUPTIONS))
        changed = CORRUPTIONS[name](changed, int(strength), run.spec.seed)
    both = Dataset.from_images(np.concatenate([image, changed]), run.evaluation.classes)
    scores = {name: pipeline.open_model(domain, run, name)[1].scores(both) for name in run.trained}
    rules = {name: run.models[name].rule for name in scores}
    return {
        **moves(scores, rules, run.evaluation.classes, run.best),
        "image": thumbnail(changed[0], enlarge=False),
    }
