"""The images of an npz: which of its parts are read, and what is known of each image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dl_core.data.dataset import Finding
from dl_core.data.images.known import known_stem
from dl_core.errors import shorten
from dl_core.reading.images.collect import Item
from dl_core.reading.images.entries import Entry
from dl_core.reading.images.formats.npz import ArrayPart, array_label


def wanted_parts(
    parts: Sequence[ArrayPart], side: str, name: str, tested: bool
) -> tuple[list[ArrayPart], list[Finding]]:
    """Return the parts of a file to read: with test data given (``tested``), its own test part stays out."""
    tests = [part for part in parts if part.part == "test"]
    if not tests or len(parts) < 2 or (side == "data" and not tested):
        return list(parts), []
    if side == "test":
        return tests, [Finding("info", "own-test", f"Of {shorten(name)} only the test part was taken as test data.")]
    text = f"The test part of {shorten(name)} was left out, since test data were given separately."
    return [part for part in parts if part.part != "test"], [Finding("info", "own-test", text)]


def array_ids(side: str, part: ArrayPart) -> list[str]:
    """Return the row ids of a part's images."""
    width = max(4, len(str(len(part.images))))
    prefix = (part.part or "image") if side == "data" else "test"
    return [f"{prefix}_{at:0{width}d}" for at in range(len(part.images))]


def array_entries(side: str, item: Item, part: ArrayPart, options: Mapping[str, Any]) -> Iterator[Entry]:
    """Yield what is known of each image of a part."""
    names, known = class_names(item, options), known_stem(item.name) is not None
    for at in range(len(part.images)):
        label, columns = array_label(part.labels, at, names, known)
        columns |= {name: values[at] for name, values in part.columns.items()}
        told = {} if label is None else {"label": label}
        yield Entry(item.name, side, part=part.part, columns={**told, **columns}, array=True)


def class_names(item: Item, options: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of class numbers: as the user says, of a known data set, or of the training data."""
    wish = options.get("classes")
    if wish:
        return tuple(wish.split(",")) if isinstance(wish, str) else tuple(wish)
    known = known_stem(item.name)
    return known.classes if known else tuple(options.get("like_classes", ()))


def class_order(
    classes: tuple[str, ...], items: Sequence[Item], options: Mapping[str, Any], present: set[str]
) -> tuple[str, ...]:
    """Return the classes in the order of the training data, or of a known data set, where these are its classes."""
    names = tuple(options.get("like_classes", ()))
    if names and present <= set(names):
        return names
    known = (class_names(item, options) for item in items)
    found = next((names for names in known if names and present <= set(names)), None)
    return classes if found is None else tuple(name for name in found if name in present)
