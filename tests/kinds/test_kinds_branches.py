"""Nobody outside the kinds and the folders named after one asks what a row is.

A file branches on the kind where a condition, or a choice out of a mapping, looks at a role that makes a kind, at a
kind's or problem's name, or calls a function ``is_<kind>``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from dl_core.kinds import kinds

ROOT = Path(__file__).parents[2]
NAMES = frozenset(kinds())
ROLES = frozenset(str(role) for kind in kinds().values() for role in kind.needs) - {"value"}
ASKING = frozenset(
    f"is_{word}" for word in (*NAMES, "lists", "image", "ranking", "forecast", "forecasting", "recommending")
)
PROBLEMS = frozenset({"classification", "ranking", "forecasting"})
MODELS = frozenset({"Forecaster", "Recommender"})
TYPES = frozenset({"Histories", "Rankings", "Forecasts", "Panel"})


def files() -> list[Path]:
    """Return the files of core and dashboard that belong to no kind."""
    found = [path for top in ("dl_core", "ui", "pages") for path in (ROOT / top).rglob("*.py")]
    inside = {"kinds", *NAMES}
    return sorted(path for path in found if not inside & set(path.relative_to(ROOT).parts))


def conditions(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield what decides: tests of if, while, conditional expressions and comprehensions, keys of a choice."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If | ast.IfExp | ast.While | ast.Assert):
            yield node.test
        elif isinstance(node, ast.comprehension):
            yield from node.ifs
        elif isinstance(node, ast.BoolOp):
            yield node
        elif isinstance(node, ast.Match):
            yield node.subject
        elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Dict):
            yield node.slice
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            if isinstance(node.func.value, ast.Dict) and node.args:
                yield node.args[0]
        elif isinstance(node, ast.Return | ast.Assign) and isinstance(node.value, ast.Compare):
            yield node.value


def asks(condition: ast.expr) -> bool:
    """Return whether a condition looks at what a row is, other than holding its name against what is declared.

    To look something up under the name of a kind or problem is no branch.
    """
    compared = {id(condition)}
    for node in ast.walk(condition):
        if isinstance(node, ast.Compare) and not _declared(node):
            compared |= {id(one) for one in (node.left, *node.comparators)}
    for node in ast.walk(condition):
        if isinstance(node, ast.Name | ast.Attribute):
            word = node.id if isinstance(node, ast.Name) else node.attr
            if word in ASKING or (word.isupper() and word.lower() in PROBLEMS):
                return True
            if isinstance(node, ast.Attribute) and (_role(node) or (id(node) in compared and _name(node))):
                return True
        if isinstance(node, ast.Compare) and any(_named(one) for one in (node.left, *node.comparators)):
            return True
        if isinstance(node, ast.Call) and _looks_up(node):
            return True
    return False


def _declared(node: ast.Compare) -> bool:
    """Return whether a name is looked for among what an object says of itself: ``kind.name in probe.kinds``."""
    asked, among = node.left, node.comparators[0]
    named = isinstance(asked, ast.Attribute) and asked.attr == "name"
    return named and isinstance(node.ops[0], ast.In | ast.NotIn) and isinstance(among, ast.Attribute)


def _role(node: ast.Attribute) -> bool:
    """Return whether it is ``Role.IMAGE`` and the like."""
    return isinstance(node.value, ast.Name) and node.value.id == "Role" and node.attr.lower() in ROLES


def _name(node: ast.Attribute) -> bool:
    """Return whether it is the name of a kind or of a problem."""
    called = node.value.func if isinstance(node.value, ast.Call) else node.value
    word = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    return node.attr == "name" and word in ("kind", "kind_of", "problem")


def _named(node: ast.expr) -> bool:
    """Return whether it is the name of a kind, of a role that makes one, or a collection of such."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return any(_named(one) for one in node.elts)
    return isinstance(node, ast.Constant) and node.value in {*NAMES, *ROLES}


def _looks_up(node: ast.Call) -> bool:
    """Return whether it is ``roles.get("image")`` or ``isinstance(model, Forecaster)``."""
    if isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
        return _named(node.args[0])
    if isinstance(node.func, ast.Name) and node.func.id == "isinstance":
        return any(isinstance(one, ast.Name) and one.id in MODELS | TYPES for one in ast.walk(node.args[1]))
    return False


def branches(text: str) -> list[int]:
    """Return the lines of a source text that branch on the kind."""
    return sorted({one.lineno for one in conditions(ast.parse(text)) if asks(one)})


def test_no_file_branches_on_the_kind() -> None:
    found = {path.relative_to(ROOT).as_posix(): branches(path.read_text(encoding="utf-8")) for path in files()}
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "text",
    [
        "if is_series(context):\n    pass",
        "x = 1 if kinds.is_table(context) else 2",
        "if dataset.column(Role.SERIES) and other:\n    pass",
        "table = not run['roles'].get('image') and True",
        "if domain.problem is FORECASTING:\n    pass",
        "if kind_of(dataset).name == 'series':\n    pass",
        "if context.kind.name in ('interactions', 'series'):\n    pass",
        "shown = {'series': a, 'table': b}[context.kind.name]",
        "shown = {'series': a}.get(kinds.kind(context), b) if kind == 'series' else c",
        "if problem.name == 'ranking':\n    pass",
        "rows = [row for row in rows if Role.IMAGE in dataset.roles]",
        "return_it = 1 if isinstance(model, Forecaster) else 0",
        "def is_it(d):\n    return Role.IMAGE not in d.roles",
    ],
)
def test_a_branch_is_found(text: str) -> None:
    assert branches(text)


@pytest.mark.parametrize(
    "text",
    [
        "body = kinds.body(context, 'compare')\nif body is None:\n    pass",
        "if context.kind.labels and dataset.labelled:\n    pass",
        "if role in kind.fixed:\n    pass",
        "series = [one for one in lines if one]",
        "if field.role == Role.LABEL:\n    pass",
        "why = '' if remedies(domain.problem.name) else 'none'",
        "if probe.kinds and kind_of(run.dataset).name not in probe.kinds:\n    pass",
    ],
)
def test_asking_the_kind_is_no_branch(text: str) -> None:
    assert not branches(text)


def test_no_shared_panel_imports_the_body_of_a_kind() -> None:
    found = []
    for path in [*(ROOT / "ui/panels").glob("*.py"), *(ROOT / "ui/shell").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [one.name for one in node.names] if isinstance(node, ast.Import) else []
            found += [(path.name, name) for name in names if name.startswith("ui.kinds.")]
    assert found == []
