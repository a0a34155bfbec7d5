"""The engine, the store and the workspace folder, looked up in one place so that tests can replace them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dl_core.engine
import dl_core.store

TASKS = "dl_core.tasks:"  # module of the verbs that run as jobs


def home() -> Path:
    """Return the workspace folder: ``DAYLIGHT_HOME``, or the usual place of this system."""
    return dl_core.engine.home_folder()


def engine() -> Any:
    """Return the engine that runs jobs of this workspace."""
    return dl_core.engine.get_engine(home())


def store() -> Any:
    """Return the store of runs and data sets of this workspace."""
    return dl_core.store.get_store(home())


def submit(
    task: str, args: dict[str, Any], *, owner: str, lane: str = "quick", key: str = "", reuse: bool = False
) -> Any:
    """Start the verb ``task`` ("train", "compare" …) and return its job; with ``reuse`` a done one of that key."""
    return engine().submit(TASKS + task, args, owner=owner, lane=lane, key=key, reuse=reuse)


def cut_to_home(path: str) -> Path:
    """Return a result's path, which is relative to the workspace, as a path that lies inside it.

    Raises
    ------
    ValueError
        If the path leads out of the workspace.
    """
    root = home().resolve()
    whole = (root / path).resolve()
    if not whole.is_relative_to(root):
        raise ValueError("a result points outside the workspace")
    return whole
