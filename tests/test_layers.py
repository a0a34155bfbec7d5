"""What the dashboard's process must never load, tried in a process of its own."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = ("keras", "tensorflow", "torch", "jax", "sklearn", "skimage", "ai_edge_litert")

LOAD = """
import importlib, pathlib, sys
for path in sorted(pathlib.Path("ui").rglob("*.py")):
    importlib.import_module(".".join(path.with_suffix("").parts).removesuffix(".__init__"))
import dl_core.domains, dl_core.domain, dl_core.engine, dl_core.store
for domain in dl_core.domain.domains().values():
    domain.parse_options({}), domain.facts(), domain.choose_models("all")
print(" ".join(sorted({name.split(".")[0] for name in sys.modules})))
"""


def test_the_dashboard_s_process_loads_no_framework():
    done = subprocess.run([sys.executable, "-c", LOAD], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "streamlit" in loaded and not loaded & set(HEAVY)


@pytest.mark.parametrize("path", [ROOT / "app.py", *sorted((ROOT / "pages").glob("*.py"))], ids=lambda path: path.name)
def test_pages_import_from_ui_and_describe_domains_only(path):
    allowed = {"streamlit", "ui", "pathlib", "__future__", "dl_core.domain", "dl_core.domains"}
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module)
    assert {name for name in found if name not in allowed and not name.startswith("ui.")} == set()


def test_the_core_runs_without_streamlit():
    code = (
        "import sys; sys.modules['streamlit'] = None; import dl_core.tasks, dl_core.cli.commands, dl_core.report.html"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
