"""What an embedding is made of, as one frozen, hashable description."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from dl_core.errors import OptionError
from dl_core.transfer.images.backbones import EMBEDDED, get_backbone

HEAD = "head"
FORMAT = 1  # raised when the same plan would give other numbers


@dataclass(frozen=True)
class EmbeddingPlan:
    """How an image becomes a vector: which network, at which sizes, which of its depths, how pooled.

    Parameters
    ----------
    backbone : str
        A name of `backbones.BACKBONES`.
    sizes : tuple of int
        Sides in pixels to which each image is resampled; the network runs once at each.
    taps : tuple of str
        Feature maps, early to late; empty for the backbone's own choice.
    grid : int
        Each map is pooled to its mean and, from 2 up, to a grid × grid of means (coarse position). The head is pooled
        to its mean only.

    Raises
    ------
    OptionError
        If a name, a size or the grid does not fit.
    """

    backbone: str = EMBEDDED
    sizes: tuple[int, ...] = (64, 112)
    taps: tuple[str, ...] = ()
    grid: int = 2

    def __post_init__(self) -> None:
        backbone = get_backbone(self.backbone)
        object.__setattr__(self, "sizes", tuple(int(size) for size in self.sizes))
        object.__setattr__(self, "taps", tuple(self.taps) or backbone.taps)
        backbone.check_taps(self.taps)
        if not self.sizes or min(self.sizes) < backbone.min_size or max(self.sizes) > 512:
            expected = f"sides of {backbone.min_size} to 512 pixels"
            raise OptionError(f"the sizes {self.sizes} do not fit", where=self.backbone, expected=expected)
        if not 0 <= self.grid <= 4:
            raise OptionError(f"the grid is {self.grid}", where="embedding", expected="0 to 4")

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, about: Mapping[str, Any]) -> EmbeddingPlan:
        """Return the plan that `as_dict` described."""
        return cls(about["backbone"], tuple(about["sizes"]), tuple(about["taps"]), about["grid"])

    def key(self) -> str:
        """Return 16 hex digits that change with anything that changes the numbers."""
        text = json.dumps([FORMAT, get_backbone(self.backbone).version, self.as_dict()], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]
