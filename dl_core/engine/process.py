"""One worker process as the server sees it: a pipe in, a pipe out, and the means to end it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

from dl_core.engine.execute import born, is_alive

_ROOT = Path(__file__).resolve().parents[2]  # where the package dl_core lies


@dataclass(frozen=True)
class WorkerPlan:
    """How workers are started.

    ``preload`` are modules imported before any work; ``paths`` are added to the import path; ``idle_seconds`` is how
    long a worker without work stays.
    """

    home: Path
    preload: Sequence[str] = ("dl_core.domains", "keras")
    paths: Sequence[str] = ()
    idle_seconds: float = 1800.0
    environment: dict[str, str] = field(default_factory=dict)

    def command(self, lane: str) -> list[str]:
        """Return the command line of a worker."""
        words = ["--home", str(self.home), "--lane", lane, "--idle", str(self.idle_seconds)]
        return [sys.executable, "-m", "dl_core.engine.worker", *words, "--preload", ",".join(self.preload)]

    def variables(self) -> dict[str, str]:
        """Return the environment of a worker."""
        paths = [str(_ROOT), *self.paths, os.environ.get("PYTHONPATH", "")]
        quiet = {"TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "2"), "PYTHONIOENCODING": "utf-8"}
        path = os.pathsep.join(filter(None, paths))
        return {**os.environ, **quiet, "PYTHONPATH": path, **self.environment}


class WorkerProcess:
    """A started worker.

    Parameters
    ----------
    plan : WorkerPlan
    lane : str
        ``"quick"`` or ``"train"``.
    on_message : callable
        Called from the reader thread with this worker and each message (``ready``, ``started``, ``finished``).
    on_gone : callable
        Called once from the reader thread when the process has ended.
    """

    def __init__(
        self,
        plan: WorkerPlan,
        lane: str,
        on_message: Callable[[WorkerProcess, dict[str, Any]], None],
        on_gone: Callable[[WorkerProcess], None],
    ) -> None:
        self.lane, self.ready, self.started = lane, False, False
        self.job_id: str | None = None
        self._on_message, self._on_gone, self._write = on_message, on_gone, threading.Lock()
        flags: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            flags = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        with open(plan.home / "jobs" / f"{lane}.log", "wb") as log:
            self._process = subprocess.Popen(
                plan.command(lane),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=plan.variables(),
                **flags,
            )
        self._in, self._out = cast(IO[bytes], self._process.stdin), cast(IO[bytes], self._process.stdout)  # pipes
        self.pid, self.created = self._process.pid, born(self._process.pid)
        self._reader = threading.Thread(target=self._read, name=f"daylight-{lane}-{self.pid}", daemon=True)
        self.gone = threading.Event()

    def listen(self) -> None:
        """Begin to read the worker's messages."""
        self._reader.start()

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    @property
    def code(self) -> int | None:
        """Exit code, or None while it runs."""
        return self._process.poll()

    def give(self, job_id: str) -> None:
        """Hand the worker a job.

        Raises
        ------
        OSError
            If it is gone.
        """
        self.job_id, self.started = job_id, False
        with self._write:
            self._in.write(json.dumps({"job": job_id}).encode() + b"\n")
            self._in.flush()

    def close(self) -> None:
        """Tell the worker that no more work comes; without a job it exits."""
        with self._write, contextlib.suppress(OSError):
            self._in.close()

    def kill(self) -> None:
        """End the process and all it started."""
        kill_tree(self.pid, self.created)

    def join(self, timeout: float) -> bool:
        """Wait until the process is gone and its end has been dealt with; return whether it is."""
        return self.gone.wait(timeout)

    def _read(self) -> None:
        for line in self._out:
            self._on_message(self, json.loads(line))
        self._process.wait()
        self.close()
        self._out.close()
        try:
            self._on_gone(self)
        finally:
            self.gone.set()


def kill_tree(pid: int, created: float | None) -> None:
    """End a process, its group and its children, if it is still the one that started at ``created``."""
    import psutil

    if not is_alive(pid, created):
        return
    try:
        children = psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        children = []
    if os.name != "nt":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)  # a worker leads its own session, so its group is its own
    for number in (pid, *(child.pid for child in children)):
        with contextlib.suppress(psutil.Error):
            psutil.Process(number).kill()


def memory_of(pid: int) -> int:
    """Return the resident bytes of a process and its children; 0 if it is gone."""
    import psutil

    total = 0
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for member in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                total += member.memory_info().rss
    return total
