"""The engine: submit a verb with its arguments, get a job. Jobs are files; a subclass says how they run."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dl_core.engine.base import LANES, LIVE, Job
from dl_core.engine.execute import late_error
from dl_core.engine.ids import no_access
from dl_core.engine.plain import plain
from dl_core.engine.records import Records
from dl_core.engine.shared import HomeLock
from dl_core.errors import AccessError, BusyError, CancelledError, DaylightError, RunError
from dl_core.files import storage_errors

_LOOK = 0.1  # seconds between two looks at a job that another process may end


class Engine(ABC):
    """Where work runs. Every method may be called from any thread.

    A method that takes ``owner`` checks it when it is given, and raises `AccessError` for a job that is not there or
    not theirs, in the same words. A subclass says how work starts (`_start`) and ends (`_stop`).
    """

    def __init__(self, home: Path) -> None:
        self.home = Path(home)
        self.records = Records(self.home)
        self.lock = HomeLock(self.records.lock_path)
        self.changed = threading.Condition()
        with self.lock.hold():
            self.records.recover()
            self.records.prune()

    @abstractmethod
    def _start(self, job_id: str | None = None) -> None:
        """Start what waits, as far as there is room; ``job_id`` is the job that was just queued."""

    def _stop(self, job_id: str) -> None:  # noqa: B027  (most see the flag by themselves)
        """See to it that a running job whose cancel flag is set ends."""

    def warm(self) -> None:  # noqa: B027  (an engine without workers has none to start)
        """Start the workers that wait for work, so that the first job finds them ready."""

    def shutdown(self) -> None:  # noqa: B027  (an engine without workers has none to end)
        """End all workers of this engine and wait until they are gone; running jobs fail and can be resumed."""

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
        if lane not in LANES:
            raise ValueError(f"lane is {lane!r}; expected one of {LANES}")
        request = {
            "task": task,
            "args": plain(dict(args), "args"),
            "owner": owner,
            "lane": lane,
            "key": key,
            "created": time.time(),
            "time_limit": time_limit,
        }
        with self.lock.hold():
            twin = self.records.by_key(request) if key else None
            if twin is not None:
                state = self.records.status(twin)["state"]
                if state in LIVE or (reuse and state == "done"):
                    return self.records.job(twin)
            job_id = self.records.create(request)
        self._start(job_id)
        return self.get(job_id)

    def get(self, job_id: str, owner: str | None = None) -> Job:
        """Return the job as it stands now."""
        self._check_owner(job_id, owner)
        return self.records.job(job_id)

    def _check_owner(self, job_id: str, owner: str | None) -> dict[str, Any]:
        request = self.records.request(job_id)
        if owner is not None and request["owner"] != owner:
            raise no_access("job")
        return request

    def jobs(self, owner: str) -> list[Job]:
        """Return the owner's jobs, newest first, without their results."""
        found = []
        for job_id in self.records.all_ids():
            try:
                if self.records.request(job_id)["owner"] == owner:
                    found.append(self.records.job(job_id, with_result=False))
            except AccessError:  # deleted, or still being written, by another process
                continue
        return sorted(found, key=lambda job: job.created, reverse=True)

    def events(self, job_id: str, after: int = 0, owner: str | None = None) -> list[dict[str, Any]]:
        """Return the events whose number ``"n"`` (from 1) is above ``after``."""
        self._check_owner(job_id, owner)
        return self.records.events(job_id, after)

    def cancel(self, job_id: str, owner: str | None = None) -> None:
        """End the job: at once if it waits, politely and within 2 s by force if it runs."""
        self._check_owner(job_id, owner)
        with self.lock.hold():
            state = self.records.status(job_id)["state"]
            if state not in LIVE:
                return
            if state == "queued":
                self.records.finish(job_id, "cancelled", CancelledError("the work was cancelled").as_dict())
            else:
                with storage_errors("jobs"):
                    (self.records.folder(job_id) / "cancel").touch()
        if state == "running":
            self._stop(job_id)
        self.notify()

    def wait(self, job_id: str, timeout: float | None = None, owner: str | None = None) -> Job:
        """Return the job when it has ended, or as it stands after ``timeout`` seconds."""
        end = None if timeout is None else time.monotonic() + timeout
        with self.changed:
            while True:
                job = self.get(job_id, owner)
                left = _LOOK if end is None else min(_LOOK, end - time.monotonic())
                if not job.live or left <= 0:
                    return job
                self.changed.wait(left)

    def notify(self) -> None:
        """Wake all who wait for a job."""
        with self.changed:
            self.changed.notify_all()

    def resume(self, job_id: str, owner: str | None = None) -> Job:
        """Queue a failed or cancelled job again under its id; the task finds its last checkpoint.

        Raises
        ------
        BusyError
            If it is live.
        """
        request = self._check_owner(job_id, owner)
        with self.lock.hold():
            status = self.records.status(job_id)
            if status["state"] in LIVE:
                raise BusyError("the job is already under way", todo="wait for it or cancel it")
            if status["state"] == "done":
                raise RunError("the job is done", todo="start a new one")
            (self.records.folder(job_id) / "cancel").unlink(missing_ok=True)
            attempt = status.get("attempt", 1) + 1
            with storage_errors("jobs"):
                self.records.set_status(job_id, {"state": "queued", "attempt": attempt})
                self.records.mark(job_id, request)
        self._start(job_id)
        return self.get(job_id)

    def _verdict(self, job_id: str, grace: float = 0.0) -> tuple[str, dict[str, Any]] | None:
        """Return final state and error of a job that should have ended ``grace`` seconds ago, or None."""
        try:
            flag, status = self.records.folder(job_id) / "cancel", self.records.status(job_id)
            limit, now = self.records.request(job_id)["time_limit"], time.time()
        except DaylightError:  # its record was deleted meanwhile
            return None
        if status["state"] == "cancelled" or (flag.exists() and now >= flag.stat().st_mtime + grace):
            return "cancelled", CancelledError("the work was cancelled").as_dict()
        if limit is not None and now > status.get("started", now) + limit + grace:
            return "failed", late_error(limit).as_dict()
        return None

    def _queue_again(self, job_id: str) -> None:
        """Queue a job whose process ended before it began, or with another one's."""
        try:
            attempt = self.records.status(job_id).get("attempt", 1)
            self.records.set_status(job_id, {"state": "queued", "attempt": attempt})
        except DaylightError as error:
            self._settle(job_id, "failed", error.as_dict())

    def _settle(self, job_id: str, state: str, error: dict[str, Any] | None) -> None:
        """Write a final state; a job whose record was deleted meanwhile needs none."""
        try:
            self.records.finish(job_id, state, error)
        except DaylightError:
            self.records.unmark(job_id)


def died(reason: str = "the worker ended (killed, or out of memory)") -> dict[str, Any]:
    """Return the error of a job whose process is gone without a word."""
    return RunError(reason, todo="resume from the last checkpoint; no saved data are lost").as_dict()
