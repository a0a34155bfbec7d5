"""A worker process: ``python -m dl_core.engine.worker``. It is told job ids by line on standard input.

It answers on what was its standard output; whatever its jobs print goes to their logs. When standard input ends its
server is gone: it finishes the job it has, whose record lies in files, and exits.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import queue
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from dl_core.engine.execute import me, preload, run_job

NICE = 10  # of trainers, so that pages stay quick


class Channel:
    """Messages to the server, on a private copy of standard output."""

    def __init__(self) -> None:
        self._out = os.dup(1)
        os.dup2(2, 1)  # prints of libraries must not mix with messages

    def send(self, message: dict[str, Any]) -> None:
        """Send one message; a server that is gone is no reason to stop, since the record tells all."""
        with contextlib.suppress(OSError):
            os.write(self._out, json.dumps(message).encode() + b"\n")


def main(words: list[str] | None = None) -> None:
    """Serve jobs until there is no more need."""
    parser = argparse.ArgumentParser(prog="dl_core.engine.worker")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--lane", choices=("quick", "train"), required=True)
    parser.add_argument("--preload", default="")
    parser.add_argument("--idle", type=float, default=1800.0)
    asked = parser.parse_args(words)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server decides what an interrupt means
    channel = Channel()
    if asked.lane == "train":
        _be_nice()
    inbox: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(inbox,), daemon=True).start()
    preload(filter(None, asked.preload.split(",")))
    channel.send({"ready": os.getpid()})
    _serve(asked.home, asked.lane == "train", asked.idle, inbox, channel)
    os._exit(0)  # threads that a job left behind must not keep the process alive


def _serve(home: Path, once: bool, idle: float, inbox: queue.SimpleQueue, channel: Channel) -> None:
    who = {**me(), "worker": "train" if once else "quick"}
    while True:
        try:
            job_id = inbox.get(timeout=idle)
        except queue.Empty:
            return
        if job_id is None:
            return
        channel.send({"started": job_id})
        folder = home / "jobs" / job_id
        try:
            with _log_to(folder / "log.txt"):
                state, error = run_job(folder, home, who)
        except (OSError, ValueError):  # the record is gone or unreadable: deleted while it waited
            traceback.print_exc()
            state, error = "cancelled", None
        channel.send({"finished": job_id, "state": state, "error": error})
        if once:
            return


def _listen(inbox: queue.SimpleQueue) -> None:
    """Put job ids into ``inbox``, and None when the server is gone."""
    for line in sys.stdin.buffer:
        inbox.put(json.loads(line)["job"])
    inbox.put(None)


def _be_nice() -> None:
    if os.name == "nt":
        import psutil

        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    else:
        os.nice(NICE)


@contextlib.contextmanager
def _log_to(path: Path):
    """Send standard output and error, also those of compiled code, to a job's log."""
    kept = os.dup(1), os.dup(2)
    try:
        log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError:  # a full disk: the job itself will say so
        log = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(log, 1)
        os.dup2(log, 2)
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, copy in zip((1, 2), kept, strict=True):
            os.dup2(copy, number)
            os.close(copy)
        os.close(log)


if __name__ == "__main__":
    main()
