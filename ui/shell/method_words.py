"""Methods of explanation by their names for people; images and tables have methods of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dl_core.errors import OptionError
from dl_core.explain.registry import explainer_info


def label(name: str, table: bool = False) -> str:
    """Return a method's name for people."""
    try:
        return explainer_info(name, table).label
    except OptionError:  # a domain's own method
        return name.replace("_", " ").capitalize()


def label_of(table: bool) -> Callable[[str], str]:
    """Return `label` for widgets."""
    return lambda name: label(name, table)


def help_on(names: Sequence[str], table: bool = False) -> str:
    """Return paper and explanation of each method, one a paragraph."""
    lines = []
    for name in names:
        try:
            info = explainer_info(name, table)
        except OptionError:
            continue
        lines.append(f"**{info.label}** ({info.paper}): {info.help}")
    return "\n\n".join(lines)
