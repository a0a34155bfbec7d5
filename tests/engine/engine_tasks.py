"""Small tasks for the tests of the engine; workers import this module."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

from dl_core.errors import SchemaError


def echo(args, context):
    """Return the arguments."""
    return {"got": args, "pid": os.getpid(), "attempt": context.attempt}


def steps(args, context):
    """Report a few steps of progress."""
    for i in range(args["n"]):
        context.progress((i + 1) / args["n"], f"step {i + 1}")
        context.emit({"event": "epoch", "epoch": i + 1, "loss": 1.0 / (i + 1)})
    return {"steps": args["n"], "nan": float("nan")}


def polite(args, context):
    """Wait until told to stop; stop when asked."""
    context.progress(0.25, "waiting")
    while True:
        threading.Event().wait(0.01)
        context.check_stop()


def stubborn(args, context):
    """Wait for ever, deaf to requests to stop, with a child process of its own."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    context.emit({"event": "child", "pid": child.pid})
    context.progress(0.5, "deaf")
    threading.Event().wait()


def gate(args, context):
    """Wait until a file is there."""
    context.progress(0.5, "at the gate")
    while not Path(args["path"]).exists():
        context.check_stop()
        threading.Event().wait(0.01)
    return {"attempt": context.attempt}


def mistake(args, context):
    """Fail as bad input does."""
    raise SchemaError("there is no label", where="table.csv", todo="name the column")


def broken(args, context):
    """Fail as a fault of ours does."""
    raise ValueError("secret-user-value")


def full_disk(args, context):
    """Fail as a full disk does."""
    raise OSError(errno.ENOSPC, "No space left on device")


def crash(args, context):
    """End the process without a word."""
    context.progress(0.5, "about to crash")
    os._exit(9)


def checkpointed(args, context):
    """Count to three through a checkpoint; the first attempt dies at two."""
    path = context.home / "checkpoint.txt"
    at = int(path.read_text()) if path.exists() else 0
    while at < 3:
        at += 1
        path.write_text(str(at))
        if at == 2 and context.attempt == 1:
            os._exit(9)
    return {"counted": at, "attempt": context.attempt}


def hungry(args, context):
    """Use memory and wait."""
    block = bytearray(args["bytes"])
    for at in range(0, len(block), 4096):
        block[at] = 1
    context.progress(0.5, "fed")
    while True:
        threading.Event().wait(0.05)
        context.check_stop()


def wrong_result(args, context):
    """Return what is not JSON."""
    return {"thing": object()}
