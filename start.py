"""Set Daylight up and start it.

    python start.py          make .venv if needed, install, compile, open the dashboard
    python start.py test     install what the tests need, check style, layers and types, run all tests (arguments go to
                             pytest, and skip the checks)
    python start.py coverage run all tests and print which share of each folder's lines they reach (a third slower)
    python start.py lock     rebuild the lock files from requirements.txt and requirements-test.txt

Standard library only, so that it runs before anything is installed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
OLDEST, NEWEST = (3, 11), (3, 13)  # the Pythons that TensorFlow has wheels for
LOCKS = {"run": "requirements.lock", "test": "requirements-test.lock"}
OWN = ("app.py", "dl_core", "ui", "pages", "sample_data")  # the project's own code


def stop(message: str) -> None:
    """End with one clear line."""
    sys.exit(f"start.py: {message}")


def version_of(python: str) -> tuple[int, int] | None:
    """Return (major, minor) of an interpreter, or None if it does not run."""
    asked = subprocess.run([python, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, text=True)
    if asked.returncode != 0:
        return None
    major, minor = map(int, asked.stdout.split())
    return major, minor


def suitable_python() -> str:
    """Return this interpreter if its version fits, else another one on the PATH that does."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return sys.executable
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found and version_of(found) == (3, minor):
            return found
    found = ".".join(map(str, sys.version_info[:2]))
    stop(f"Python {found} found, Python 3.11, 3.12 or 3.13 is needed. Install one and run this again with it.")
    return ""


def install(kind: str) -> bool:
    """Bring .venv to the state of the lock file, compiled, and return whether there was anything to install."""
    installed = install_packages(kind)
    compile_bytecode()
    return installed


def install_packages(kind: str) -> bool:
    """Install what a lock file names and return whether there was anything to do.

    A stamp makes the second time a matter of milliseconds.
    """
    lock = ROOT / LOCKS[kind]
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    stamp = VENV / f".daylight-{kind}"
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == wanted:
        return False
    if not PYTHON.exists():
        print("Making .venv …", flush=True)
        python = suitable_python()
        if python == sys.executable:
            venv.create(VENV, with_pip=True)
        else:
            subprocess.run([python, "-m", "venv", str(VENV)], check=True)
    print(f"Installing what {lock.name} names (about 300 MB to download the first time) …", flush=True)
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    quick = subprocess.run([*pip, "uv>=0.5"], capture_output=True).returncode == 0
    done = (
        quick
        and subprocess.run([str(PYTHON), "-m", "uv", "pip", "install", "--quiet", "-r", str(lock)]).returncode == 0
    )
    if not done and subprocess.run([*pip, "-r", str(lock)]).returncode != 0:
        stop("the installation failed; the lines above say why. Check the network, then run this again.")
    stamp.write_text(wanted)
    return True


def compile_bytecode() -> None:
    """Compile .venv, where packages came since the last time, and what is newer than its bytecode in the project.

    Neither uv nor Python does it where ``PYTHONDONTWRITEBYTECODE`` is set, as in most container images: every process
    would then compile TensorFlow and Keras anew, which takes four times as long as importing them. A folder that cannot
    be written to, or a file that does not compile, is left as it is.
    """
    compileall = [str(PYTHON), "-m", "compileall", "-qq"]
    stamp = VENV / ".daylight-bytecode"
    packages = [*VENV.glob("lib/python*/site-packages"), *VENV.glob("Lib/site-packages")]
    if not stamp.exists() or any(folder.stat().st_mtime > stamp.stat().st_mtime for folder in packages):
        print("Compiling what is installed (under a minute, once) …", flush=True)
        run(*compileall, "-j", "0", *map(str, packages))
        stamp.touch()
    run(*compileall, *(name for name in OWN if (ROOT / name).exists()))


def run(*command: str, **environment: str) -> int:
    """Run a command of the virtual environment in the project's folder and return its exit status."""
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}).returncode


def dashboard(arguments: list[str]) -> int:
    """Open the dashboard; arguments go to Streamlit (for instance ``--server.port 8600``)."""
    if install("run"):
        print("Reading the sample …", flush=True)
        run(str(PYTHON), "-m", "dl_core.tasks.samples")
    try:
        return run(str(PYTHON), "-m", "streamlit", "run", "app.py", *arguments)
    except KeyboardInterrupt:
        return 0


def tests(arguments: list[str]) -> int:
    """Check style, layering and types, then run every test; any argument is handed to pytest and skips the checks."""
    install("test")
    module = [str(PYTHON), "-m"]
    if arguments:
        return run(*module, "pytest", *arguments)
    types = subprocess.Popen(
        [*module, "mypy"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )  # two minutes, later seconds
    lint = str(PYTHON.parent / ("lint-imports.exe" if os.name == "nt" else "lint-imports"))
    checks = [[*module, "ruff", "check", "."], [*module, "ruff", "format", "--check", "."], [lint, "--no-cache"]]
    failed = [check for check in checks if run(*check) != 0]
    status = run(*module, "pytest")
    said, _ = types.communicate()
    print(said, flush=True)
    return status or int(bool(failed) or types.returncode != 0)


def coverage(arguments: list[str]) -> int:
    """Run the tests, then print by folder which share of the lines they reached; processes they start count too."""
    install("test")
    module, kept = [str(PYTHON), "-m"], ROOT / ".coverage.json"
    status = run(*module, "pytest", "--cov", "--cov-report", f"json:{kept}", "--cov-report", "", *arguments)
    lines: dict[str, list[int]] = {}
    for name, about in json.loads(kept.read_text(encoding="utf-8"))["files"].items():
        folder = "/".join(Path(name).parts[:-1][:3])
        counted = lines.setdefault(folder, [0, 0])
        counted[0] += about["summary"]["covered_lines"]
        counted[1] += about["summary"]["num_statements"]
    for folder, (reached, all_lines) in sorted(lines.items()):
        print(f"{folder:40}{reached:7} of {all_lines:6} lines {reached / max(all_lines, 1):6.0%}")
    return status


def lock() -> int:
    """Pin the whole tree for every system at once."""
    if not PYTHON.exists():
        venv.create(VENV, with_pip=True)
    run(str(PYTHON), "-m", "pip", "install", "--quiet", "uv>=0.5")
    for kind, name in LOCKS.items():
        source = "requirements.txt" if kind == "run" else "requirements-test.txt"
        command = [
            str(PYTHON),
            "-m",
            "uv",
            "pip",
            "compile",
            "--quiet",
            "--universal",
            "--no-emit-index-url",
            "--no-emit-find-links",
        ]
        if run(*command, "--python-version", "3.11", "--no-header", source, "-o", name) != 0:
            return 1
    return 0


def main() -> int:
    """Do what the first argument says."""
    action, *rest = sys.argv[1:] or ["run"]
    if action == "test":
        return tests(rest)
    if action == "coverage":
        return coverage(rest)
    if action == "lock":
        return lock()
    return dashboard(rest if action == "run" else [action, *rest])


if __name__ == "__main__":
    sys.exit(main())
