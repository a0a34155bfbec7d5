"""How many faults the tests find: ``python benchmarks/mutants.py --count 200``.

Makes seeded mutants of the functions that judge and explain, one at a time in a copy of the project: a comparison
turned round or made strict, + for −, × for ÷, a number one larger, a condition negated, `min` for `max`. Runs the test
files that `TESTS` names for the file, with a time limit, and prints which mutants survive. What changes only words,
types or docstrings is not made.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CODE = ("dl_core", "ui", "pages", "tests", "sample_data", "app.py", "start.py", "pyproject.toml")
TESTS = {  # file: test files of tests/, the likeliest first
    "dl_core/evaluate/formulas.py": "evaluate/test_evaluate_metrics contracts/test_contract_metrics",
    "dl_core/evaluate/metrics.py": "evaluate/test_evaluate_metrics contracts/test_contract_metrics",
    "dl_core/evaluate/metric.py": "evaluate/test_evaluate_metrics contracts/test_contract_metrics",
    "dl_core/evaluate/table/metrics.py": "evaluate/test_evaluate_rare evaluate/test_evaluate_review",
    "dl_core/evaluate/table/review.py": "evaluate/test_evaluate_review evaluate/test_evaluate_rare",
    "dl_core/evaluate/interactions/formulas.py": "evaluate/test_evaluate_ranking_metrics",
    "dl_core/evaluate/series/formulas.py": "evaluate/test_evaluate_series_metrics",
    "dl_core/evaluate/series/metrics.py": "evaluate/test_evaluate_series_metrics",
    "dl_core/evaluate/series/conformal.py": "evaluate/test_evaluate_series_conformal",
    "dl_core/evaluate/series/adaptive.py": "evaluate/test_evaluate_series_conformal",
    "dl_core/evaluate/series/diebold_mariano.py": "evaluate/test_evaluate_series_compare",
    "dl_core/evaluate/quantities.py": "evaluate/test_evaluate_intervals evaluate/test_evaluate_compare",
    "dl_core/evaluate/draws.py": "evaluate/test_evaluate_intervals",
    "dl_core/evaluate/pairs.py": "evaluate/test_evaluate_compare evaluate/test_evaluate_between",
    "dl_core/evaluate/judge.py": "evaluate/test_evaluate_intervals evaluate/test_evaluate_compare",
    "dl_core/evaluate/operating_point.py": "evaluate/test_evaluate_operating_point",
    "dl_core/evaluate/decide.py": "evaluate/test_evaluate_decide",
    "dl_core/evaluate/calibration.py": "evaluate/test_evaluate_calibration",
    "dl_core/evaluate/choice.py": "evaluate/test_evaluate_choice",
    "dl_core/evaluate/leading.py": "evaluate/test_evaluate_leading",
    "dl_core/evaluate/curves.py": "evaluate/test_evaluate_evaluate evaluate/test_evaluate_metrics",
    "dl_core/bias/disparities.py": "bias/test_bias_groups bias/test_bias_check",
    "dl_core/bias/four_fifths.py": "bias/test_bias_groups bias/test_bias_check",
    "dl_core/bias/groups.py": "bias/test_bias_groups bias/test_bias_check",
    "dl_core/data/parts.py": "data/test_data_shared data/test_data_images_split",
    "dl_core/data/table/split.py": "data/test_data_transactions_split",
    "dl_core/data/interactions/split.py": "data/test_data_interactions_split",
    "dl_core/data/series/split.py": "data/test_data_series_split",
    "dl_core/explain/explanation.py": "explain/test_explain_table_rows explain/test_explain_overlay_layers",
    "dl_core/explain/table/rows.py": "explain/test_explain_table_rows explain/test_explain_table_fitted",
    "dl_core/explain/faithfulness.py": "explain/test_explain_faithfulness",
}
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
    source: str


def places(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of functions that a mutant may change, without annotations, messages and defaults of words."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            for statement in function.body:
                yield from _inside(statement)


def _inside(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Raise | ast.FunctionDef | ast.JoinedStr | ast.Import | ast.ImportFrom):
        return
    yield node
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
            before = {name: getattr(node, name) for name in fields}
            for name, value in fields.items():
                setattr(node, name, value)
            source = ast.unparse(ast.fix_missing_locations(tree))
            for name, value in before.items():
                setattr(node, name, value)
            found.append(Mutant(path, getattr(node, "lineno", 0), words, source))
    return found


def drawn(count: int, seed: int) -> list[Mutant]:
    """Return so many mutants, of each file in proportion to the square root of how many it has."""
    draw = random.Random(seed)
    known = {path: mutants_of(path) for path in TESTS if (ROOT / path).is_file()}
    known = {path: found for path, found in known.items() if found}
    sizes = {path: len(found) ** 0.5 for path, found in known.items()}
    whole, taken = sum(sizes.values()), []
    for path, found in known.items():
        taken += draw.sample(found, min(len(found), max(1, round(count * sizes[path] / whole))))
    draw.shuffle(taken)
    return taken[:count]


def killed(mutant: Mutant, copy: Path, seconds: float) -> bool:
    """Return whether a test fails, or runs out of time, with the mutant in place."""
    place, original = copy / mutant.path, (ROOT / mutant.path).read_text(encoding="utf-8")
    files = [f"tests/{name}.py" for name in TESTS[mutant.path].split() if (copy / f"tests/{name}.py").is_file()]
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider", *files, mutant.path]
    place.write_text(mutant.source, encoding="utf-8")
    try:
        return subprocess.run(command, cwd=copy, capture_output=True, timeout=seconds).returncode == 1
    except subprocess.TimeoutExpired:
        return True
    finally:
        place.write_text(original, encoding="utf-8")


def main() -> None:
    """Try the mutants of one slice and print the survivors."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--slice", default="0/1", help="I/N: every N-th mutant from the I-th on")
    parser.add_argument("--seconds", type=float, default=120.0, help="time limit of one mutant's tests")
    args = parser.parse_args()
    first, step = map(int, args.slice.split("/"))
    chosen, survivors, began = drawn(args.count, args.seed)[first::step], [], time.monotonic()
    with tempfile.TemporaryDirectory(prefix="daylight-") as folder:
        copy = Path(folder)
        for name in CODE:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, copy)
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"  # a mutant's bytecode would outlive it within a second
        for at, mutant in enumerate(chosen, 1):
            dead = killed(mutant, copy, args.seconds)
            if not dead:
                survivors.append(mutant)
                print(f"survived: {mutant.path}:{mutant.line} {mutant.words}", flush=True)
            if at % 10 == 0:
                print(f"{at - len(survivors)} of {at} killed, {time.monotonic() - began:.0f} s", flush=True)
    share = 1 - len(survivors) / max(1, len(chosen))
    print(f"{len(chosen) - len(survivors)} of {len(chosen)} mutants killed ({share:.1%})")


if __name__ == "__main__":
    main()
