"""The engine of the command line and of unit tests: a job runs at once, in this process."""

from __future__ import annotations

from dl_core.engine.execute import me, run_job
from dl_core.engine.filed import Engine


class InlineEngine(Engine):
    """Runs each job inside `submit`; when that returns, the job has ended. Only another thread can cancel it."""

    def _start(self, job_id: str | None = None) -> None:
        if job_id is None:
            return
        with self.lock.hold():
            status = self.records.status(job_id)
            self.records.set_status(job_id, {**status, **me(), "state": "running"})
        state, error = run_job(self.records.folder(job_id), self.home, me())
        self.records.finish(job_id, state, error)
        self.notify()
