"""The methods by name, for every kind of row. A method is added by adding a file.

A module of a kind's folder here exports its description, or a tuple of them, as ``EXPLAINER``; a package of somebody
else's adds one by an entry point of the group ``daylight.explainers``. Describing methods loads neither Keras nor the
models: such a module imports them inside its functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, ClassVar

from dl_core.discover import discover, named
from dl_core.errors import OptionError, shorten

COSTS = ("low", "medium", "high")


@dataclass(frozen=True)
class ExplainerInfo:
    """One method that can be chosen.

    Parameters
    ----------
    name : str
    kind : str
        The kind of row that it explains; several kinds may have a method of one name.
    label, paper, help : str
        Its name for people, who published it (empty for what nobody needed to publish), and one sentence.
    load : callable
        Returns the method: a class of images' or tables' explainers, or a function of what a ranking or a forecast was
        made from. None where a kind reads the answer off the model.
    needs_graph : bool
        Whether it needs a network's gradients.
    needs_maps : bool
        Whether it reads layers with maps, which a regression on pixels has not.
    joins : tuple of str
        Names of the domains that offer it though they do not name it themselves.
    cost : str
        ``"low"`` (one gradient pass a case), ``"medium"`` (tens of gradient passes) or ``"high"`` (a hundred or more
        scorings).
    """

    name: str
    kind: str
    label: str
    paper: str
    help: str
    load: Callable[[], Any] | None
    needs_graph: bool = False
    needs_maps: bool = False
    cost: str = "low"
    joins: tuple[str, ...] = ()


@cache
def _found() -> Mapping[str, Mapping[str, ExplainerInfo]]:
    """Return the methods of each kind by name."""
    every: list[ExplainerInfo] = discover("dl_core.explain", "EXPLAINER", "daylight.explainers", below=True)
    kinds = dict.fromkeys(info.kind for info in every)
    return {kind: MappingProxyType(named(info for info in every if info.kind == kind)) for kind in kinds}


def explainers(kind: str) -> Mapping[str, ExplainerInfo]:
    """Return the methods for a kind of row by name; none for a kind that has none."""
    return _found().get(kind, MappingProxyType({}))


def every_explainer() -> list[ExplainerInfo]:
    """Return all methods, kind by kind."""
    return [info for methods in _found().values() for info in methods.values()]


def explainer_info(name: str, kind: str) -> ExplainerInfo:
    """Return the description of a method.

    Raises
    ------
    OptionError
        If the kind has no such method.
    """
    known = explainers(kind)
    if name not in known:
        raise OptionError(f"there is no method {shorten(name)!r}", expected=", ".join(known) or "none")
    return known[name]


def get_explainer(name: str, kind: str, **options: Any) -> Any:
    """Return the method of that name: with its ``options`` where it is a class, else the function as it is.

    Raises
    ------
    OptionError
        If there is no such method or option.
    """
    load = explainer_info(name, kind).load
    found = None if load is None else load()
    return found(**options) if isinstance(found, type) else found


class WithOptions:
    """A method that is a class: options are given by name, everything else is refused.

    Parameters
    ----------
    **options
        Of ``defaults``; everything else is refused.

    Raises
    ------
    OptionError
        If an option does not exist.
    """

    defaults: ClassVar[dict[str, Any]] = {}

    def __init__(self, **options: Any) -> None:
        for name in options:
            if name not in self.defaults:
                raise OptionError(
                    f"there is no option {shorten(name)!r}",
                    where=type(self).__name__,
                    expected=", ".join(self.defaults) or "none",
                )
        self.options = {**self.defaults, **options}
