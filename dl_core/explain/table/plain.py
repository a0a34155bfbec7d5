"""What the columns of a table's row add to its score: in sentences, and as plain JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from dl_core.data.dataset import Dataset
from dl_core.explain.explanation import Explanation, finite, strongest
from dl_core.explain.table.values import step_of, value_text

SMALLEST_SHARE = 0.02  # of the largest contribution; below it a column is no reason
MOST_FEATURES = 12  # that are named one by one
MOST_A_STEP = 3


@dataclass(frozen=True)
class TableContributions(Explanation):
    """What each column adds to the calibrated log-odds of a class, whose probability is ``score``.

    ``values`` and ``typical`` are the row's own values and the typical ones as text in the user's units, one a feature,
    an empty text where a feature has no value to show. ``log_odds`` is the row's, ``base`` what the contributions start
    from (`view.class_scores`); None where a method gives none. A row of which a model reads nothing has no features.
    """

    values: tuple[str, ...] = ()
    typical: tuple[str, ...] = ()
    log_odds: float | None = None
    base: float | None = None

    @property
    def gap(self) -> float | None:
        """What the contributions miss of the log-odds' distance from the base; None where there is no base."""
        if self.log_odds is None or self.base is None:
            return None
        return self.log_odds - self.base - float(self.heat.sum(dtype=float))

    def with_texts(self, data: Dataset, usual: Mapping[str, Any]) -> TableContributions:
        """Return the explanation with the row's own values and the ``usual`` ones by column, where it came without."""
        if self.values or not self.features:
            return self
        row = data.table.loc[self.row]
        own = tuple(value_text(row[name]) if name in data.table else "" for name in self.features)
        known = (usual.get(name) for name in self.features)
        return replace(self, values=own, typical=tuple("" if value is None else value_text(value) for value in known))

    def as_json(self) -> dict[str, Any]:
        """Return the explanation as plain JSON.

        Returns
        -------
        dict
            ``base + sum of the features' weights + other + gap == log_odds``; ``base_probability`` is the base as a
            probability, exact for two classes. ``steps`` sums the contributions of a sequence by step (`by_step`);
            ``sequence`` has them by step and input, None for models that read no sequence.
        """
        place = {name: at for at, name in enumerate(self.features)}
        listed, (values, typical) = self.strongest(MOST_FEATURES), _texts(self)
        features = [
            {"name": name, "weight": weight, "value": values[place[name]], "typical": typical[place[name]]}
            for name, weight in listed
        ]
        return {
            **super().as_json(),
            "row": self.row,
            "log_odds": finite(self.log_odds),
            "base": finite(self.base),
            "base_probability": None if self.base is None else 1 / (1 + math.exp(-min(max(self.base, -60.0), 60.0))),
            "features": features,
            "other": float(self.heat.sum(dtype=float)) - sum(weight for _, weight in listed),
            "gap": finite(self.gap),
            "steps": by_step(self),
            "sequence": sequence(self),
            "reasons": reasons(self),
        }


def reasons(explanation: TableContributions, most: int = 3) -> list[str]:
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


def by_step(explanation: TableContributions) -> list[dict[str, Any]]:
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
            "features": [{"name": name, "weight": weight} for name, weight in strongest(steps[ago], MOST_A_STEP)],
        }
        for ago in sorted(steps, reverse=True)
    ]


def sequence(explanation: TableContributions) -> dict[str, Any] | None:
    """Return ``steps`` (how many rows ago, the earliest first), ``inputs`` and ``weights`` (input by step).

    None for a model that reads no sequence.
    """
    found: dict[str, dict[int, float]] = {}
    for feature, weight in zip(explanation.features, map(float, explanation.heat.reshape(-1)), strict=True):
        place = step_of(feature)
        if place is not None:
            found.setdefault(place[0], {})[place[1]] = weight
    if not found:
        return None
    steps = sorted({ago for weights in found.values() for ago in weights}, reverse=True)
    weights = [[at.get(ago, 0.0) for ago in steps] for at in found.values()]
    return {"steps": steps, "inputs": list(found), "weights": weights}


class Strip(NamedTuple):
    """The inputs of a sequence that count most, with their weights (inputs, steps), and the sum of all by step."""

    inputs: list[str]
    weights: list[list[float]]
    totals: list[float]

    @property
    def lead(self) -> int:
        """The place of the step that counts most."""
        return int(np.argmax(np.abs(self.totals)))


def strip(found: Mapping[str, Any], most: int) -> Strip:
    """Return the ``most`` inputs of a `sequence` that move the score most, over all steps together."""
    weights = np.asarray(found["weights"], dtype=float)  # (inputs, steps)
    order = np.argsort(-np.abs(weights).sum(axis=1), kind="stable")[:most]
    return Strip([found["inputs"][at] for at in order], weights[order].tolist(), weights.sum(axis=0).tolist())


def _texts(explanation: TableContributions) -> tuple[tuple[str, ...], tuple[str, ...]]:
    empty = ("",) * len(explanation.features)
    return explanation.values or empty, explanation.typical or empty
