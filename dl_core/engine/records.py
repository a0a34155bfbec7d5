"""The jobs of a workspace as files: what every process that serves it reads and writes.

``jobs/<id>/`` holds ``job.json`` (the request, never changed), ``status.json`` (replaced in one step), ``events.jsonl``
(appended), ``result.json``, ``cancel`` (a flag) and ``log.txt``. ``jobs/.live`` has one empty file for each job that
waits or runs, so that nobody has to read the finished ones to find them; ``jobs/.keys`` finds a job by owner, task
and key.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import threading
import time
from pathlib import Path
from typing import Any

from dl_core.engine.base import LIVE, SERVER, Job
from dl_core.engine.ids import check_id, is_id, new_id, no_access
from dl_core.engine.shared import read_shared, write_shared
from dl_core.files import read_json, storage_errors, write_json

KEEP_JOBS = 400  # finished jobs of a workspace
KEEP_SECONDS = 30 * 86400.0
_LATER = 10**18  # microseconds: behind all that people ask for
_UNMARKED_GRACE = 60.0  # seconds after which a marker without a record counts as left behind


class Records:
    """The job records of one workspace.

    Parameters
    ----------
    home : Path
        The workspace; ``home/jobs`` is made.
    """

    def __init__(self, home: Path) -> None:
        self.home = Path(home)
        self.root = self.home / "jobs"
        self._live, self._keys = self.root / ".live", self.root / ".keys"
        with storage_errors("jobs"):
            for folder in (self._live, self._keys):
                folder.mkdir(parents=True, exist_ok=True)
        self._specs: dict[str, dict[str, Any]] = {}
        self._unsaved: dict[str, dict[str, Any]] = {}  # final states that a full disk would not take
        self._mutex = threading.Lock()

    @property
    def lock_path(self) -> Path:
        """The file on which processes that start jobs lock one another out."""
        return self.root / ".lock"

    def folder(self, job_id: str) -> Path:
        """Return a job's folder; the id is checked before it becomes a path."""
        return self.root / check_id(job_id, "job")

    def create(self, request: dict[str, Any]) -> str:
        """Write a queued job and return its id."""
        job_id = new_id()
        folder = self.folder(job_id)
        try:
            with storage_errors("jobs"):
                folder.mkdir()
                write_json(folder / "job.json", request)
                write_json(folder / "status.json", {"state": "queued", "attempt": 1})
                self.mark(job_id, request)
                if request["key"]:
                    self._key_path(request).write_text(job_id, encoding="utf-8")
        except Exception:
            self.remove(job_id)
            raise
        return job_id

    def mark(self, job_id: str, request: dict[str, Any]) -> None:
        """List the job among the live ones; they sort by the time of asking, the server's own after people's."""
        self._marker(job_id, request).touch()

    def unmark(self, job_id: str) -> None:
        """Take the job off the list of live ones."""
        for path in self._live.glob(f"*.{job_id}"):
            path.unlink(missing_ok=True)

    def _marker(self, job_id: str, request: dict[str, Any]) -> Path:
        place = int(request["created"] * 1e6) + (_LATER if request["owner"] == SERVER else 0)
        return self._live / f"{place:020d}.{request['lane']}.{job_id}"

    def _key_path(self, request: dict[str, Any]) -> Path:
        text = "\0".join((request["owner"], request["task"], request["key"]))
        return self._keys / hashlib.sha256(text.encode()).hexdigest()

    def by_key(self, request: dict[str, Any]) -> str | None:
        """Return the id of the last job of that owner, task and key, if it is still kept."""
        try:
            job_id = self._key_path(request).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        return job_id if is_id(job_id) and (self.root / job_id / "job.json").is_file() else None

    def live(self, lane: str | None = None) -> list[str]:
        """Return the ids of jobs that wait or run, in the order of asking, the server's own after people's."""
        names = sorted(path.name for path in self._live.iterdir())
        parts = [name.split(".", 2) for name in names]
        return [part[2] for part in parts if len(part) == 3 and is_id(part[2]) and lane in (None, part[1])]

    def all_ids(self) -> list[str]:
        """Return the ids of every job kept."""
        return [path.name for path in self.root.iterdir() if is_id(path.name)]

    def request(self, job_id: str) -> dict[str, Any]:
        """Return what was asked for.

        Raises
        ------
        AccessError
            If there is no such job.
        """
        folder = self.folder(job_id)
        known = self._specs.get(job_id)
        if known is None:
            try:
                known = read_json(folder / "job.json")
            except (FileNotFoundError, NotADirectoryError, ValueError):
                raise no_access("job") from None
            self._specs[job_id] = known
        elif not folder.is_dir():
            self._specs.pop(job_id, None)
            raise no_access("job")
        return known

    def status(self, job_id: str) -> dict[str, Any]:
        """Return where the job stands, as last written."""
        unsaved = self._unsaved.get(job_id)
        if unsaved is not None:
            return unsaved
        try:
            return read_shared(self.folder(job_id) / "status.json")
        except FileNotFoundError:
            raise no_access("job") from None

    def set_status(self, job_id: str, status: dict[str, Any]) -> None:
        """Replace the status; a final one that the disk does not take is kept in memory until it does."""
        try:
            write_shared(self.folder(job_id) / "status.json", status)
        except FileNotFoundError:
            raise no_access("job") from None
        except Exception:
            if status["state"] in LIVE:
                raise
            self._unsaved[job_id] = status
            return
        self._unsaved.pop(job_id, None)

    def finish(self, job_id: str, state: str, error: dict[str, Any] | None = None) -> None:
        """Write a final state, unless there is one already, and take the job off the live list."""
        with self._mutex:
            status = self.status(job_id)
            if status["state"] in LIVE:
                final = {**status, "state": state, "error": error, "finished": time.time(), "seconds_left": None}
                self.set_status(job_id, final)
            self.unmark(job_id)

    def save_unsaved(self) -> None:
        """Try again to write the final states that the disk would not take."""
        for job_id, status in list(self._unsaved.items()):
            if not self.folder(job_id).is_dir():
                self._unsaved.pop(job_id, None)
                continue
            self.set_status(job_id, status)

    def job(self, job_id: str, with_result: bool = True) -> Job:
        """Return the job as it stands."""
        request, status = self.request(job_id), self.status(job_id)
        result = None
        if with_result and status["state"] == "done":
            result = read_json(self.folder(job_id) / "result.json")
        left = status.get("seconds_left")
        if left is not None:
            left = max(0.0, left - (time.time() - status["left_at"]))
        ahead, text = 0, status.get("text", "")
        if status["state"] == "queued":
            lane = self.live(request["lane"])
            ahead = lane.index(job_id) if job_id in lane else 0
            text = _place(request["lane"], ahead)
        return Job(
            id=job_id,
            **{name: request[name] for name in ("task", "args", "owner", "lane", "key", "created", "time_limit")},
            state=status["state"],
            started=status.get("started"),
            finished=status.get("finished"),
            result=result,
            error=status.get("error"),
            progress=status.get("progress", 0.0),
            text=text,
            seconds_left=left,
            ahead=ahead,
            attempt=status.get("attempt", 1),
        )

    def events(self, job_id: str, after: int = 0) -> list[dict[str, Any]]:
        """Return the events numbered above ``after``; a line that is still being written is left for the next time."""
        try:
            with open(self.folder(job_id) / "events.jsonl", encoding="utf-8") as file:
                lines = file.readlines()
        except FileNotFoundError:
            return []
        whole = lines if not lines or lines[-1].endswith("\n") else lines[:-1]
        return [{**json.loads(line), "n": n} for n, line in enumerate(whole, 1) if n > after]

    def remove(self, job_id: str) -> None:
        """Delete everything about a job."""
        self.unmark(job_id)
        shutil.rmtree(self.folder(job_id), ignore_errors=True)
        self._specs.pop(job_id, None)
        self._unsaved.pop(job_id, None)

    def recover(self) -> None:
        """Put live jobs without a marker back on the list, and drop markers without a job: a crash leaves such."""
        marked = set(self.live())
        for job_id in self.all_ids():
            with contextlib.suppress(Exception):
                request = self.request(job_id)
                if job_id not in marked and self.status(job_id)["state"] in LIVE:
                    self.mark(job_id, request)
        for job_id in marked:
            if not (self.root / job_id / "status.json").is_file():
                self.unmark(job_id)

    def prune(self, keep: int = KEEP_JOBS, seconds: float = KEEP_SECONDS) -> int:
        """Delete finished jobs that are older than ``seconds`` or beyond the newest ``keep``; return how many."""
        live, now = set(self.live()), time.time()
        ages = []
        for job_id in self.all_ids():
            if job_id in live:
                continue
            try:
                ages.append((now - (self.root / job_id / "job.json").stat().st_mtime, job_id))
            except FileNotFoundError:  # deleted by another process, or a folder that a crash left half made
                if now - (self.root / job_id).stat().st_mtime > _UNMARKED_GRACE:
                    ages.append((float("inf"), job_id))
        old = [job_id for n, (age, job_id) in enumerate(sorted(ages)) if n >= keep or age > seconds]
        for job_id in old:
            self.remove(job_id)
        for path in self._keys.iterdir():
            if not (self.root / path.read_text(encoding="utf-8")).is_dir():
                path.unlink(missing_ok=True)
        return len(old)


def _place(lane: str, ahead: int) -> str:
    """Say what a queued job waits for."""
    if ahead == 0:
        return "starting"
    thing = "training" if lane == "train" else "job"
    return f"waiting for {ahead} {thing}{'s' if ahead > 1 else ''} before this one"
