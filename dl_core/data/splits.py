"""The noun `Splits`: which rows train, choose and judge, and the protocol that made it so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from dl_core.errors import SchemaError

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Splits:
    """Row ids of the three parts and how they were made.

    Parameters
    ----------
    train, validation, test : tuple of str
        Row ids; the parts do not overlap.
    kind : str
        ``"stratified"``, ``"by unit"``, ``"given"``, ``"by time"`` …
    protocol : str
        One sentence that stands beside every score ("70/10/20 % at random by patient, seed 0").
    """

    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]
    kind: str
    protocol: str

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for part in PARTS:
            ids = getattr(self, part)
            if seen.intersection(ids) or len(set(ids)) != len(ids):
                raise SchemaError("a row is in two splits", where=part, expected="each row once")
            seen.update(ids)

    def part_of(self) -> pd.Series:
        """Return the part of every row by row id."""
        return pd.Series({row: part for part in PARTS for row in getattr(self, part)}, dtype="object")

    def counts(self) -> dict[str, int]:
        """Return the number of rows of each part."""
        return {part: len(getattr(self, part)) for part in PARTS}

    def count_values(self, values: pd.Series | None) -> dict[str, dict[str, int]]:
        """Return how often each value of a column (by row id) stands in each part; nothing without a column."""
        if values is None:
            return {}
        return {part: values.loc[list(getattr(self, part))].value_counts().to_dict() for part in PARTS}

    def as_dict(self) -> dict:
        """Return plain JSON."""
        return {"kind": self.kind, "protocol": self.protocol, **{part: list(getattr(self, part)) for part in PARTS}}

    @classmethod
    def from_dict(cls, about: Mapping) -> Splits:
        """Return the splits that `as_dict` described."""
        return cls(**{part: tuple(about[part]) for part in PARTS}, kind=about["kind"], protocol=about["protocol"])
