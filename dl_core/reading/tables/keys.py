"""Columns that hold ids and codes: their numbers are no quantities, and every digit of theirs counts."""

from __future__ import annotations

from collections.abc import Callable, Collection

from dl_core.reading.request import ReadRequest
from dl_core.reading.tables.names import plain_name
from dl_core.reading.tables.trained import Trained
from dl_core.schema import Role

_ENDS = ("_id", "_no", "_nr", "_code", "_uuid", "_hash")


class KeyNames:
    """Names that say that a column holds keys.

    Parameters
    ----------
    words : collection of str
        Plain names.
    ends : tuple of str
        Endings of plain names, besides those of all kinds (``"_id"``, ``"_code"`` …).
    """

    def __init__(self, words: Collection[str], ends: tuple[str, ...] = ()) -> None:
        self.words, self.ends = frozenset(words), (*_ENDS, *ends)

    def __contains__(self, column: object) -> bool:
        """Return whether a column's name says that its cells are keys."""
        plain = plain_name(column)
        return plain in self.words or plain.endswith(self.ends)

    def asked(self, roles: Collection[Role], request: ReadRequest) -> Callable[[str], bool]:
        """Return whether a column holds keys by its name, by the user's word or because training had it for one."""
        trained = Trained.of(request)
        named = {name for role in roles for name in (*request.wished.get(role, ()), *trained.roles.get(role, ()))}
        return lambda column: column in named or column in self
