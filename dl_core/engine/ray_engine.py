"""The engine of a team: the same jobs on a Ray cluster. Ray is optional and imported only when this engine is built.

The workspace must lie on a disk that every node sees under the same path: records, data sets and runs are files in it.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dl_core.engine import execute
from dl_core.engine.base import LIVE
from dl_core.engine.execute import is_alive, me, run_job
from dl_core.engine.filed import Engine, died
from dl_core.engine.process import WorkerPlan
from dl_core.errors import DaylightError, OptionError

log = logging.getLogger(__name__)

GRACE = 1.0  # seconds of politeness before force
_STEP = 0.1


class RayEngine(Engine):
    """Trainings are Ray tasks, one process each; quick jobs run in one actor that stays warm.

    Parameters
    ----------
    home : Path
    address : str or None
        Of the cluster; None starts Ray on this machine.
    preload : sequence of str
        Modules that the actor imports before work comes.
    paths : sequence of str
        Further places from which workers import.
    train_cpus : float
        Cores that Ray sets aside for a training.

    Raises
    ------
    OptionError
        If Ray is not installed.
    """

    def __init__(
        self,
        home: Path,
        address: str | None = None,
        preload: Sequence[str] = ("dl_core.domains", "keras"),
        paths: Sequence[str] = (),
        train_cpus: float = 1.0,
    ) -> None:
        super().__init__(home)
        try:
            import ray
        except ImportError as error:
            raise OptionError(
                "the engine is set to Ray, which is not installed",
                where="DAYLIGHT_ENGINE",
                todo="install ray, or unset it",
            ) from error
        self._ray, self._preload, self._closed = ray, tuple(preload), False
        if not ray.is_initialized():
            variables = WorkerPlan(self.home, paths=paths).variables()
            wanted = {name: variables[name] for name in ("PYTHONPATH", "TF_CPP_MIN_LOG_LEVEL")}
            ray.init(
                address=address,
                log_to_driver=False,
                include_dashboard=False if address is None else None,
                runtime_env={"env_vars": wanted},
            )
        self._train = ray.remote(num_cpus=train_cpus, max_calls=1, max_retries=0)(_run)
        self._actor: Any = None
        self._refs: dict[Any, str] = {}
        self._served: dict[Any, Any] = {}  # which actor serves a quick job
        self._server = {**me(), "worker": "ray"}
        self._fail_left_behind()
        self._monitor = threading.Thread(target=self._watch, name="daylight-ray", daemon=True)
        self._monitor.start()

    def _fail_left_behind(self) -> None:
        """Fail the jobs of a server that is gone; Ray ended them with it."""
        for job_id in self.records.live():
            status = self.records.status(job_id)
            if status["state"] == "running" and not is_alive(status.get("pid"), status.get("pid_created")):
                self.records.finish(job_id, "failed", died())

    def _start(self, job_id: str | None = None) -> None:
        with self.lock.hold():
            for queued in self.records.live():
                status = self.records.status(queued)
                free = not is_alive(status.get("pid"), status.get("pid_created"))
                if self._closed or status["state"] != "queued" or not free:
                    continue
                self.records.set_status(queued, {**status, **self._server})  # queued still, but ours to start
                self._refs[self._remote(queued)] = queued

    def _remote(self, job_id: str) -> Any:
        words = str(self.records.folder(job_id)), str(self.home), self._server
        if self.records.request(job_id)["lane"] == "train":
            return self._train.remote(*words)
        self.warm()
        ref = self._actor.run.remote(*words)
        self._served[ref] = self._actor
        return ref

    def warm(self) -> None:
        """Start the actor for quick jobs, if it is not there."""
        with self.lock.hold():
            if self._actor is None:
                self._actor = self._ray.remote(num_cpus=0)(_Resident).remote(self._preload)

    def _watch(self) -> None:
        while not self._closed:
            try:
                self._look()
            except Exception:
                log.exception("the monitor of the Ray jobs met a fault and goes on")
            threading.Event().wait(_STEP)

    def _look(self) -> None:
        with self.lock.hold():
            refs = dict(self._refs)
        done, _ = self._ray.wait(list(refs), num_returns=len(refs), timeout=0) if refs else ([], [])
        for ref in done:
            self._take(ref, refs.pop(ref))
        for ref, job_id in refs.items():
            self._enforce(ref, job_id)
        self.records.save_unsaved()

    def _take(self, ref: Any, job_id: str) -> None:
        """Take in a job that ended; a quick one may have to be queued again after another one's kill."""
        again = False
        try:
            state, error = self._ray.get(ref)
        except self._ray.exceptions.RayError:
            verdict = self._verdict(job_id)
            again = verdict is None and self._state(job_id) == "queued"
            state, error = verdict or ("failed", died())
            with self.lock.hold():
                if self._served.get(ref) is self._actor:  # it died with its job
                    self._actor = None
        with self.lock.hold():
            self._refs.pop(ref, None)
            self._served.pop(ref, None)
            if again and not self._closed:
                self._queue_again(job_id)
            else:
                self._settle(job_id, state, error)
        self.notify()
        if again:
            self._start()

    def _enforce(self, ref: Any, job_id: str) -> None:
        if self._verdict(job_id, GRACE) is None:
            return
        if self.records.request(job_id)["lane"] == "train":
            self._ray.cancel(ref, force=True)
        elif self._state(job_id) == "running":
            self._ray.kill(self._served[ref])

    def _state(self, job_id: str) -> str:
        """Return a job's state, or nothing where its record was deleted meanwhile."""
        try:
            return self.records.status(job_id)["state"]
        except DaylightError:
            return ""

    def shutdown(self) -> None:
        """End all jobs of this engine and leave Ray."""
        with self.lock.hold():
            self._closed, refs = True, dict(self._refs)
        self._monitor.join(10.0)
        for job_id in refs.values():
            if self._state(job_id) in LIVE:
                self.records.finish(job_id, *(self._verdict(job_id) or ("failed", died())))
        self._ray.shutdown()


def _run(folder: str, home: str, server: dict[str, Any]) -> tuple[str, Any]:
    """Run a job on a node, unless it was cancelled while it waited."""
    from dl_core.files import read_json

    status = read_json(Path(folder) / "status.json")
    if status["state"] != "queued":
        return status["state"], status.get("error")
    return run_job(Path(folder), Path(home), {**server, "node_pid": os.getpid()})


class _Resident:
    """The actor that answers quick jobs."""

    def __init__(self, preload: Sequence[str]) -> None:
        execute.preload(preload)

    def run(self, folder: str, home: str, server: dict[str, Any]) -> tuple[str, Any]:
        """Run one job."""
        return _run(folder, home, server)
