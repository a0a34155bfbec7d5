"""Rows that are lines of a table: the kind of whatever has no roles of its own."""

from dl_core.kinds.base import Kind, Words

KIND = Kind(name="table", needs=(), words=Words(), reasons=True)
