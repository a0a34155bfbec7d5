"""Where work runs: local worker processes, or a Ray cluster."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from dl_core.engine.base import Job, TaskContext
from dl_core.engine.filed import Engine
from dl_core.errors import OptionError
from dl_core.files import home_folder

__all__ = ["Engine", "Job", "TaskContext", "get_engine", "home_folder"]

_engines: dict[tuple[str, Path], Engine] = {}
_mutex = threading.Lock()


def get_engine(home: Path | None = None, kind: str | None = None) -> Engine:
    """Return this process's engine for a workspace; the same one at every call.

    Parameters
    ----------
    home : Path or None
        The workspace; by default `home_folder`.
    kind : str or None
        ``"local"``, ``"ray"`` or ``"inline"``; by default ``DAYLIGHT_ENGINE``, else ``"local"``.

    Raises
    ------
    OptionError
        If there is no such engine.
    """
    kind = kind or os.environ.get("DAYLIGHT_ENGINE", "").strip() or "local"
    key = kind, home_folder(home)
    with _mutex:
        if key not in _engines:
            _engines[key] = _build(*key)
        return _engines[key]


def _build(kind: str, home: Path) -> Engine:
    if kind == "inline":
        from dl_core.engine.inline import InlineEngine

        return InlineEngine(home)
    if kind == "ray":
        from dl_core.engine.ray_engine import RayEngine

        return RayEngine(home, address=os.environ.get("RAY_ADDRESS"))
    if kind == "local":
        return _local(home)
    raise OptionError(f"there is no engine {kind!r}", where="DAYLIGHT_ENGINE", expected="local, ray or inline")


def _local(home: Path) -> Engine:
    """Return an engine as ``DAYLIGHT_TRAINERS``, ``DAYLIGHT_WORKER_IDLE`` (s), ``DAYLIGHT_MEMORY_LIMIT`` (GiB) say."""
    from dl_core.engine.local import LocalEngine

    limit = os.environ.get("DAYLIGHT_MEMORY_LIMIT")
    try:
        return LocalEngine(
            home,
            trainers=max(1, int(os.environ.get("DAYLIGHT_TRAINERS", "1"))),
            idle_seconds=float(os.environ.get("DAYLIGHT_WORKER_IDLE", "1800")),
            memory_limit=None if not limit else int(float(limit) * 2**30),
        )
    except ValueError as error:
        names = "DAYLIGHT_TRAINERS, DAYLIGHT_WORKER_IDLE, DAYLIGHT_MEMORY_LIMIT"
        raise OptionError("a setting is not a number", where=names, expected="plain numbers") from error
