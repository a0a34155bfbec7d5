"""The kinds of row, one folder each with one ``KIND``, or an entry point of the group ``daylight.kinds``.

Whoever needs to know what a row is asks here.
"""

from dl_core.discover import discover
from dl_core.kinds.base import LOSS, Kind, Learning, Words, get_kind, kind_of, kinds, recognise, register

for _found in discover(__name__, "KIND", "daylight.kinds"):
    register(_found)

__all__ = ["LOSS", "Kind", "Learning", "Words", "get_kind", "kind_of", "kinds", "recognise", "register"]
