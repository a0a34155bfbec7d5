"""The engine of one machine: a resident worker for quick jobs, a warm spare for the next training."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dl_core.engine.execute import is_alive
from dl_core.engine.filed import Engine, died
from dl_core.engine.process import WorkerPlan, WorkerProcess, kill_tree, memory_of
from dl_core.errors import DaylightError, LimitError

log = logging.getLogger(__name__)

GRACE = {"train": 1.0, "quick": 0.4}  # seconds of politeness before a kill; with the monitor's step below 2 s in all
_STEP, _IDLE_STEP = 0.1, 1.0  # seconds between two looks of the monitor, while something is live and otherwise
_MEMORY_STEP = 1.0
_LOST_AFTER = 1.5  # seconds a job of another server may be without a process, since that server may be dealing with it
_TRIES = 2  # workers that may end before a job began to run


class LocalEngine(Engine):
    """Worker processes on this machine. Several engines, in as many processes, may serve one workspace.

    Parameters
    ----------
    home : Path
    preload : sequence of str
        Modules that workers import before work comes; this process never imports them.
    paths : sequence of str
        Further places from which workers import.
    trainers : int
        Trainings at a time; more are queued.
    idle_seconds : float
        How long workers without work stay.
    memory_limit : int or None
        Bytes that a job's process may use, or None for no limit.
    """

    def __init__(
        self,
        home: Path,
        preload: Sequence[str] = ("dl_core.domains", "keras"),
        paths: Sequence[str] = (),
        trainers: int = 1,
        idle_seconds: float = 1800.0,
        memory_limit: int | None = None,
    ) -> None:
        super().__init__(home)
        self._plan = WorkerPlan(self.home, tuple(preload), tuple(paths), idle_seconds)
        self._trainers, self._memory_limit = trainers, memory_limit
        self._resident: WorkerProcess | None = None
        self._spare: WorkerProcess | None = None
        self._busy: dict[str, WorkerProcess] = {}
        self._workers: set[WorkerProcess] = set()
        self._tries: dict[str, int] = {}
        self._lost: dict[str, float] = {}
        self._verdicts: dict[str, dict[str, Any]] = {}
        self._memory_at, self._want_spare, self._closed = 0.0, False, False
        self._wake = threading.Event()
        self._monitor = threading.Thread(target=self._watch, name="daylight-monitor", daemon=True)
        self._monitor.start()

    # ---- starting work ------------------------------------------------------------------------------------------

    def _start(self, job_id: str | None = None) -> None:
        with self.lock.hold():
            if self._closed:
                return
            self._start_quick()
            self._start_train()
            self._keep_spare()
        self._wake.set()

    def _waiting(self, lane: str) -> tuple[list[str], int]:
        """Return the queued jobs of a lane in order, and how many of the lane run."""
        queued, running = [], 0
        for job_id in self.records.live(lane):
            try:
                state = self.records.status(job_id)["state"]
            except DaylightError:  # deleted meanwhile
                self.records.unmark(job_id)
                continue
            queued += [job_id] if state == "queued" else []
            running += state == "running"
        return queued, running

    def _start_quick(self) -> None:
        if self._resident is not None and (self._resident.job_id or not self._resident.alive):
            return
        queued, _ = self._waiting("quick")
        if queued:
            self._resident = self._resident or self._spawn("quick")
            self._assign(self._resident, queued[0])

    def _start_train(self) -> None:
        queued, running = self._waiting("train")
        while queued and running < self._trainers:
            worker, self._spare = self._spare, None
            if worker is None or not worker.alive:
                worker = self._spawn("train")
            self._want_spare = True
            self._assign(worker, queued.pop(0))
            running += 1

    def _keep_spare(self) -> None:
        """Start the next spare when no training would suffer from its start, or when one waits for it."""
        if self._spare is None and self._want_spare:
            queued, running = self._waiting("train")
            if queued or not running:
                self._spare = self._spawn("train")

    def _spawn(self, lane: str) -> WorkerProcess:
        worker = WorkerProcess(self._plan, lane, self._on_message, self._on_gone)
        self._workers.add(worker)
        worker.listen()
        return worker

    def _assign(self, worker: WorkerProcess, job_id: str) -> None:
        """Claim the job for the worker in its record, then hand it over; the lock is held."""
        status = self.records.status(job_id)
        who = {"pid": worker.pid, "pid_created": worker.created, "worker": worker.lane}
        claim = {**status, **who, "state": "running", "text": "starting"}  # "started" is for the worker to say
        try:
            self.records.set_status(job_id, claim)
        except DaylightError as error:
            self.records.finish(job_id, "failed", error.as_dict())
            if worker.lane == "train":
                self._spare = worker
            return
        self._busy[job_id] = worker
        try:
            worker.give(job_id)
        except OSError:  # it went away this moment; `_on_gone` queues the job again
            log.info("a worker was gone before it got its job")

    def warm(self) -> None:
        """Start the resident worker and the spare, if they are not there."""
        with self.lock.hold():
            if self._closed:
                return
            self._want_spare = True
            self._resident = self._resident or self._spawn("quick")
            self._keep_spare()

    # ---- what workers say ---------------------------------------------------------------------------------------

    def _on_message(self, worker: WorkerProcess, message: dict[str, Any]) -> None:
        if "ready" in message:
            worker.ready = True
        elif "started" in message:
            worker.started = True
        elif "finished" in message:
            job_id = message["finished"]
            with self.lock.hold():
                worker.job_id = None
                self._forget(job_id)
                self._settle(job_id, message["state"], message["error"])
            self.notify()
            self._start()

    def _on_gone(self, worker: WorkerProcess) -> None:
        """Deal with the end of a process: fail its job or queue it again, and replace a resident that was killed."""
        with self.lock.hold():
            self._workers.discard(worker)
            unasked = worker.code != 0
            if worker is self._spare:
                self._spare, self._want_spare = None, False  # the next training, or `warm`, starts another
            if worker is self._resident:
                self._resident = None
                if unasked and worker.ready and not self._closed:
                    self._resident = self._spawn("quick")
            job_id, worker.job_id = worker.job_id, None
            if job_id is not None:
                tries = self._tries.get(job_id, 0) + 1
                verdict = self._verdict(job_id)
                if verdict is None and not worker.started and tries < _TRIES and not self._closed:
                    self._busy.pop(job_id, None)
                    self._tries[job_id] = tries
                    self._queue_again(job_id)
                else:
                    self._forget(job_id)
                    self._settle(job_id, *(verdict or ("failed", died())))
        self.notify()
        self._start()

    def _forget(self, job_id: str) -> None:
        for memory in (self._busy, self._tries, self._lost, self._verdicts):
            memory.pop(job_id, None)

    def _verdict(self, job_id: str, grace: float = 0.0) -> tuple[str, dict[str, Any]] | None:
        """Return final state and error of a job whose process was ended on purpose, or None."""
        if job_id in self._verdicts:
            return "failed", self._verdicts[job_id]
        return super()._verdict(job_id, grace)

    # ---- watching -----------------------------------------------------------------------------------------------

    def _stop(self, job_id: str) -> None:
        self._wake.set()

    def _watch(self) -> None:
        """The monitor: cancels, limits, memory, dead processes, jobs that another server queued."""
        while not self._closed:
            try:
                live = self._look()
                self._start()
            except Exception:
                log.exception("the monitor of the jobs met a fault and goes on")
                live = True
            self._wake.clear()
            self._wake.wait(_STEP if live else _IDLE_STEP)

    def _look(self) -> bool:
        """Look once at every live job; return whether there is any."""
        live, now = self.records.live(), time.time()
        weigh = self._memory_limit is not None and now - self._memory_at >= _MEMORY_STEP
        for job_id in live:
            try:
                request, status = self.records.request(job_id), self.records.status(job_id)
            except DaylightError:
                self.records.unmark(job_id)
                continue
            if status["state"] == "running":
                self._look_at(job_id, request, status, weigh)
            elif status["state"] != "queued":
                with self.lock.hold():  # its worker may be about to say the same
                    if self.records.status(job_id)["state"] not in ("queued", "running"):
                        self.records.unmark(job_id)
                self.notify()
        if weigh:
            self._memory_at = now
        self.records.save_unsaved()
        return bool(live)

    def _look_at(self, job_id: str, request: dict[str, Any], status: dict[str, Any], weigh: bool) -> None:
        pid, created, now = status.get("pid"), status.get("pid_created"), time.time()
        if job_id not in self._busy and not is_alive(pid, created):
            if now - self._lost.setdefault(job_id, now) > _LOST_AFTER:
                self._settle(job_id, *(self._verdict(job_id) or ("failed", died())))
                self._forget(job_id)
                self.notify()
            return
        if pid is None:  # sent to a worker that has not told yet which process it is
            return
        most = self._memory_limit
        if self._verdict(job_id, GRACE[request["lane"]]) is not None:
            kill_tree(pid, created)
        elif weigh and most is not None and memory_of(pid) > most:
            size = most / 2**30
            todo = "choose fewer models or less data, or raise DAYLIGHT_MEMORY_LIMIT"
            self._verdicts[job_id] = LimitError(
                f"the job needed more than {size:.3g} GiB of memory", todo=todo
            ).as_dict()
            kill_tree(pid, created)

    def shutdown(self) -> None:
        """End all workers of this engine and wait until they are gone."""
        with self.lock.hold():
            self._closed = True
            workers = list(self._workers)
        self._wake.set()
        for worker in workers:
            worker.close()
            worker.kill()
        for worker in workers:
            worker.join(10.0)
        if threading.current_thread() is not self._monitor:
            self._monitor.join(10.0)
