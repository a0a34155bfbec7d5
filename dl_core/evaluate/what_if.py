"""What a change of one row does to every model's decision: the same class is followed before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dl_core.evaluate.decide import DecisionRule


def moves(
    scores: Mapping[str, np.ndarray], rules: Mapping[str, DecisionRule], classes: Sequence[str], best: str
) -> dict[str, Any]:
    """Return every model's decision on one row as it is and changed.

    Parameters
    ----------
    scores : mapping of str to numpy.ndarray
        (2, k) by model, before calibration: of the row as it is, and changed.
    rules : mapping of str to DecisionRule
        By model.
    classes : sequence of str
    best : str
        The model whose decision on the row as it is names the class that is followed, where there are more than two
        classes; of two it is the last.

    Returns
    -------
    dict
        ``target`` (the class followed) and ``scores``: a line a model with ``model``, ``before`` and ``after`` (the
        calibrated probabilities of the target), ``called_before``, ``called_after`` (the decided classes) and ``cut``
        (the operating point, or None).
    """
    decided = {name: rules[name].decide(both) for name, both in scores.items()}
    at = int(decided[best].followed[0])
    lines = []
    for name, (probabilities, chosen) in decided.items():
        before, after = (float(value) for value in probabilities[:, at])
        called = [classes[int(place)] for place in chosen]
        line = {"model": name, "before": before, "after": after, "cut": rules[name].threshold}
        lines.append(line | {"called_before": called[0], "called_after": called[1]})
    return {"target": classes[at], "scores": lines}
