"""The noun `Trained`: the description of the training data, which new cases are read like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dl_core.reading.request import ReadRequest
from dl_core.reading.tables.names import Roles
from dl_core.schema import Role


@dataclass(frozen=True)
class Trained:
    """What was said of the training data; empty, and false, for data to train on.

    Parameters
    ----------
    roles : dict of Role to tuple of str
    types : mapping of str to str
        Data types by column.
    notes : frozenset of str
        Kinds of what reading noted.
    classes : tuple of str
    side : mapping of str to mapping
        Data types by column of each side table.
    """

    roles: Roles = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    notes: frozenset[str] = frozenset()
    classes: tuple[str, ...] = ()
    side: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.roles)

    @property
    def order(self) -> str:
        """Which of day and month came first in dates: ``"day-first"``, ``"month-first"``, or empty."""
        return next((kind for kind in ("day-first", "month-first") if kind in self.notes), "")

    def column(self, role: Role) -> str:
        """Return the (first) column of a role, empty where there was none."""
        return self.roles.get(role, ("",))[0]

    @classmethod
    def of(cls, request: ReadRequest) -> Trained:
        """Return what the read option ``like`` tells."""
        like: Mapping[str, Any] = request.options.get("like") or {}
        return cls(
            roles={Role(role): tuple(names) for role, names in like.get("roles", {}).items() if names},
            types=like.get("columns", {}),
            notes=frozenset(note["kind"] for note in like.get("notes", ())),
            classes=tuple(like.get("classes", ())),
            side=like.get("side", {}),
        )
