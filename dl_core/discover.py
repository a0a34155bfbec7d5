"""Finding what can be added by adding files: domains, kinds, models, metrics, explainers, readers, remedies, probes.

A module of a package folder that exports a name at its top level (``DOMAIN``, ``KIND``, ``PROBE`` …) is found by it; a
package of somebody else's is found by an entry point of a group (``daylight.domains`` …). So nothing that is here needs
an edit for a newcomer.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import import_module, metadata, util
from importlib.machinery import ModuleSpec
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

LOG = logging.getLogger(__name__)


def discover(package: str, attribute: str, group: str, *, below: bool = False) -> list[Any]:
    """Return what the modules of a package, and the entry points of a group, hold under ``attribute``.

    Only modules whose text defines the attribute at the top level are imported, so that a folder of heavy modules can
    be searched without loading them. Modules come in the order of their names, other people's after ours.

    Parameters
    ----------
    package : str
        Dotted name of a package of ours, such as ``"dl_core.domains"``; its folder is searched.
    attribute : str
        The exported name. A tuple or list under it counts as its members.
    group : str
        Entry point group such as ``"daylight.domains"``. An entry point names the object itself, a tuple of them, or a
        module that holds ``attribute``. One that cannot be loaded is logged and left out: somebody else's fault must
        not end the house.
    below : bool
        Whether the packages in that folder are searched too, as where each kind of row has one.
    """
    found: list[Any] = []
    parts = [part.name for part in iter_modules(import_module(package).__path__, f"{package}.") if below and part.ispkg]
    for name in (name for folder in (package, *parts) for name in _defining(folder, attribute)):
        found.extend(_members(getattr(import_module(name), attribute)))
    for point in sorted(metadata.entry_points(group=group), key=lambda point: point.name):
        try:
            loaded = point.load()
        except Exception:
            LOG.exception("the entry point %s = %s of %s cannot be loaded", point.name, point.value, group)
            continue
        found.extend(_members(getattr(loaded, attribute, loaded)))
    return found


def lazy(target: str) -> Callable[[], Any]:
    """Return a function that imports ``"package.module:name"`` when it is called, not before."""
    module, _, name = target.partition(":")
    return lambda: getattr(import_module(module), name)


def deferred(target: str) -> Callable[..., Any]:
    """Return a function that hands its arguments to ``"package.module:name"``, which is imported at the first call."""
    load = lazy(target)
    return lambda *arguments, **named: load()(*arguments, **named)


def named(things: Iterable[Any]) -> dict[str, Any]:
    """Return things by their ``name``; a later one does not replace an earlier one, which is logged."""
    by_name: dict[str, Any] = {}
    for thing in things:
        if thing.name in by_name:
            LOG.warning("%r is there twice; the second is left out", thing.name)
        by_name.setdefault(thing.name, thing)
    return by_name


def _members(held: Any) -> Iterator[Any]:
    """Yield what is held: one thing, or the members of a tuple or list of them."""
    if isinstance(held, tuple | list):
        yield from held
    else:
        yield held


@cache
def _defining(package: str, attribute: str) -> tuple[str, ...]:
    """Return the modules of a package folder that define ``attribute`` at their top level."""
    defines = re.compile(rf"^{re.escape(attribute)}\b[^=\n]*=[^=]", re.MULTILINE)
    names = sorted(module.name for module in iter_modules(import_module(package).__path__, f"{package}."))
    return tuple(name for name in names if defines.search(_text(util.find_spec(name))))


def _text(spec: ModuleSpec | None) -> str:
    """Return a module's source; empty where there is none to read."""
    path = Path(spec.origin) if spec is not None and spec.origin else None
    return path.read_text(encoding="utf-8") if path is not None and path.suffix == ".py" else ""
