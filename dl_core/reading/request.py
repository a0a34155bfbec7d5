"""The noun `ReadRequest`: which files to read, and how the user wants them read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dl_core.schema import Role


@dataclass(frozen=True)
class ReadRequest:
    """What a domain's reader gets: files and how the user wants them read.

    ``paths`` are files or folders; ``test_paths`` hold rows that are the test set and nothing else. ``roles`` overrides
    guessed roles (role to column); ``options`` are the domain's read options.
    """

    paths: tuple[Path, ...]
    test_paths: tuple[Path, ...] = ()
    roles: Mapping[Role, tuple[str, ...]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    labelled: bool = True  # False for new cases to predict
    name: str = ""


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
