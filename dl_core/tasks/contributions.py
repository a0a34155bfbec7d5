"""Explanations of rows as JSON: a map for an image, contributions of columns for a line of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from dl_core.data.dataset import Dataset
from dl_core.tasks.pictures import data_uri
from dl_core.tasks.rows import plain

if TYPE_CHECKING:
    from dl_core.explain.explanation import Explanation

MOST_FEATURES = 24  # contributions that come back; the page shows fewer


def explanation_as_json(explanation: Explanation, data: Dataset, about: Mapping[str, Any]) -> dict[str, Any]:
    """Return one explanation as JSON; ``about`` describes the data's columns by name (see `describe_columns`)."""
    if not explanation.features:
        return map_as_json(explanation)
    return {
        **_shared(explanation),
        "score": explanation.score,
        "base": explanation.base,
        "contributions": _contributions(explanation, data, about),
    }


def map_as_json(explanation: Explanation) -> dict[str, Any]:
    """Return one map as JSON; ``heat`` is an 8-bit grey PNG scaled to its own range."""
    heat = explanation.heat
    low, high = float(heat.min()), float(heat.max())
    scaled = np.zeros_like(heat) if high <= low else (heat - low) / (high - low)
    return {
        **_shared(explanation),
        "heat": data_uri(Image.fromarray((255 * scaled).astype(np.uint8))),
        "features": [{"name": feature, "weight": weight} for feature, weight in explanation.strongest()],
    }


def _shared(explanation: Explanation) -> dict[str, Any]:
    return {
        "model": explanation.model,
        "method": explanation.method,
        "target": explanation.target,
        "probability": explanation.probability,
        "faithfulness": None if explanation.faithfulness is None else asdict(explanation.faithfulness),
    }


def _contributions(explanation: Explanation, data: Dataset, about: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the strongest columns with their weight, and the row's own and the usual value as text."""
    texts = dict(zip(explanation.features, zip(explanation.values, explanation.typical, strict=False), strict=False))
    found = []
    for feature, weight in explanation.strongest(MOST_FEATURES):
        own = data.table.at[explanation.row, feature] if feature in data.table else None
        usual = about.get(feature, {}).get("typical")
        value, typical = texts.get(feature, (as_text(plain(own)), as_text(usual)))
        found.append({"feature": feature, "weight": weight, "value": value, "typical": typical})
    return found


def reasons(contributions: Sequence[Mapping[str, Any]], most: int = 3) -> str:
    """Return the columns that pushed a row towards the target as words: ``amount 812 (usual 54), night yes``."""
    pushed = [one for one in contributions if one["weight"] > 0][:most]
    return ", ".join(f"{one['feature']} {one['value']}{_usual(one)}".rstrip() for one in pushed)


def _usual(one: Mapping[str, Any]) -> str:
    return f" (usual {one['typical']})" if one["typical"] and one["typical"] != one["value"] else ""


def as_text(value: Any) -> str:
    """Return a plain value as people read it: three digits, thousands apart, nothing for a missing one."""
    if not isinstance(value, float):
        return "" if value is None else str(value)
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
