"""Worker processes: warm answers, cancel, crashes, limits, restarts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from dl_core.engine.local import LocalEngine
from dl_core.errors import AccessError, BusyError, RunError

HERE = str(Path(__file__).parent)
TASK = "engine_tasks:"
LONG = 30.0  # seconds until a test gives up; nothing here takes a tenth of it


@pytest.fixture
def make(tmp_path):
    """Build engines on one workspace and end all their processes afterwards."""
    made = []

    def build(**settings):
        made.append(LocalEngine(tmp_path, preload=(), paths=[HERE], **settings))
        return made[-1]

    yield build
    for engine in made:
        engine.shutdown()
    left = [p for p in psutil.process_iter(["cmdline"]) if str(tmp_path) in (p.info["cmdline"] or [])]
    assert left == [], "a worker outlived its engine"


def until(engine, job_id, true, timeout=LONG):
    """Wait until ``true(job)``, or fail."""
    pause, rounds = threading.Event(), int(timeout / 0.02)
    for _ in range(rounds):
        job = engine.get(job_id)
        if true(job):
            return job
        pause.wait(0.02)
    return pytest.fail(f"the job stayed {job.state}, {job.text!r}")


def test_a_quick_job_is_answered_by_one_resident_worker_and_not_by_this_process(make):
    engine = make()
    jobs = [engine.wait(engine.submit(TASK + "echo", {"n": n}, owner="a").id, LONG) for n in range(3)]
    assert [job.result["got"] for job in jobs] == [{"n": 0}, {"n": 1}, {"n": 2}]
    pids = {job.result["pid"] for job in jobs}
    assert len(pids) == 1
    assert os.getpid() not in pids


def test_each_training_has_a_process_of_its_own_and_the_spare_takes_the_next(make):
    engine = make()
    engine.warm()
    pids = [
        engine.wait(engine.submit(TASK + "echo", {}, owner="a", lane="train").id, LONG).result["pid"] for _ in range(2)
    ]
    assert pids[0] != pids[1]


def test_progress_events_and_time_left_are_kept(make):
    engine = make()
    job = engine.wait(engine.submit(TASK + "steps", {"n": 4}, owner="a", lane="train").id, LONG)
    assert (job.state, job.progress, job.text, job.seconds_left) == ("done", 1.0, "step 4", None)
    assert job.result == {"steps": 4, "nan": None}  # plain JSON has no NaN
    events = engine.events(job.id)
    assert [event["n"] for event in events] == list(range(1, 9))
    assert [event["done"] for event in events if event["event"] == "progress"] == [0.25, 0.5, 0.75, 1.0]
    assert [event["n"] for event in engine.events(job.id, after=6)] == [7, 8]


@pytest.mark.parametrize("lane", ["quick", "train"])
@pytest.mark.parametrize("task", ["polite", "stubborn"])
def test_cancel_ends_a_job_that_listens_and_one_that_is_deaf(make, lane, task):
    engine = make()
    job = engine.submit(TASK + task, {}, owner="a", lane=lane)
    until(engine, job.id, lambda now: now.progress > 0)
    pid = engine.records.status(job.id)["pid"]
    children = [event["pid"] for event in engine.events(job.id) if event["event"] == "child"]
    engine.cancel(job.id, owner="a")
    ended = engine.wait(job.id, LONG)
    assert ended.state == "cancelled"
    assert ended.error["kind"] == "CancelledError"
    if task == "stubborn":
        gone, alive = psutil.wait_procs([psutil.Process(p) for p in [pid, *children] if psutil.pid_exists(p)], LONG)
        assert alive == []


def test_cancelling_one_quick_job_loses_no_other(make):
    engine = make()
    blocked = engine.submit(TASK + "stubborn", {}, owner="a")
    until(engine, blocked.id, lambda now: now.progress > 0)
    others = [engine.submit(TASK + "echo", {"n": n}, owner="b") for n in range(3)]
    assert [job.state for job in others] == ["queued"] * 3
    engine.cancel(blocked.id)
    assert [engine.wait(job.id, LONG).result["got"]["n"] for job in others] == [0, 1, 2]


def test_trainings_queue_and_say_their_place_and_a_queued_one_is_cancelled_at_once(make, tmp_path):
    engine = make()
    first = engine.submit(TASK + "gate", {"path": str(tmp_path / "go")}, owner="a", lane="train")
    second, third = (engine.submit(TASK + "echo", {"n": n}, owner="b", lane="train") for n in (2, 3))
    until(engine, first.id, lambda now: now.progress > 0)
    assert engine.get(second.id).text == "waiting for 1 training before this one"
    assert engine.get(third.id).ahead == 2
    engine.cancel(second.id)
    assert engine.get(second.id).state == "cancelled"
    assert engine.get(third.id).ahead == 1
    (tmp_path / "go").touch()
    assert engine.wait(third.id, LONG).state == "done"
    assert engine.get(first.id).state == "done"


@pytest.mark.parametrize("lane", ["quick", "train"])
def test_a_killed_worker_fails_its_job_with_the_reason_and_the_job_resumes(make, lane, tmp_path):
    engine = make()
    job = engine.submit(TASK + "gate", {"path": str(tmp_path / "go")}, owner="a", lane=lane)
    until(engine, job.id, lambda now: now.progress > 0)
    os.kill(engine.records.status(job.id)["pid"], signal.SIGKILL)
    failed = engine.wait(job.id, LONG)
    assert failed.state == "failed"
    assert "the worker ended (killed, or out of memory)" in failed.error["problem"]
    (tmp_path / "go").touch()
    done = engine.wait(engine.resume(job.id).id, LONG)
    assert (done.state, done.result, done.attempt) == ("done", {"attempt": 2}, 2)


def test_resume_goes_on_from_the_checkpoint_and_only_when_it_makes_sense(make, tmp_path):
    engine = make()
    job = engine.submit(TASK + "checkpointed", {}, owner="a", lane="train")
    assert engine.wait(job.id, LONG).state == "failed"
    assert (tmp_path / "checkpoint.txt").read_text() == "2"
    assert engine.wait(engine.resume(job.id).id, LONG).result == {"counted": 3, "attempt": 2}
    with pytest.raises(RunError):
        engine.resume(job.id)
    live = engine.submit(TASK + "polite", {}, owner="a")
    with pytest.raises(BusyError):
        engine.resume(live.id)


def test_a_crash_in_training_does_not_touch_the_resident_worker(make):
    engine = make()
    before = engine.wait(engine.submit(TASK + "echo", {}, owner="a").id, LONG).result["pid"]
    assert engine.wait(engine.submit(TASK + "crash", {}, owner="a", lane="train").id, LONG).state == "failed"
    after = engine.wait(engine.submit(TASK + "echo", {}, owner="a").id, LONG).result["pid"]
    assert after == before


@pytest.mark.parametrize("task", ["polite", "stubborn"])
def test_the_time_limit_ends_a_job_and_says_so(make, task):
    engine = make()
    job = engine.submit(TASK + task, {}, owner="a", lane="quick", time_limit=0.3)
    ended = engine.wait(job.id, LONG)
    assert ended.state == "failed"
    assert ended.error["kind"] == "LimitError"
    assert "the time limit of 0.3 s was reached" in ended.error["problem"]


def test_the_memory_limit_ends_a_job_and_says_so(make):
    engine = make(memory_limit=200 * 2**20)
    job = engine.wait(engine.submit(TASK + "hungry", {"bytes": 300 * 2**20}, owner="a", lane="train").id, LONG)
    assert (job.state, job.error["kind"]) == ("failed", "LimitError")
    assert "memory" in job.error["problem"]


SERVER = """
import sys, threading
from pathlib import Path
from dl_core.engine.local import LocalEngine
engine = LocalEngine(Path(sys.argv[1]), preload=(), paths=[sys.argv[2]])
engine.warm()
job = engine.submit("engine_tasks:gate", {"path": sys.argv[3]}, owner="a", lane="train")
print(job.id, engine._resident.pid, flush=True)
threading.Event().wait()
"""


def test_a_training_survives_its_server_and_idle_workers_do_not(make, tmp_path):
    words = [sys.executable, "-c", SERVER, str(tmp_path), HERE, str(tmp_path / "go")]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    job_id, resident = server.stdout.readline().split()
    idle = psutil.Process(int(resident))
    engine = make()
    until(engine, job_id, lambda now: now.progress > 0)
    server.kill()
    server.wait(LONG)
    server.stdout.close()
    assert psutil.wait_procs([idle], LONG)[1] == []
    assert engine.get(job_id).state == "running"
    (tmp_path / "go").touch()
    assert engine.wait(job_id, LONG).state == "done"


def test_two_servers_start_a_queued_job_once(make):
    engines = make(), make()
    jobs = [engines[n % 2].submit(TASK + "steps", {"n": 2}, owner="a", lane="train") for n in range(6)]
    ended = [engines[1].wait(job.id, LONG) for job in jobs]
    assert [job.state for job in ended] == ["done"] * 6
    assert all(len(engines[0].events(job.id)) == 4 for job in jobs)  # a second start would have doubled the events


def test_a_worker_without_work_goes_home(make):
    engine = make(idle_seconds=0.05)
    engine.warm()
    idle = engine._resident
    assert idle.join(LONG)
    assert idle.code == 0
    assert engine.wait(engine.submit(TASK + "echo", {"n": 1}, owner="a").id, LONG).result["got"] == {"n": 1}


def test_many_threads_may_use_one_engine(make):
    engine = make()
    results: dict[int, int] = {}

    def use(n: int) -> None:
        results[n] = engine.wait(engine.submit(TASK + "echo", {"n": n}, owner=f"o{n}").id, LONG).result["got"]["n"]

    threads = [threading.Thread(target=use, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
    assert results == {n: n for n in range(12)}


def test_sessions_see_their_own_jobs_only(make):
    engine = make()
    mine = engine.submit(TASK + "echo", {"n": 1}, owner="a")
    engine.wait(mine.id, LONG)
    assert [job.id for job in engine.jobs("a")] == [mine.id]
    assert engine.jobs("b") == []
    words = set()
    for asked in (mine.id, "d" + "x" * 16, "../../etc"):
        for ask in (engine.get, engine.cancel, engine.resume):
            with pytest.raises(AccessError) as caught:
                ask(asked, owner="b")
            words.add(str(caught.value))
    with pytest.raises(AccessError):
        engine.events(mine.id, owner="b")
    assert len(words) == 1  # nobody can tell what exists


def test_work_for_people_starts_before_what_the_server_prepares(make, tmp_path):
    engine = make()
    running = engine.submit(TASK + "gate", {"path": str(tmp_path / "go")}, owner="a")
    until(engine, running.id, lambda now: now.progress > 0)
    prepared = engine.submit(TASK + "echo", {"n": 1}, owner="server")
    asked = engine.submit(TASK + "echo", {"n": 2}, owner="b")
    (tmp_path / "go").touch()
    first, second = engine.wait(asked.id, LONG), engine.wait(prepared.id, LONG)
    assert (first.state, second.state) == ("done", "done")
    assert first.started <= second.started
