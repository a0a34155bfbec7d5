"""The dashboard's process: page switches while a training runs, in a real browser; memory and Keras after all pages.

    python -m benchmarks.server [--switches 30]

Starts the dashboard on a workspace of its own, starts a training on the sample and then switches pages and moves a
widget; each is timed from the click to the new content. Needs Chromium.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import psutil
from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).parents[1]
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
BAR_MS, BAR_MB = 300, 400
TABS = ("Data", "Compare", "Explain", "Bias", "Predict", "Report", "Train")


def start(home: Path) -> tuple[subprocess.Popen, str]:
    """Start the server and wait until it answers; the samples are read before, as `start.py` does on installing."""
    environment = {**os.environ, "DAYLIGHT_HOME": str(home)}
    subprocess.run(
        [sys.executable, "-m", "dl_core.tasks.samples"], env=environment, cwd=ROOT, check=True, capture_output=True
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--server.port", str(port), "--server.address", "127.0.0.1", "--server.headless", "true"]
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", *options],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    for _ in range(200):
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
                return server, address
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server did not start")


def timed(page: Page, action, seen) -> float:
    """Return milliseconds from an action until its new content is seen."""
    began = time.perf_counter()
    action()
    seen().wait_for(timeout=60_000)  # looks at every frame; `expect` would look after 100, 250, 500 … ms
    return 1000 * (time.perf_counter() - began)


def switches(page: Page, count: int) -> dict[str, list[float]]:
    """Time page switches, all and by direction, and widget changes."""
    away, back, widgets = [], [], []
    for _ in range(count):
        link = page.get_by_role("link", name="Concepts")
        away.append(timed(page, link.first.click, lambda: page.get_by_role("heading", name="Concepts")))
        link = page.get_by_role("link", name="Medical imaging")
        back.append(timed(page, link.first.click, lambda: page.get_by_role("tab", name="Compare")))
        page.get_by_role("tab", name="Compare").click()
        expect(page.get_by_text("Pairwise comparison")).to_be_visible(timeout=60_000)
        for metric in ("Accuracy", "AUROC"):
            button = page.get_by_role("button", name=metric, exact=True).or_(
                page.get_by_role("radio", name=metric, exact=True)
            )
            title = f"has the best {metric}"
            widgets.append(timed(page, button.first.click, lambda t=title: page.get_by_text(t).first))
    return {
        "page switch": away + back,
        "page switch, to Concepts": away,
        "page switch, to Medical imaging": back,
        "widget change": widgets,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--switches", type=int, default=10)
    args = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, sync_playwright() as playwright:
        server, address = start(Path(folder))
        try:
            browser = playwright.chromium.launch(executable_path=chromium, args=ARGS)
            page = browser.new_page(viewport={"width": 1366, "height": 1400})
            page.goto(f"{address}/medical_imaging")
            expect(page.get_by_role("tab", name="Train")).to_be_visible(timeout=60_000)
            for tab in TABS:
                page.get_by_role("tab", name=tab, exact=True).click()
                page.wait_for_timeout(1500)
            page.get_by_role("button", name="Start training").click()
            expect(page.get_by_role("button", name="Cancel")).to_be_visible(timeout=120_000)
            page.get_by_role("tab", name="Compare").click()
            for name, values in switches(page, args.switches).items():
                middle = statistics.median(values)
                late = sorted(values)[int(0.95 * len(values))]
                print(f"{name}: median {middle:.0f} ms, 95 % below {late:.0f} ms, n = {len(values)} (bar {BAR_MS} ms)")
            for name in ("home", "runs", "concepts", "medical_imaging"):
                page.goto(f"{address}/{name}")
                page.wait_for_timeout(2000)
            process = psutil.Process(server.pid)
            loaded = any("tensorflow" in (mapped.path or "") for mapped in process.memory_maps())
            memory = process.memory_info().rss / 1e6
            print(f"server: {memory:.0f} MB resident (bar {BAR_MB} MB), TensorFlow loaded: {loaded}")
            browser.close()
        finally:
            server.terminate()
            for worker in psutil.process_iter(["cmdline"]):
                if folder in " ".join(worker.info["cmdline"] or []):
                    worker.kill()


if __name__ == "__main__":
    main()
