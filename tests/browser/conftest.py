"""A real server on a workspace of its own, and a real browser in front of it."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    "--disable-component-update",
    "--no-first-run",
]
PATIENCE = 180_000  # ms that a step may take on a busy machine


def find_chromium() -> str | None:
    """Return the path of an installed Chromium or Chrome."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the dashboard and yield its address."""
    home = tmp_path_factory.mktemp("home")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = open(home / "server.log", "w")  # noqa: SIM115 - lives as long as the server
    options = ["--server.port", str(port), "--server.address", "127.0.0.1", "--server.headless", "true"]
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", *options],
        cwd=ROOT,
        env={**os.environ, "DAYLIGHT_HOME": str(home), "DAYLIGHT_WORKER_IDLE": "600"},
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        assert answers(f"{address}/_stcore/health", process), (home / "server.log").read_text()
        yield address
    finally:
        process.terminate()
        process.wait(30)
        log.close()
        end_workers(home)


def answers(address: str, process: subprocess.Popen) -> bool:
    """Return True as soon as the server says that it is well, False if it ends before."""
    while process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5) as reply:
                return reply.read() == b"ok"
        except OSError:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.3)  # ends early if the server has ended
    return False


def end_workers(home: Path) -> None:
    """End the worker processes of a workspace."""
    import psutil

    for worker in psutil.process_iter(["cmdline"]):
        if str(home) in " ".join(worker.info["cmdline"] or []):
            worker.kill()


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    """Yield a browser; without an installed Chromium the browser tests are skipped, except in CI."""
    from playwright.sync_api import sync_playwright

    path = find_chromium()
    if path is None and os.environ.get("CI"):
        pytest.fail("no Chromium is installed, and CI must run the browser tests")
    if path is None:
        pytest.skip("no Chromium is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: object, server: str) -> Iterator[object]:
    """Yield a fresh browser session (its own cookies) with a tall window, so that a screenshot shows the whole page."""
    context = chromium.new_context(viewport={"width": 1366, "height": 2200}, accept_downloads=True)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    yield page
    context.close()


@pytest.fixture(scope="session")
def class_folders() -> Iterator[Path]:
    """Yield a zip of two class folders: 80 grey images of 40 pixels, the second class with a bright square."""
    rng = np.random.default_rng(7)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "scans"
        for at in range(80):
            image = rng.normal(90, 25, (40, 40))
            name = "finding" if at % 2 else "healthy"
            if at % 2:
                y, x = rng.integers(4, 26, 2)
                image[y : y + 9, x : x + 9] += 90
            (root / name).mkdir(parents=True, exist_ok=True)
            Image.fromarray(image.clip(0, 255).astype(np.uint8)).save(root / name / f"{name}_{at:03d}.png")
        yield Path(shutil.make_archive(str(Path(folder) / "scans"), "zip", root))
