"""Every kind has the bodies that the panels ask for; a panel asks for nothing that no kind has."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from dl_core.kinds import Kind, kinds

PANELS = Path(__file__).parents[2] / "ui" / "panels"
KINDS = kinds()
NEEDED = {
    "data": ("first_look", "facts"),
    "disagreements": ("TITLE", "NONE", "FOUND", "show"),
}
WHOLE_OR_PARTS = {  # a body draws its tab whole, or brings the parts of the one that all share
    "explain": ("LABEL", "usual_target", "controls", "case", "more"),
    "predict": ("METHOD", "EXAMPLES", "SHOWN_FIRST", "TRY_ROWS", "EMPTY", "rows", "answer"),
}


@pytest.mark.parametrize("panel", NEEDED)
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_kind_has_the_bodies_that_all_panels_need(kind: Kind, panel: str) -> None:
    body = kind.room("ui.kinds", panel)
    assert body is not None
    assert [name for name in NEEDED[panel] if not hasattr(body, name)] == []


@pytest.mark.parametrize("panel", WHOLE_OR_PARTS)
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_tab_is_drawn_whole_or_in_all_its_parts(kind: Kind, panel: str) -> None:
    body = kind.room("ui.kinds", panel)
    assert body is not None
    if not hasattr(body, "show"):
        assert [name for name in WHOLE_OR_PARTS[panel] if not hasattr(body, name)] == []
        assert kind.room("ui.kinds", "cases") is not None and kind.room("ui.kinds", "what_if") is not None


def asked() -> set[tuple[str, str]]:
    """Return (panel, name) of everything that shared panels ask of a body with ``kinds.part``."""
    found = set()
    for path in PANELS.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "part":
                words = [one.value for one in node.args[1:3] if isinstance(one, ast.Constant)]
                if len(words) == 2:
                    found.add((words[0], words[1]))
    return found


def test_what_a_panel_asks_for_is_there_in_some_kind() -> None:
    rooms = [(panel, name, kind.room("ui.kinds", panel)) for panel, name in asked() for kind in KINDS.values()]
    there = {(panel, name) for panel, name, body in rooms if hasattr(body, name)}
    assert len(asked()) > 12 and asked() - there == set()
