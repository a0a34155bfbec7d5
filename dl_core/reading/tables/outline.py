"""Where a table begins and ends among its file's cells: titles, header lines, units, rows, footers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from dl_core.reading.tables.values import is_amount

Cells = Sequence[str]  # of one line, as text; empty where nothing stands

NULLS = (  # how files write that nothing is known
    *("", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "?", "-"),
    *("#N/A", "#NA", "#DIV/0!", "#REF!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!"),
)
_EMPTY = frozenset((*NULLS, "--", "---", "–", "—", "..", "..."))  # also what only series call missing
_REGULAR = 0.75  # share of a column's cells of one shape, from which a cell of another shape is no row's
_TOTAL = re.compile(
    r"(grand[ -]?|sub[ -]?)?(total\w*|totaa?l\w*|sums?|summe|gesamt\w*|insgesamt|suma|som[ame]*|итого|всего|合計|总计)"
    r"\W*",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(1[5-9]|2[01])\d\d")


@dataclass(frozen=True)
class Outline:
    """Which lines of a file are what.

    Parameters
    ----------
    names : tuple of str or None
        Names of the columns as the header lines give them, some perhaps empty; None where there is no header line.
    first : int
        Line of the first row, from 0.
    width : int
        Number of columns.
    header : int or None
        Last line of the header, from 0.
    sure : bool
        Whether content tells that there is a header, or that there is none.
    units : mapping of int to str
        Units that a line below the header gives, by column.
    said : tuple of str
        What was skipped or joined, in words.
    """

    names: tuple[str, ...] | None
    first: int
    width: int
    header: int | None = None
    sure: bool = True
    units: dict[int, str] = field(default_factory=dict)
    said: tuple[str, ...] = ()

    def without_header(self) -> Outline:
        """Return the outline where the header line is a row like the others."""
        first = self.first if self.header is None else self.header
        return replace(self, names=None, first=first, header=None)


def outline_of(lines: Sequence[Cells]) -> Outline | None:
    """Return where the table lies in the first lines of a file, None where they hold none.

    A column is regular where most of its cells have one shape ("0-0-0", "a0"), which holds a digit. The first line
    whose cells have these shapes is the first row; the filled lines right above it are the header.
    """
    filled = [[at for at, cell in enumerate(line) if cell not in _EMPTY] for line in lines]
    usual = _usual([len(cells) for cells in filled if cells])
    full = [at for at, cells in enumerate(filled) if len(cells) >= max(1, (usual + 1) // 2)]
    if not full:
        return None
    shapes = [[_shape(cell) for cell in line] for line in lines]
    regular = _regular([shapes[at] for at in full[1:] or full])
    start = next((at for at in full if _is_row(shapes[at], regular, at == full[0])), full[0]) if regular else full[0]
    if not regular:
        return _of_words(lines, full)
    if start == full[0] and _is_header_of_steps(lines[start], [lines[at] for at in full[1:]], regular):
        start = full[1] if len(full) > 1 else start
    else:
        # rows with many gaps
        while start > full[0] and filled[start - 1] and _is_row(shapes[start - 1], regular, start - 1 == full[0]):
            start -= 1
    heads = _heads(filled, start, usual)
    width = _width([lines[at] for at in heads], [lines[at] for at in full if at >= start])
    above = sum(1 for at in range(heads[0] if heads else start) if filled[at])
    said = [f"{above} line{'s' * (above > 1)} above the table skipped"] if above else []
    if not heads:
        return Outline(None, start, width, said=tuple(said))
    names, units, told = _named([lines[at] for at in heads], width)
    return Outline(names, start, width, heads[-1], True, units, (*said, *told))


def footer_of(lines: Sequence[Cells]) -> int:
    """Return how many of the last lines are no rows: blank ones, sources and notes, totals."""
    filled = [[at for at, cell in enumerate(line) if cell not in _EMPTY] for line in lines]
    usual = _usual([len(cells) for cells in filled if cells])
    shapes = [[_shape(cell) for cell in line] for line in lines]
    regular = _regular([shape for shape, cells in zip(shapes, filled, strict=True) if len(cells) * 2 >= usual])
    count = 0
    for line, cells, shape in zip(reversed(lines), reversed(filled), reversed(shapes), strict=True):
        fits = any(_fits(shape, at, kinds) for at, kinds in regular.items())
        odd = any(at in cells and not _fits(shape, at, kinds) for at, kinds in regular.items())
        words = usual > 1 and not fits and bool(regular) and (len(cells) < 2 or (odd and len(cells) < usual))
        total = bool(cells) and usual > 1 and _TOTAL.fullmatch(line[cells[0]].strip()) is not None
        if cells and not words and not total:
            break
        count += 1
    return count if count < len(lines) else 0


def _width(heads: Sequence[Cells], rows: Sequence[Cells]) -> int:
    """Return the number of columns: that of most rows, or of names where these are more."""
    named = max((at + 1 for line in heads for at, cell in enumerate(line) if cell.strip()), default=0)
    return max(named, _usual([len(row) for row in rows]))


def _usual(counts: Sequence[int]) -> int:
    """Return the number of filled cells that most of the later lines have, the larger of two that are as common."""
    later = counts[len(counts) // 3 :]
    found = Counter(later)
    return max(found, key=lambda count: (found[count], count)) if found else 0


def _shape(cell: str) -> str:
    """Return what kind of cell it is: "" for nothing, "0" for a number, else its runs of letters and digits."""
    text = cell.strip()
    if text in _EMPTY:
        return ""
    if is_amount(text):
        return "0"
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "0", text))


def _regular(shapes: Sequence[Sequence[str]]) -> dict[int, frozenset[str]]:
    """Return the shapes of each column whose cells are mostly numbers, stamps or codes: those of a tenth at least."""
    found = {}
    for at in range(max(map(len, shapes), default=0)):
        counts = Counter(line[at] for line in shapes if len(line) > at and line[at])
        total = counts.total()
        kinds = frozenset(kind for kind, count in counts.items() if "0" in kind and count >= max(1, 0.1 * total))
        if kinds and sum(counts[kind] for kind in kinds) >= _REGULAR * total and len(kinds) <= 3:
            found[at] = kinds
    return found


def _fits(shapes: Sequence[str], at: int, kinds: frozenset[str]) -> bool:
    return len(shapes) > at and shapes[at] in kinds


def _is_row(shapes: Sequence[str], regular: dict[int, frozenset[str]], top: bool = False) -> bool:
    """Return whether half of a line's cells have the shapes of their columns; in the topmost line nearly all must."""
    filled = [at for at in regular if len(shapes) > at and shapes[at]]
    fits = sum(_fits(shapes, at, regular[at]) for at in filled)
    first = min(regular)
    if top and fits < len(filled):
        return 2 * fits > len(filled) and _fits(shapes, first, regular[first])
    return fits > 0 and 2 * fits >= len(filled)


def _is_header_of_steps(line: Cells, rows: Sequence[Cells], regular: dict[int, frozenset[str]]) -> bool:
    """Return whether a line of numbers names columns: years, numbers one after the other, or beside an empty corner."""
    cells = [line[at].strip() for at in regular if len(line) > at and line[at].strip()]
    corner = bool(line) and not line[0].strip() and all(row and row[0].strip() for row in rows)
    if not cells or not all(cell.isdigit() for cell in cells):
        return corner and len(set(cells)) == len(cells)
    numbers = [int(cell) for cell in cells]
    steps = {second - first for first, second in zip(numbers, numbers[1:], strict=False)}
    grows = steps == {1}
    named = bool(line[0].strip()) and not line[0].strip()[0].isdigit()
    return corner or (all(map(_YEAR.fullmatch, cells)) and bool(rows) and named) or (grows and len(cells) > 1)


def _heads(filled: Sequence[Sequence[int]], start: int, usual: int) -> list[int]:
    """Return the header lines right above the first row: filled, without a gap, and no lone title above them."""
    heads: list[int] = []
    for at in range(start - 1, -1, -1):
        least = 1 if usual == 1 or (not heads and filled[at][:1] == [0]) else 2
        if len(filled[at]) < least:
            break
        heads.insert(0, at)
    if len(heads) > 1 and usual > 1:
        while len(heads) > 1 and len(filled[heads[0]]) < min(2, usual):
            heads.pop(0)
    return heads


def _named(heads: Sequence[Cells], width: int) -> tuple[tuple[str, ...], dict[int, str], tuple[str, ...]]:
    """Return the names that one or more header lines give together, units by column, and what was done in words."""
    lines = [[cell.strip() for cell in [*line, *[""] * (width - len(line))]][: max(width, len(line))] for line in heads]
    if len(lines) == 1:
        return tuple(lines[0]), {}, ()
    upper = lines[0]
    if len(lines) == 2 and _is_full(upper, lines[1]):
        units = {at: cell for at, cell in enumerate(lines[1]) if cell and at < len(upper)}
        return tuple(upper), units, ("a line of units below the header",)
    index = [at for at, cell in enumerate(lines[-1]) if cell] if sum(map(bool, lines[-1])) < width / 2 else []
    spread_out = [_filled_on(line) if line is not lines[-1] else line for line in lines]
    plain = [line for line in spread_out if len({cell for cell in line[1:] if cell}) > 1] or spread_out[-1:]
    names = []
    for at in range(width):
        parts = [line[at] for line in plain if at < len(line) and line[at]]
        own = lines[-1][at] if at < len(lines[-1]) else ""
        only = at in index or not _spans(lines[:-1], at)
        names.append(own if only and own else " / ".join(dict.fromkeys(parts)))
    return tuple(names), {}, (f"names of {len(lines)} header lines joined",)


def _is_full(upper: Cells, lower: Cells) -> bool:
    """Return whether the upper of two lines names every column, each by a name of its own, and the lower does not."""
    there = [cell for cell in upper if cell]
    under = [cell for cell in lower if cell]
    whole = len(there) == len(upper) or (len(there) >= len(upper) - 1 and bool(upper[0]))
    return whole and len(set(there)) == len(there) and not (len(under) == 1 and lower[0] != "")


def _spans(upper: Sequence[Cells], at: int) -> bool:
    """Return whether a name above covers a column: one stands over it or, merged, to its left."""
    return any(any(line[: at + 1]) for line in upper)


def _filled_on(line: Sequence[str]) -> list[str]:
    """Return a line whose empty cells repeat what stands to their left, as merged cells mean."""
    found, last = [], ""
    for cell in line:
        last = cell or last
        found.append(last)
    return found


def _of_words(lines: Sequence[Cells], full: Sequence[int]) -> Outline:
    """Return the outline where no column is regular: the first filled line is the header, unless its words recur."""
    head, rows = full[0], full[1:]
    width = _width([lines[head]], [lines[at] for at in rows])
    cells = [cell.strip() for cell in lines[head]]
    others = [[cell.strip() for cell in lines[at]] for at in rows]
    recurs = any(
        cell and cell in line[at : at + 1] and line != cells for line in others for at, cell in enumerate(cells)
    )
    above = sum(1 for at in range(head) if any(cell.strip() for cell in lines[at]))
    said = (f"{above} line{'s' * (above > 1)} above the table skipped",) if above else ()
    if recurs and rows:
        return Outline(None, head, width, said=said)
    return Outline(tuple(cells), rows[0] if rows else head + 1, width, head, sure=False, said=said)
