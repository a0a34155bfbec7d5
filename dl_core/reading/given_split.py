"""The words by which folders, files and columns give a split."""

from __future__ import annotations

import re

from dl_core.reading.tables.names import plain_name

PART_WORDS = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "validate": "validation",
    "test": "test",
    "testing": "test",
    "dev": "validation",
    "holdout": "test",
    "hold-out": "test",
    "oot": "test",
}


def part_of(word: object) -> str | None:
    """Return the part that a word names, whatever its case and outer blanks; None for other words."""
    return PART_WORDS.get(str(word).strip().casefold())


_WORD = re.compile(
    r"(train|training|trn|val|valid|validation|validate|dev|development|test|testing|tst|holdout)(set|data|imgs?|images?|split)?"
)
_SHORT = {"trn": "train", "dev": "validation", "development": "validation", "tst": "test", "holdout": "test"}


_BOTH = re.compile(r"(?<![a-z])train_?(?:and_)?val(?:id|idation)?(?![a-z])")  # one part, to learn from


def part_in(text: object) -> tuple[str | None, str]:
    """Return the part that one word of a text names, in any spelling, and the rest of the text; None for none or two.

    Examples
    --------
    >>> part_in("seg_train"), part_in("ValSet"), part_in("NORMAL"), part_in("train or test")
    (('train', 'seg'), ('validation', 'set'), (None, 'normal'), (None, 'train_or_test'))
    """
    plain = plain_name(text)
    words = [word for word in re.split(r"[_\d]+", _BOTH.sub("train", plain)) if word]
    found = [(word, match[1]) for word in words if (match := _WORD.fullmatch(word))]
    parts = {_SHORT.get(stem) or PART_WORDS[stem] for _, stem in found}
    if len(parts) != 1:
        return None, plain
    rest = "_".join(word for word in words if word not in {word for word, _ in found})
    return parts.pop(), rest
