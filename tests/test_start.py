"""start.py: what it prepares before anything runs. A tiny environment stands in for the real one."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

import start


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one module of its own and an environment with one package, where Python writes no bytecode."""
    venv.create(tmp_path / ".venv", with_pip=False, symlinks=os.name != "nt")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setattr(start, "PYTHON", tmp_path / start.PYTHON.relative_to(start.ROOT))
    monkeypatch.setattr(start, "ROOT", tmp_path)
    monkeypatch.setattr(start, "VENV", tmp_path / ".venv")
    package(tmp_path, "installed", "first")
    (tmp_path / "ui").mkdir()
    (tmp_path / "ui" / "__init__.py").write_text("WORD = 'own'\n")
    return tmp_path


def packages(project: Path) -> Path:
    """Where the environment keeps its packages."""
    return next(iter([*project.glob(".venv/lib/python*/site-packages"), project / ".venv/Lib/site-packages"]))


def package(project: Path, name: str, word: str) -> None:
    """Install a package of one file."""
    folder = packages(project) / name
    folder.mkdir()
    (folder / "__init__.py").write_text(f"WORD = {word!r}\n")


def bytecode(source: Path) -> Path:
    """Where Python looks for the bytecode of a file."""
    return source.parent / "__pycache__" / f"{source.stem}.{sys.implementation.cache_tag}.pyc"


def loaded(project: Path, name: str) -> str:
    """What Python tells of how it loads a module of the project."""
    command = [str(start.PYTHON), "-v", "-c", f"import {name}"]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=True).stderr


@pytest.mark.parametrize("name", ["installed", "ui"])
def test_a_process_finds_bytecode_where_python_writes_none(project: Path, name: str) -> None:
    assert "__pycache__" not in "".join(line for line in loaded(project, name).splitlines() if name in line)
    start.compile_bytecode()
    (line,) = [line for line in loaded(project, name).splitlines() if " matches " in line and f"{name}{os.sep}" in line]
    assert f"{name}{os.sep}__pycache__" in line


def test_the_environment_is_compiled_again_only_after_an_update(project: Path) -> None:
    start.compile_bytecode()
    kept = bytecode(packages(project) / "installed" / "__init__.py")
    kept.unlink()
    start.compile_bytecode()
    assert not kept.exists()
    later = (project / ".venv" / ".daylight-bytecode").stat().st_mtime + 1
    package(project, "second", "later")
    os.utime(packages(project), (later, later))
    start.compile_bytecode()
    assert kept.exists() and bytecode(packages(project) / "second" / "__init__.py").exists()


def test_what_changed_in_the_project_is_compiled_every_time(project: Path) -> None:
    own = project / "ui" / "__init__.py"
    start.compile_bytecode()
    before = bytecode(own).read_bytes()
    later = own.stat().st_mtime + 2
    own.write_text("WORD = 'changed'\n")
    os.utime(own, (later, later))
    start.compile_bytecode()
    assert b"changed" in bytecode(own).read_bytes() and b"changed" not in before


def test_code_that_does_not_compile_stops_nothing(project: Path) -> None:
    (packages(project) / "installed" / "broken.py").write_text("def (:\n")
    start.compile_bytecode()
    assert bytecode(packages(project) / "installed" / "__init__.py").exists()


def test_installing_compiles_though_nothing_is_new(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "install_packages", lambda kind: False)
    assert not start.install("run")
    assert bytecode(packages(project) / "installed" / "__init__.py").exists()


@pytest.mark.parametrize("status", [0, 1])
def test_errors_in_types_fail_the_test_command(project: Path, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    (project / "mypy.py").write_text(f"raise SystemExit({status})\n")
    monkeypatch.setattr(start, "install", lambda kind: False)
    monkeypatch.setattr(start, "run", lambda *command, **environment: 0)
    assert start.tests([]) == status
