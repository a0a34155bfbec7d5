"""Run one job in this process and keep its record: what a worker, the inline engine and a Ray task have in common."""

from __future__ import annotations

import contextlib
import errno
import importlib
import json
import math
import os
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from dl_core.engine.base import TaskContext
from dl_core.engine.plain import plain
from dl_core.engine.shared import read_shared, write_shared
from dl_core.errors import CancelledError, DaylightError, LimitError, StorageError
from dl_core.files import read_json, storage_errors, write_json


class TimeLeft:
    """An estimate of the seconds left that does not jump.

    Two speeds are mixed: the mean since the start, which is steady, and a recent one smoothed exponentially in time,
    which follows a change of pace (features first, then many quick heads). Their geometric mean is used.

    Parameters
    ----------
    started : float
        Seconds on any clock that the later calls use too.
    memory : float
        Time constant of the smoothing, seconds.
    """

    def __init__(self, started: float, memory: float = 15.0) -> None:
        self._started, self._memory = started, memory
        self._at, self._done, self._speed = started, 0.0, 0.0

    def update(self, now: float, done: float) -> float | None:
        """Return seconds left at ``now`` with a fraction ``done`` finished; None while too little is known."""
        elapsed, step = now - self._started, now - self._at
        if done > self._done and step > 0:
            speed = (done - self._done) / step
            weight = 1.0 if self._speed == 0 else 1 - math.exp(-step / self._memory)
            self._speed += weight * (speed - self._speed)
            self._at, self._done = now, done
        if done >= 1:
            return 0.0
        if done < 0.01 or elapsed <= 0 or self._speed <= 0:
            return None
        return (1 - done) / math.sqrt(self._speed * done / elapsed)


_STATUS_EVERY = 0.05  # seconds between two status files; events are all kept
_LOOK_EVERY = 0.02  # seconds between two looks for the cancel flag


def load_task(name: str) -> Callable[[dict[str, Any], TaskContext], Any]:
    """Return the function that ``"module:function"`` names."""
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)


def preload(names: Iterable[str]) -> None:
    """Import what every job needs; one that fails shows again, and is reported, in the job that needs it."""
    for name in names:
        try:
            importlib.import_module(name)
        except Exception:  # noqa: BLE001
            traceback.print_exc()


class Recorder:
    """Writes events and status of one running job.

    Parameters
    ----------
    folder : Path
        The job's folder.
    started : float
        Seconds since 1970.
    status : dict
        What the status holds beside progress (``pid``, ``attempt`` …).
    """

    def __init__(self, folder: Path, started: float, status: dict[str, Any]) -> None:
        self.folder = folder
        self.status = {**status, "state": "running", "started": started, "progress": 0.0, "text": ""}
        self._left, self._written = TimeLeft(started), 0.0
        self._mutex = threading.RLock()  # tasks may emit from threads of their own
        self._later: threading.Timer | None = None

    def emit(self, event: dict[str, Any]) -> None:
        """Append ``event`` and move the bar if it says so."""
        now = time.time()
        line = json.dumps(plain({"time": now, **event}, "event"))
        with self._mutex:
            with storage_errors("events of the job"), open(self.folder / "events.jsonl", "a", encoding="utf-8") as file:
                file.write(line + "\n")
            if event.get("event") == "progress":
                self._move(now, event)

    def _move(self, now: float, event: dict[str, Any]) -> None:
        """Move the bar; a task that knows better how long it takes says so itself."""
        done = min(1.0, max(0.0, float(event["done"])))
        left = self._left.update(now, done)
        known = plain(event.get("seconds_left"))
        self.status.update(text=str(event.get("text", "")), progress=done, left_at=now)
        self.status["seconds_left"] = left if known is None else float(known)
        if now - self._written >= _STATUS_EVERY:
            self.write()
        elif self._later is None:  # the last of a burst of events must not stay unseen
            self._later = threading.Timer(_STATUS_EVERY, self._write_later)
            self._later.daemon = True
            self._later.start()

    def _write_later(self) -> None:
        with self._mutex:
            self._later = None
            if self.status["state"] == "running":
                with contextlib.suppress(OSError, StorageError):  # the next event or the end reports a full disk
                    self.write()

    def write(self) -> None:
        """Replace the status file."""
        with self._mutex:
            self._written = time.time()
            write_shared(self.folder / "status.json", self.status)

    def finish(self, state: str, error: dict[str, Any] | None) -> None:
        """Write the final state."""
        with self._mutex:
            self.status.update(state=state, error=error, finished=time.time(), seconds_left=None)
            if state == "done":
                self.status["progress"] = 1.0
            self.write()


class Stopper:
    """Answers "should the work end?" cheaply, for the inside of a training loop."""

    def __init__(self, flag: Path, deadline: float | None) -> None:
        self._flag, self._deadline, self._next, self._seen = flag, deadline, 0.0, False

    @property
    def late(self) -> bool:
        """Whether the time limit is over."""
        return self._deadline is not None and time.time() > self._deadline

    def __call__(self) -> bool:
        now = time.monotonic()
        if not self._seen and now >= self._next:
            self._next = now + _LOOK_EVERY
            self._seen = self.late or self._flag.exists()
        return self._seen


def late_error(limit: float) -> LimitError:
    """Return the error of a job that took longer than it may."""
    return LimitError(
        f"the time limit of {limit:g} s was reached", todo="choose fewer models or less data, or raise the limit"
    )


def fault(job_id: str) -> dict[str, str]:
    """Return the error of a fault of ours; what happened stands in the job's log only."""
    return {
        "kind": "Fault",
        "problem": "internal error",
        "where": "",
        "expected": "",
        "todo": "no saved data are lost; try again; if it persists, report the job id",
        "line": f"Internal error (job {job_id}). No saved data are lost. Try again; if it persists, report this id.",
        "job": job_id,
    }


def storage_error(error: OSError) -> StorageError | None:
    """Return ``error`` as a `StorageError` if it says that a disk is full or cannot be written."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
        return None
    try:
        with storage_errors("storage"):
            raise error
    except StorageError as clear:
        return clear


def run_job(folder: Path, home: Path, who: dict[str, Any]) -> tuple[str, Any]:
    """Run the job in ``folder`` to its end, write its record, and return its final state and error.

    ``who`` stands in the status (``pid``, ``pid_created``, ``worker``), so that others can see whether it still lives.
    No exception leaves this function; a final state that cannot be written is still returned.
    """
    request, before = read_json(folder / "job.json"), read_shared(folder / "status.json")
    started, limit = time.time(), request["time_limit"]
    attempt = before.get("attempt", 1)
    recorder = Recorder(folder, started, {**who, "attempt": attempt})
    stop = Stopper(folder / "cancel", None if limit is None else started + limit)
    context = TaskContext(folder.name, home, recorder.emit, stop, request["owner"], attempt)
    try:
        recorder.write()
        result = plain(load_task(request["task"])(request["args"], context), "result")
        write_json(folder / "result.json", result)
        state, error = "done", None
    except CancelledError as stopped:
        state, error = ("failed", late_error(limit).as_dict()) if stop.late else ("cancelled", stopped.as_dict())
    except DaylightError as mistake:
        state, error = "failed", mistake.as_dict()
    except MemoryError:
        full = LimitError("the memory did not suffice", todo="choose fewer models or less data")
        state, error = "failed", full.as_dict()
    except Exception as unexpected:  # noqa: BLE001  (a job must end with a state, whatever a library raises)
        clear = storage_error(unexpected) if isinstance(unexpected, OSError) else None
        state, error = "failed", clear.as_dict() if clear else fault(folder.name)
        _log(folder, traceback.format_exc())
    try:
        recorder.finish(state, error)
    except (OSError, StorageError):
        _log(folder, traceback.format_exc())  # the caller still learns the state and keeps it
    return state, error


def _log(folder: Path, text: str) -> None:
    """Append to the job's log; if even that fails, the job's state still says that it failed."""
    with contextlib.suppress(OSError), open(folder / "log.txt", "a", encoding="utf-8") as file:
        file.write(text)


def me() -> dict[str, Any]:
    """Return what identifies this process even when its number is used again later."""
    return {"pid": os.getpid(), "pid_created": born(os.getpid())}


def born(pid: int) -> float | None:
    """Return when the process started (seconds since 1970), or None if there is none that runs."""
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None


def is_alive(pid: int | None, created: float | None) -> bool:
    """Return whether that very process still runs."""
    if pid is None or created is None:
        return False
    now = born(pid)
    return now is not None and abs(now - created) < 1.0
