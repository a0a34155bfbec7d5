"""How many faults the tests find: ``python benchmarks/mutants.py --count 200``.

Makes seeded mutants of the functions that judge and explain, one at a time in a copy of the project: a comparison
turned round or made strict, + for −, × for ÷, a number one larger, a condition negated, `min` for `max`. Runs the test
files that `TESTS` names for the file, with a time limit, and prints which mutants survive. What changes only words,
types or docstrings is not made.
"""

from __future__ import annotations

import argparse
import ast
import compileall
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import hypothesis  # noqa: F401 - read in once, for all mutants
import pandas  # noqa: F401
import pyarrow.compute  # noqa: F401
import pytest
import scipy.stats  # noqa: F401
import sklearn.metrics  # noqa: F401

ROOT = Path(__file__).resolve().parents[1]
CODE = ("dl_core", "ui", "pages", "tests", "sample_data", "app.py", "start.py", "pyproject.toml")
TESTS = {  # file of dl_core: files of tests/ that stand on it, the quickest first
    "evaluate/formulas": "evaluate/edges evaluate/metrics evaluate/review evaluate/rare",
    "evaluate/metric": "evaluate/edges evaluate/metrics evaluate/review evaluate/evaluate",
    "evaluate/table/review": "evaluate/edges evaluate/review evaluate/rare",
    "evaluate/interactions/formulas": "evaluate/ranking_metrics evaluate/rankings",
    "evaluate/series/formulas": "evaluate/series_by_hand evaluate/series_metrics evaluate/series_evaluate",
    "evaluate/series/metrics": "evaluate/series_by_hand evaluate/series_metrics evaluate/series_evaluate",
    "evaluate/series/conformal": "evaluate/series_conformal evaluate/series_evaluate",
    "evaluate/series/adaptive": "evaluate/series_conformal evaluate/series_evaluate",
    "evaluate/series/diebold_mariano": "evaluate/series_by_hand evaluate/series_compare",
    "evaluate/quantities": "evaluate/edges evaluate/intervals evaluate/compare",
    "evaluate/draws": "evaluate/edges evaluate/intervals evaluate/compare",
    "evaluate/pairs": "evaluate/edges evaluate/between evaluate/compare evaluate/series_compare evaluate/rankings",
    "evaluate/judge": "evaluate/intervals evaluate/compare evaluate/rare evaluate/rankings",
    "evaluate/operating_point": "evaluate/operating_point evaluate/decide",
    "evaluate/decide": "evaluate/decide evaluate/operating_point",
    "evaluate/calibration": "evaluate/calibration evaluate/rare",
    "evaluate/choice": "evaluate/edges evaluate/choice evaluate/compare",
    "evaluate/leading": "evaluate/leading evaluate/compare",
    "evaluate/curves": "evaluate/edges evaluate/metrics evaluate/evaluate evaluate/rare",
    "bias/disparities": "bias/by_hand bias/check bias/forecasts bias/rankings",
    "bias/four_fifths": "bias/by_hand bias/check bias/fraud",
    "bias/groups": "bias/by_hand bias/groups bias/check bias/forecasts",
    "data/parts": "data/split_edges data/shared data/series_split",
    "data/table/split": "data/split_edges data/transactions_split",
    "data/interactions/split": "data/interactions_split",
    "data/series/split": "data/split_edges data/series_split data/series_properties",
    "explain/explanation": "explain/by_hand explain/faithfulness explain/table_rows explain/rankings",
    "explain/table/rows": "explain/by_hand explain/table_rows explain/table_words",
    "explain/faithfulness": "explain/by_hand explain/faithfulness",
}
KEPT_OUT = {"AHEAD", "CELLS", "MOST_HELD", "ROWS_A_CALL"}  # limits of memory and time, on which no number depends
COMPARED = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
COUNTED = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult}
CALLED = {"min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum", "any": "all", "all": "any"}


@dataclass(frozen=True)
class Mutant:
    """One change of one file: what stands at (line, column) and what it becomes, as a whole new file."""

    path: str
    line: int
    words: str
    place: str
    source: str


def place_of(name: str) -> str:
    """Return the path of a file of `TESTS`."""
    return f"dl_core/{name}.py"


def test_of(name: str) -> str:
    """Return the path of a test file that `TESTS` names."""
    folder, of = name.split("/")
    return f"tests/{folder}/test_{folder}_{of}.py"


def places(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of functions that a mutant may change, without annotations, messages and defaults of words."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            for statement in function.body:
                yield from _inside(statement)


def _inside(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Raise | ast.FunctionDef | ast.JoinedStr | ast.Import | ast.ImportFrom):
        return
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.endswith("Error"):
        return  # a message
    if isinstance(node, ast.keyword) and node.arg in ("axis", "axis1", "axis2"):
        return  # of two axes, the last is the second
    if isinstance(node, ast.BinOp | ast.IfExp) and any(getattr(one, "id", "") in KEPT_OUT for one in ast.walk(node)):
        return
    yield node
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "reshape":
        node = node.func  # any negative length means what is left
    for name, child in ast.iter_fields(node):
        for one in child if isinstance(child, list) else [child]:
            if isinstance(one, ast.AST) and name != "annotation":
                yield from _inside(one)


def changes(node: ast.AST) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield (what is changed, new fields of the node)."""
    if isinstance(node, ast.Compare):
        for at, operator in enumerate(node.ops):
            if type(operator) in COMPARED:
                new = COMPARED[type(operator)]
                ops = [*node.ops[:at], new(), *node.ops[at + 1 :]]
                yield f"{type(operator).__name__} -> {new.__name__}", {"ops": ops}
    elif isinstance(node, ast.BinOp) and type(node.op) in COUNTED:
        new = COUNTED[type(node.op)]
        yield f"{type(node.op).__name__} -> {new.__name__}", {"op": new()}
    elif isinstance(node, ast.BoolOp):
        new = ast.Or if isinstance(node.op, ast.And) else ast.And
        yield f"{type(node.op).__name__} -> {new.__name__}", {"op": new()}
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        yield f"{node.value} -> {node.value + 1}", {"value": node.value + 1}
    elif isinstance(node, ast.If | ast.IfExp):
        yield "condition negated", {"test": ast.UnaryOp(ast.Not(), node.test)}
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield "sign dropped", {"op": ast.UAdd()}
    elif isinstance(node, ast.Attribute) and node.attr in CALLED:
        yield f"{node.attr} -> {CALLED[node.attr]}", {"attr": CALLED[node.attr]}
    elif isinstance(node, ast.Name) and node.id in CALLED:
        yield f"{node.id} -> {CALLED[node.id]}", {"id": CALLED[node.id]}


def mutants_of(path: str) -> list[Mutant]:
    """Return every mutant of a file."""
    tree, found = ast.parse((ROOT / path).read_text(encoding="utf-8")), []
    for node in places(tree):
        for words, fields in changes(node):
            place = ast.unparse(node).split("\n")[0]
            before = {name: getattr(node, name) for name in fields}
            for name, value in fields.items():
                setattr(node, name, value)
            source = ast.unparse(ast.fix_missing_locations(tree))
            for name, value in before.items():
                setattr(node, name, value)
            found.append(Mutant(path, getattr(node, "lineno", 0), words, place, source))
    return found


def drawn(count: int, seed: int) -> list[Mutant]:
    """Return so many mutants, of each file in proportion to the square root of how many it has."""
    draw = random.Random(seed)
    known = {path: mutants_of(path) for path in map(place_of, TESTS) if (ROOT / path).is_file()}
    known = {path: found for path, found in known.items() if found}
    sizes = {path: len(found) ** 0.5 for path, found in known.items()}
    whole, taken = sum(sizes.values()), []
    for path, found in known.items():
        taken += draw.sample(found, min(len(found), max(1, round(count * sizes[path] / whole))))
    draw.shuffle(taken)
    return taken[:count]


def killed(mutant: Mutant, copy: Path, seconds: float) -> bool | None:
    """Return whether a test fails with the mutant in place; None where the tests run out of time."""
    place, original = copy / mutant.path, (ROOT / mutant.path).read_text(encoding="utf-8")
    files = [test_of(name) for name in TESTS[mutant.path[len("dl_core/") : -len(".py")]].split()]
    options = ["-q", "-x", "-n", "0", "-p", "no:cacheprovider", "--durations", "0"]
    for compiled in (place.parent / "__pycache__").glob(f"{place.stem}.*.pyc"):
        compiled.unlink()  # or the mutant would not be read
    place.write_text(mutant.source, encoding="utf-8")
    child = os.fork()  # with pandas, SciPy and pytest read in already, but nothing of the project
    if not child:
        os.setsid()
        os.chdir(copy)
        sys.path.insert(0, str(copy))
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
        os._exit(int(pytest.main([*options, mutant.path, *files])))
    try:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:  # 2: not even collected
                return os.waitstatus_to_exitcode(status) != 0
            time.sleep(0.02)
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return None
    finally:
        place.write_text(original, encoding="utf-8")


def main() -> None:
    """Try the mutants of one slice and print the survivors."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--slice", default="0/1", help="I/N: every N-th mutant from the I-th on")
    parser.add_argument("--seconds", type=float, default=60.0, help="time limit of one mutant's tests")
    parser.add_argument("--only", default="", help="mutants of files whose path holds this")
    parser.add_argument("--lines", default="", help="mutants of these lines of it, as 12,34")
    args = parser.parse_args()
    first, step = map(int, args.slice.split("/"))
    lines = [int(line) for line in args.lines.split(",") if line]
    known = [one for one in drawn(args.count, args.seed) if args.only in one.path and (not lines or one.line in lines)]
    chosen, survivors, began = known[first::step], [], time.monotonic()
    with tempfile.TemporaryDirectory(prefix="daylight-") as folder:
        copy = Path(folder)
        for name in CODE:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, copy)
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"  # a mutant's bytecode would outlive it within a second
        compileall.compile_dir(copy, quiet=1, workers=1)
        for at, mutant in enumerate(chosen, 1):
            dead = killed(mutant, copy, args.seconds)
            if dead is False:
                survivors.append(mutant)
                print(f"survived: {mutant.path}:{mutant.line} {mutant.words}: {mutant.place}", flush=True)
            elif dead is None:
                print(f"out of time: {mutant.path}:{mutant.line} {mutant.words}: {mutant.place}", flush=True)
            if at % 10 == 0:
                print(f"{at - len(survivors)} of {at} killed, {time.monotonic() - began:.0f} s", flush=True)
    share = 1 - len(survivors) / max(1, len(chosen))
    print(f"{len(chosen) - len(survivors)} of {len(chosen)} mutants killed ({share:.1%})")


if __name__ == "__main__":
    main()
