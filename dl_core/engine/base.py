"""The interface of the engine: submit a verb with its arguments, get a job. Importing this costs nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
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


class Engine(ABC):
    """Where work runs. Every method may be called from any thread.

    A method that takes ``owner`` checks it when it is given, and raises `AccessError` for a job that is not there or
    not theirs, in the same words.
    """

    home: Path

    @abstractmethod
    def submit(
        self,
        task: str,
        args: Mapping[str, Any],
        *,
        owner: str,
        lane: str = "quick",
        key: str = "",
        time_limit: float | None = None,
        reuse: bool = False,
    ) -> Job:
        """Start, or queue, ``task`` with ``args`` (plain JSON) and return its job.

        With a ``key``, a live job of the same owner, task and key is returned instead of a second one; with ``reuse``,
        a job of that key that is done as well.

        Raises
        ------
        StorageError
            If the job's record cannot be written.
        """

    @abstractmethod
    def get(self, job_id: str, owner: str | None = None) -> Job:
        """Return the job as it stands now."""

    @abstractmethod
    def jobs(self, owner: str) -> list[Job]:
        """Return the owner's jobs, newest first, without their results."""

    @abstractmethod
    def events(self, job_id: str, after: int = 0, owner: str | None = None) -> list[dict[str, Any]]:
        """Return the events whose number ``"n"`` (from 1) is above ``after``."""

    @abstractmethod
    def cancel(self, job_id: str, owner: str | None = None) -> None:
        """End the job: at once if it waits, politely and within 2 s by force if it runs."""

    @abstractmethod
    def wait(self, job_id: str, timeout: float | None = None, owner: str | None = None) -> Job:
        """Return the job when it has ended, or as it stands after ``timeout`` seconds."""

    @abstractmethod
    def resume(self, job_id: str, owner: str | None = None) -> Job:
        """Queue a failed or cancelled job again under its id; the task finds its last checkpoint.

        Raises
        ------
        BusyError
            If it is live.
        """

    @abstractmethod
    def warm(self) -> None:
        """Start the workers that wait for work, so that the first job finds them ready."""

    @abstractmethod
    def shutdown(self) -> None:
        """End all workers of this engine and wait until they are gone; running jobs fail and can be resumed."""
