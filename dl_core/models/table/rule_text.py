"""Rules as an analyst writes them: conditions joined by "and", then a colon and points; one rule a line."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dl_core.errors import OptionError, shorten

OPERATOR = re.compile(r"\s*(>=|<=|!=|==|=|>|<|≥|≤|≠)\s*")
SAME = {"==": "=", "≥": ">=", "≤": "<=", "≠": "!="}
AND = re.compile(r"\s+and\s+", re.IGNORECASE)
EXAMPLE = "a rule such as: amount > 220 and night = 1: 3"
MOST_RULES = 100
MOST_NAMED = 6  # columns that a message names


@dataclass(frozen=True)
class Condition:
    """A column, one of ``> >= < <= = !=`` and a value: a number, or a text for equality."""

    column: str
    operator: str
    value: float | str

    def __str__(self) -> str:
        value = f"{self.value:g}" if isinstance(self.value, float) else self.value
        if isinstance(self.value, float) and float(value) != self.value:
            value = repr(self.value)
        return f"{self.column} {self.operator} {value}"

    def holds(self, table: pd.DataFrame) -> np.ndarray:
        """Return for which rows it holds, (n,) bool; a missing value fulfils nothing but ``!=``."""
        column = table[self.column]
        if isinstance(self.value, str):
            same = (column.astype(object).map(str, na_action="ignore") == self.value).to_numpy(dtype=bool)
            return same if self.operator == "=" else ~same
        values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        compare = {
            ">": np.greater,
            ">=": np.greater_equal,
            "<": np.less,
            "<=": np.less_equal,
            "=": np.equal,
            "!=": np.not_equal,
        }
        return compare[self.operator](values, self.value)


@dataclass(frozen=True)
class Rule:
    """Conditions that must all hold, and the points they are worth."""

    conditions: tuple[Condition, ...]
    points: float

    @property
    def words(self) -> str:
        """The conditions as text, without the points."""
        return " and ".join(map(str, self.conditions))

    def __str__(self) -> str:
        return f"{self.words}: {self.points:g}"

    def fires(self, table: pd.DataFrame) -> np.ndarray:
        """Return for which rows all conditions hold, (n,) bool."""
        found = np.ones(len(table), dtype=bool)
        for condition in self.conditions:
            found &= condition.holds(table)
        return found


def format_rules(rules: Iterable[Rule]) -> str:
    """Return the text that `parse_rules` reads, one rule a line."""
    return "\n".join(map(str, rules))


def parse_rules(text: str, columns: Collection[str], texts: Collection[str] | None = None) -> tuple[Rule, ...]:
    """Return the rules of ``text``, one a line; empty lines and those that begin with # are left out.

    Parameters
    ----------
    text : str
        Lines such as ``amount > 220 and night = 1: 3``. Column names may hold any character, "and" and colons
        included; capitals do not matter. Texts may stand in quotation marks.
    columns : collection of str
        The columns there are.
    texts : collection of str or None
        Those of them that hold text; None where this is not known: then what is no number is a text.

    Raises
    ------
    OptionError
        If a line is no rule; the message names the line, what was found and what was expected.
    """
    rules = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.strip().startswith("#"):
            rules.append(_Line(f"rules, line {number}", columns, texts).rule(line.strip()))
    if len(rules) > MOST_RULES:
        raise OptionError(f"there are {len(rules)} rules", where="rules", expected=f"at most {MOST_RULES}")
    return tuple(rules)


class _Line:
    """What reading one line needs to know."""

    def __init__(self, where: str, columns: Collection[str], texts: Collection[str] | None) -> None:
        self.where, self.texts = where, texts
        self.columns = sorted(columns, key=len, reverse=True)  # the longest name that fits is meant

    def rule(self, line: str) -> Rule:
        """Return the rule of a line."""
        text, colon, points = line.rpartition(":")
        try:
            worth = float(points)
        except ValueError:
            worth = float("nan")
        if not colon or not np.isfinite(worth):
            found = f"{shorten(points.strip(), 30)!r} after the last colon" if colon else "no colon"
            raise OptionError(f"found {found}", where=self.where, expected=f"a colon and points, as in {EXAMPLE}")
        return Rule(tuple(self._conditions(text.strip())), worth)

    def _conditions(self, text: str) -> Iterator[Condition]:
        rest = text
        while True:
            column, operator = self._column(rest)
            sign = SAME.get(operator[1], operator[1])
            value, rest = self._until_and(operator.string[operator.end() :])
            yield Condition(column, sign, self._value(column, sign, value))
            if not rest:
                return

    def _column(self, text: str) -> tuple[str, re.Match[str]]:
        """Return the column that the text begins with, and the operator in the text after it."""
        for column in self.columns:
            operator = OPERATOR.match(text[len(column) :])
            if text[: len(column)].lower() == column.lower() and operator is not None:
                return column, operator
        sign = OPERATOR.search(text)
        if sign is None:
            signs = "one of > >= < <= = != between a column and a value"
            raise OptionError(f"found {shorten(text, 60)!r}", where=self.where, expected=signs)
        named = ", ".join(sorted(self.columns)[:MOST_NAMED]) + (", …" if len(self.columns) > MOST_NAMED else "")
        raise OptionError(
            f"there is no column {shorten(text[: sign.start()].strip(), 60)!r}",
            where=self.where,
            expected=f"one of {named}" if self.columns else "a column",
        )

    def _until_and(self, text: str) -> tuple[str, str]:
        """Return the value that the text begins with, and the next condition or nothing."""
        for found in AND.finditer(text):
            rest = text[found.end() :]
            if OPERATOR.search(rest):  # a condition follows; otherwise the word belongs to the value
                return text[: found.start()].strip(), rest
        return text.strip(), ""

    def _value(self, column: str, sign: str, value: str) -> float | str:
        quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
        text = quoted or (self.texts is not None and column in self.texts)
        if not text:
            try:
                number = float(value)
            except ValueError:
                number = float("nan")
            if np.isfinite(number):
                return number
            text = self.texts is None and bool(value)
        if not text:
            found = f"found {shorten(value, 30)!r} for the column {shorten(column, 60)!r}"
            raise OptionError(found, where=self.where, expected="a number with a decimal point, such as 2.5")
        if sign not in ("=", "!="):
            found = f"found {sign!r} with a text in the column {shorten(column, 60)!r}"
            raise OptionError(found, where=self.where, expected="= or != for texts")
        return value[1:-1] if quoted else value
