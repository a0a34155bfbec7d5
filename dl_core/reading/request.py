"""The noun `ReadRequest`: which files to read, and how the user wants them read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from dl_core.data.dataset import Dataset
from dl_core.errors import shorten
from dl_core.schema import Role


class Rows(NamedTuple):
    """Files with the rows of a data set: those that train, and those that are its given test."""

    train: Path
    test: Path | None = None


Reread = Callable[[Rows, Mapping[Role, tuple[str, ...]], Mapping[str, Any]], Dataset]  # its rows, roles, read options


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

    @property
    def wished(self) -> dict[Role, tuple[str, ...]]:
        """The user's roles with their columns; no columns means that there is none with that role."""
        return {Role(role): tuple(columns) for role, columns in self.roles.items()}

    @property
    def where(self) -> str:
        """Name of what was given, for messages."""
        return shorten(Path(self.paths[0]).name, 60)

    def title(self, otherwise: str) -> str:
        """Return the data set's name: as the user says, else that of the first file."""
        return self.name or shorten(Path(self.paths[0]).name.split(".")[0], 60) or otherwise
