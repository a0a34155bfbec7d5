"""What is explained, and by which methods, unless somebody chooses: few methods, and such as fit the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

SHOWN = 2


def default_ranking_methods(explainers: Sequence[str], model: str) -> list[str]:
    """Return the methods for a ranking: gradients for a network (kind ``"deep"``), exact parts for a baseline."""
    wanted = ("integrated_gradients", "leave_one_out") if model == "deep" else ("exact", "leave_one_out")
    return [name for name in wanted if name in explainers]


def default_forecast_methods(explainers: Sequence[str], model: str) -> list[str]:
    """Return the methods for a forecast: the domain's first for a network; gradients need one."""
    return list(explainers[:SHOWN]) if model == "deep" else ["occlusion"]


def default_item(items: Sequence[Mapping[str, Any]]) -> int:
    """Return which item of a ranking is explained at first: the first hit, else the first place."""
    return next((at for at, item in enumerate(items) if item["hit"]), 0)
