"""The words by which folders, files and columns give a split."""

from __future__ import annotations

PART_WORDS = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}


def part_of(word: object) -> str | None:
    """Return the part that a word names, whatever its case and outer blanks; None for other words."""
    return PART_WORDS.get(str(word).strip().casefold())
