"""An explanation of a table's row in sentences, and as JSON for pages and jobs."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from dl_core.explain.explanation import Explanation
from dl_core.explain.table.values import step_of

SMALLEST_SHARE = 0.02  # of the largest contribution; below it a column is no reason


def reasons(explanation: Explanation, most: int = 3) -> list[str]:
    """Return what raised the score most, as sentences such as "amount is 312.40 (typical 41.20)", strongest first.

    Columns that lowered the score, or hardly moved it, are no reasons; there may be fewer than ``most``, or none.
    """
    values, typical = _texts(explanation)
    heat = explanation.heat.reshape(-1)
    order = sorted(range(len(explanation.features)), key=lambda i: -heat[i])
    found = [i for i in order if heat[i] > 0 and heat[i] >= SMALLEST_SHARE * heat[order[0]]][:most]
    return [reason(explanation.features[i], values[i], typical[i]) for i in found]


def reason(feature: str, value: str, typical: str) -> str:
    """Return one feature's value beside the typical one."""
    if not value:
        return feature
    if value == typical or not typical:
        return f"{feature} is {value}" + (", typical" if typical else "")
    return f"{feature} is {value} (typical {typical})"


def table_explanation_as_json(explanation: Explanation, most: int = 12) -> dict[str, Any]:
    """Return an explanation of a table's row as plain JSON.

    Parameters
    ----------
    explanation : Explanation
    most : int
        Features listed; the others' contributions are summed in ``other``.

    Returns
    -------
    dict
        ``base + sum of the features' weights + other + gap == score``, all log-odds; ``base_probability`` is the base
        as a probability, exact for two classes. ``steps`` sums the contributions of a sequence by step (``ago`` 0 is
        the row itself, the earliest step first) and is empty for models that read no sequence.
    """
    values, typical = _texts(explanation)
    place = {name: i for i, name in enumerate(explanation.features)}
    listed = explanation.strongest(most)
    total = float(explanation.heat.sum(dtype=float))
    base = explanation.base
    return {
        "kind": "table",
        "row": explanation.row,
        "model": explanation.model,
        "method": explanation.method,
        "target": explanation.target,
        "probability": explanation.probability,
        "score": explanation.score,
        "base": base,
        "base_probability": None if base is None else 1 / (1 + math.exp(-min(max(base, -60.0), 60.0))),
        "features": [
            {"name": name, "weight": weight, "value": values[place[name]], "typical": typical[place[name]]}
            for name, weight in listed
        ],
        "other": total - sum(weight for _, weight in listed),
        "gap": explanation.gap,
        "steps": by_step(explanation),
        "reasons": reasons(explanation),
        "faithfulness": None if explanation.faithfulness is None else asdict(explanation.faithfulness),
    }


def by_step(explanation: Explanation, most: int = 3) -> list[dict[str, Any]]:
    """Return the contributions summed by step of a sequence, the earliest first, each with its strongest features.

    A list of ``{"ago": int, "weight": float, "features": [{"name": str, "weight": float}]}``; empty where no feature is
    a step.
    """
    steps: dict[int, list[tuple[str, float]]] = {}
    for feature, weight in zip(explanation.features, map(float, explanation.heat.reshape(-1)), strict=True):
        what, ago = step_of(feature) or (feature, 0)
        steps.setdefault(ago, []).append((what, weight))
    if set(steps) <= {0}:
        return []
    return [
        {
            "ago": ago,
            "weight": sum(weight for _, weight in steps[ago]),
            "features": [
                {"name": name, "weight": weight}
                for name, weight in sorted(steps[ago], key=lambda pair: -abs(pair[1]))[:most]
            ],
        }
        for ago in sorted(steps, reverse=True)
    ]


def _texts(explanation: Explanation) -> tuple[tuple[str, ...], tuple[str, ...]]:
    empty = ("",) * len(explanation.features)
    return explanation.values or empty, explanation.typical or empty
