"""The bodies that panels have for one kind of row: ``ui.kinds.<kind>.<panel>``, the same names in each folder."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Protocol

from dl_core.kinds import Kind


class HasKind(Protocol):
    """A page's context or a domain: what has a kind of row."""

    @property
    def kind(self) -> Kind: ...


def body(of: HasKind, panel: str) -> ModuleType | None:
    """Return the module that draws ``panel`` for rows of this kind, or None where it has no such body."""
    return of.kind.room(__name__, panel)


def part(of: HasKind, panel: str, name: str, shared: Any = None) -> Any:
    """Return what ``name`` is in the body of ``panel``; where the kind has none, what all kinds ``shared``."""
    return getattr(body(of, panel), name, shared)
