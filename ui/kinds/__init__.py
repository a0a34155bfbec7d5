"""Which body a panel has: for images, tables, lists of items, or series. The data decide, not the industry."""

from __future__ import annotations

import importlib
from types import ModuleType

from ui.shell.context import PageContext


def kind(context: PageContext) -> str:
    """Return ``"images"``, ``"interactions"`` (who took what), ``"series"`` (rows are steps), or ``"table"``."""
    about = context.dataset or (context.summary or {}).get("dataset") or {}
    roles = about.get("roles", {})
    if roles.get("image"):
        return "images"
    if roles.get("series") and roles.get("value"):
        return "series"
    return "interactions" if roles.get("user") and roles.get("item") else "table"


def is_table(context: PageContext) -> bool:
    """Return whether rows are lines of a table rather than images; interactions and steps are lines too."""
    return kind(context) != "images"


def is_lists(context: PageContext) -> bool:
    """Return whether models rank items for users rather than give a row a class."""
    return kind(context) == "interactions"


def is_series(context: PageContext) -> bool:
    """Return whether models forecast series rather than give a row a class."""
    return kind(context) == "series"


def units(context: PageContext) -> str:
    """Return what is counted in the test: users, series or rows."""
    return {"interactions": "users", "series": "series"}.get(kind(context), "rows")


def body(context: PageContext, panel: str) -> ModuleType:
    """Return the module that draws ``panel`` for these data, ``ui.kinds.<kind>.<panel>``."""
    return importlib.import_module(f"ui.kinds.{kind(context)}.{panel}")
