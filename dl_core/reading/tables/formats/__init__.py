"""Formats of table files, one a module; whoever adds a module with a ``READER`` here adds a format."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from dl_core.discover import discover
from dl_core.reading.listing import head_of, suffix_of
from dl_core.reading.tables.formats.base import Parsed, TableFormat

__all__ = ["Parsed", "TableFormat", "format_of", "formats", "formats_in_words", "is_claimed", "table_suffixes"]


@cache
def formats() -> tuple[TableFormat, ...]:
    """Return all formats, that of separated text, which takes what no other claims, first."""
    found = [one for one in discover(__name__, "READER", "daylight.readers") if isinstance(one, TableFormat)]
    return tuple(sorted(found, key=lambda one: (not one.otherwise, one.name)))


def format_of(path: Path, name: str) -> TableFormat:
    """Return the format of a file by its first bytes, else by its name, else separated text."""
    head, suffix = head_of(path), suffix_of(name)
    by_head = [one for one in formats() if one.claims and one.claims(head, path)]
    by_name = [one for one in formats() if not one.claims and suffix in one.suffixes]
    return (*by_head, *by_name, formats()[0])[0]


def is_claimed(head: bytes, path: Path) -> bool:
    """Return whether a file's first bytes say that it is a table."""
    return any(one.claims is not None and one.claims(head, path) for one in formats())


def table_suffixes(quiet: bool = True) -> frozenset[str]:
    """Return the endings of all formats; without the quiet ones, which name read-me files as often as tables."""
    return frozenset(suffix for one in formats() for suffix in one.suffixes if quiet or suffix not in one.quiet)


def formats_in_words() -> str:
    """Return what may be uploaded, for messages."""
    return f"{', '.join(one.words for one in formats())}, or a zip or folder of these"
