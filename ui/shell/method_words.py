"""Methods of explanation by their names for people; each kind of row has methods of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dl_core.errors import OptionError
from dl_core.explain.registry import explainer_info
from dl_core.kinds import Kind
from ui.shell.context import PageContext


def label(name: str, kind: Kind) -> str:
    """Return a method's name for people."""
    try:
        return explainer_info(name, kind.name).label
    except OptionError:  # a domain's own method
        return name.replace("_", " ").capitalize()


def label_of(kind: Kind) -> Callable[[str], str]:
    """Return `label` for widgets."""
    return lambda name: label(name, kind)


def help_on(names: Iterable[str], kind: Kind) -> str:
    """Return paper and explanation of each method, one a paragraph."""
    lines = []
    for name in names:
        try:
            info = explainer_info(name, kind.name)
        except OptionError:
            continue
        paper = f" ({info.paper})" if info.paper else ""
        lines.append(f"**{info.label}**{paper}: {info.help}")
    return "\n\n".join(lines)


def left_out(context: PageContext, lost: Mapping[str, Any]) -> str:
    """Return in a line why a method says nothing of a model."""
    return f":material/info: {label(lost['method'], context.kind)}, {context.label(lost['model'])}: {lost['reason']}"
