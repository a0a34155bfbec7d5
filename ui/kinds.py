"""Which body a panel has: for images, for tables, for lists of items. The data decide, not the industry."""

from __future__ import annotations

import importlib
from types import ModuleType

from ui.context import PageContext


def kind(context: PageContext) -> str:
    """Return ``"images"``, ``"lists"`` where rows say who took what, or ``"table"``."""
    about = context.dataset or (context.summary or {}).get("dataset") or {}
    roles = about.get("roles", {})
    if roles.get("image"):
        return "images"
    return "lists" if roles.get("user") and roles.get("item") else "table"


def is_table(context: PageContext) -> bool:
    """Return whether rows are lines of a table rather than images; interactions are lines of a table too."""
    return kind(context) != "images"


def is_lists(context: PageContext) -> bool:
    """Return whether models rank items for users rather than give a row a class."""
    return kind(context) == "lists"


def body(context: PageContext, panel: str) -> ModuleType:
    """Return the module that draws ``panel`` for these data: ``ui.<panel>_images``, ``_table`` or ``_lists``."""
    return importlib.import_module(f"ui.{panel}_{kind(context)}")
