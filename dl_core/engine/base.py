"""The nouns of the engine: a job, and what its task gets beside its arguments. Importing this costs nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dl_core.errors import CancelledError

LIVE = ("queued", "running")
STATES = (*LIVE, "done", "failed", "cancelled")
LANES = ("quick", "train")
SERVER = "server"  # owner of work that nobody waits for; it starts after that of people


@dataclass(frozen=True)
class Job:
    """One piece of work and where it stands, as read from its record at one moment.

    Times are seconds since 1970; ``time_limit`` and ``seconds_left`` are seconds. ``task`` is ``"module:function"``.
    ``error`` has the parts of a `DaylightError` (``kind``, ``line``, ``todo`` …). ``ahead`` is how many jobs of its
    lane start before a queued one.
    """

    id: str
    task: str
    args: dict[str, Any]
    owner: str
    lane: str = "quick"
    key: str = ""
    state: str = "queued"
    created: float = 0.0
    started: float | None = None
    finished: float | None = None
    time_limit: float | None = None
    result: Any = None
    error: dict[str, Any] | None = None
    progress: float = 0.0
    text: str = ""
    seconds_left: float | None = None
    ahead: int = 0
    attempt: int = 1

    @property
    def live(self) -> bool:
        """Whether the job waits or runs."""
        return self.state in LIVE


@dataclass(frozen=True)
class TaskContext:
    """What a task gets beside its arguments.

    Parameters
    ----------
    job_id : str
    home : Path
        The workspace.
    emit : callable
        Takes events: ``{"event": "progress", "done": 0…1, "text": str}`` moves the job's bar (with ``"seconds_left"``
        if the task knows it; ``"model"`` names the part at work); any other event is only kept.
    should_stop : callable
        Cheap; True when the job was cancelled or its time is over.
    owner : str
    attempt : int
        1 for the first run, more when the job was resumed: then look for a checkpoint.
    """

    job_id: str
    home: Path
    emit: Callable[[dict[str, Any]], None]
    should_stop: Callable[[], bool]
    owner: str = ""
    attempt: int = 1

    def check_stop(self) -> None:
        """Raise `CancelledError` when the work should end."""
        if self.should_stop():
            raise CancelledError("the work was cancelled")

    def progress(self, done: float, text: str) -> None:
        """Report a fraction finished, and stop here if that is wanted."""
        self.check_stop()
        self.emit({"event": "progress", "done": float(done), "text": text})
