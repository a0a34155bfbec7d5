"""Which body a panel has: one for images, one for tables. The data decide, not the industry."""

from __future__ import annotations

import importlib
from types import ModuleType

from ui.context import PageContext


def is_table(context: PageContext) -> bool:
    """Return whether rows are lines of a table rather than images."""
    about = context.dataset or (context.summary or {}).get("dataset") or {}
    return not about.get("roles", {}).get("image")


def body(context: PageContext, panel: str) -> ModuleType:
    """Return the module that draws ``panel`` for these data: ``ui.<panel>_table`` or ``ui.<panel>_images``."""
    return importlib.import_module(f"ui.{panel}_{'table' if is_table(context) else 'images'}")
