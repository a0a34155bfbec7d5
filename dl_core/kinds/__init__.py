"""The kinds of row, one folder each with one ``KIND``. Whoever needs to know what a row is asks here."""

from importlib import import_module
from pkgutil import iter_modules

from dl_core.kinds.base import LOSS, Kind, Learning, Words, get_kind, kind_of, kinds, recognise, register

for _found in iter_modules(__path__):
    if _found.ispkg:
        register(import_module(f"{__name__}.{_found.name}").KIND)

__all__ = ["LOSS", "Kind", "Learning", "Words", "get_kind", "kind_of", "kinds", "recognise", "register"]
