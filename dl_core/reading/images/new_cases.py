"""New images read as the training images were: of the same size, channels and classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def options_like(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options with size, channels and classes of the data set that new rows shall be like."""
    merged = dict(options)
    if merged.get("image_size"):
        merged.setdefault("size", merged["image_size"])
    like = merged.pop("like", None)
    if like:
        _, size, _, channels = like["arrays"]["image"]["shape"]
        merged |= {"size": size, "channels": channels, "like_classes": tuple(like["classes"])}
    return merged
