"""Explanations of rows as JSON: a map for an image, contributions of columns for a line of a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from dl_core.data.dataset import Dataset
from dl_core.data.images.pictures import data_uri
from dl_core.explain.table.plain import table_explanation_as_json
from dl_core.explain.table.values import step_of, value_text

if TYPE_CHECKING:
    from dl_core.explain.explanation import Explanation


def explanation_as_json(explanation: Explanation, data: Dataset, about: Mapping[str, Any]) -> dict[str, Any]:
    """Return one explanation as JSON.

    A table's is `table_explanation_as_json` with ``sequence``: the weights by step and input of a model that reads the
    last rows of an account, else None. ``about`` describes the data's columns by name (see `describe_columns`).
    """
    if not explanation.features:
        return map_as_json(explanation)
    if not explanation.values:
        explanation = _with_texts(explanation, data, about)
    return {**table_explanation_as_json(explanation), "sequence": _sequence(explanation)}


def map_as_json(explanation: Explanation) -> dict[str, Any]:
    """Return one map as JSON; ``heat`` is an 8-bit grey PNG scaled to its own range."""
    heat = explanation.heat
    low, high = float(heat.min()), float(heat.max())
    scaled = np.zeros_like(heat) if high <= low else (heat - low) / (high - low)
    return {
        "model": explanation.model,
        "method": explanation.method,
        "target": explanation.target,
        "probability": explanation.probability,
        "heat": data_uri(Image.fromarray((255 * scaled).astype(np.uint8))),
        "features": [{"name": feature, "weight": weight} for feature, weight in explanation.strongest()],
        "faithfulness": None if explanation.faithfulness is None else asdict(explanation.faithfulness),
    }


def _with_texts(explanation: Explanation, data: Dataset, about: Mapping[str, Any]) -> Explanation:
    """Return an explanation that came without texts with the row's own and the usual values."""
    row = data.table.loc[explanation.row]
    own = tuple(value_text(row[name]) if name in data.table else "" for name in explanation.features)
    known = (about.get(name, {}).get("typical") for name in explanation.features)
    usual = tuple("" if value is None else value_text(value) for value in known)
    return replace(explanation, values=own, typical=usual)


def _sequence(explanation: Explanation) -> dict[str, Any] | None:
    """Return ``steps`` (how many rows ago, the earliest first), ``inputs`` and ``weights`` (input by step)."""
    found: dict[str, dict[int, float]] = {}
    for feature, weight in zip(explanation.features, map(float, explanation.heat.reshape(-1)), strict=True):
        place = step_of(feature)
        if place is not None:
            found.setdefault(place[0], {})[place[1]] = weight
    if not found:
        return None
    steps = sorted({ago for weights in found.values() for ago in weights}, reverse=True)
    weights = [[by_step.get(ago, 0.0) for ago in steps] for by_step in found.values()]
    return {"steps": steps, "inputs": list(found), "weights": weights}
