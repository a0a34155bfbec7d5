"""The noun `Reading`: how files were understood; plain, frozen, the same for the same files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from shlex import quote
from typing import Any

from dl_core.errors import SchemaError


class Verdict(StrEnum):
    """How sure a reading is: it goes on, it goes on and says so, or it asks."""

    CERTAIN = "certain"
    ASSUMED = "assumed"
    OPEN = "open"


LEFT_OUT = "left out"  # the role of a column, and the part of a file, that takes no part
_SHARED = frozenset(  # keys that every kind has; what a kind says of itself stands under others
    [
        "domain",
        "kind",
        "rows",
        "files",
        "layout",
        "columns",
        "target",
        "unit",
        "split",
        "questions",
        "assumed",
        "findings",
        "roles",
        "options",
    ]
)
PARTS = ("images", "masks", "table", "side table", "test", "future", LEFT_OUT)
NAMED, ASKED, TRAINED, CONTENT = "by name", "as asked", "as in the training data", "by content"


@dataclass(frozen=True)
class FileReading:
    """What part one file (or one folder of alike files) plays, and how it is written.

    Parameters
    ----------
    name : str
        As uploaded; of a file in an archive the path inside it.
    part : str
        One of `PARTS`.
    why : str
        One clause: what made it that part, or why it was left out.
    rows : int or None
        Rows or images it gave.
    written : str
        Format, encoding, delimiter, sheet and header line in words, where there is something to say.
    """

    name: str
    part: str
    why: str
    rows: int | None = None
    written: str = ""


@dataclass(frozen=True)
class ColumnReading:
    """One column (or array, or folder level) of a file: what it is taken for, and why.

    Parameters
    ----------
    file, name : str
    role : str
        A `Role`, or `LEFT_OUT`.
    type : str
        ``"number"``, ``"time"``, ``"truth"``, ``"text"``, ``"image"`` …
    why : str
        By name, content, position or as asked, in a clause that a user understands; of what was left out the reason.
    verdict : Verdict
    unit : str
        Of a quantity ("years", "€"), or empty.
    alternatives : tuple of str
        Other roles that fit too.
    examples : tuple of str
        The first distinct values; none of a column that is locked.
    locked : bool
        A secret (card number, national id, e-mail …): never a feature, never stored, shown or exported in clear.
    """

    file: str
    name: str
    role: str
    type: str
    why: str
    verdict: Verdict = Verdict.CERTAIN
    unit: str = ""
    alternatives: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    locked: bool = False


@dataclass(frozen=True)
class Choice:
    """One answer to a question: what it says, and what it puts into the request.

    Parameters
    ----------
    text : str
        As the button says it.
    roles : mapping of str to tuple of str
        Role to columns; an empty tuple says that there is none.
    options : mapping of str to Any
        Read options.
    """

    text: str
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    def arguments(self) -> str:
        """Return how the command line gives the answer.

        Examples
        --------
        >>> Choice("level", {"label": ("class label",)}, {"window": "wide"}).arguments()
        "--role 'label=class label' --option window=wide"
        """
        words = [
            *(("--role", f"{role}={name}") for role, names in self.roles.items() for name in names or ("none",)),
            *(("--option", f"{name}={value}") for name, value in self.options.items()),
        ]
        return " ".join(f"{word} {quote(value)}" for word, value in words)


@dataclass(frozen=True)
class Question:
    """What cannot be known from the files, and must not be guessed.

    Parameters
    ----------
    about : str
        ``"target"``, ``"positive"``, ``"taken"``, ``"time"``, ``"unit"``, ``"split"``, ``"header"``, ``"window"``,
        ``"value"``, ``"missing"`` …
    text : str
        One sentence with the columns and values it is about.
    choices : tuple of Choice
        Likeliest first; at least two.
    """

    about: str
    text: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Target:
    """The column that models learn to tell, with its values and how often each occurs."""

    column: str
    values: Mapping[str, int]
    positive: str = ""
    unlabelled: int = 0


@dataclass(frozen=True)
class Reading:
    """How the files of a request were understood.

    Parameters
    ----------
    kind : str
        Of row.
    rows : int
        Of the data set that is made; 0 while a question is open that no data set can be made without.
    layout : str
        In words: class folders, one-hot table, long, wide, a row a series …
    files : tuple of FileReading
    columns : tuple of ColumnReading
        All of them, those that were left out too.
    target : Target or None
    unit : mapping or None
        What stays together in a split: ``{"name": …, "units": …}``.
    split : mapping
        ``{"given": bool, "counts": {"training": n, "validation": n, "test": n}}``; counts only of a given split.
    about : mapping
        What a kind says of itself under its own name (``"series"``, ``"interactions"``).
    questions : tuple of Question
        Those that are open.
    assumed : tuple of str
        What was assumed, one sentence each, for the top of the card.
    findings : tuple of mapping
        ``{"level", "text", "count"}``, worst first, equal ones folded into one.
    roles : mapping of str to tuple of str
        What the columns were taken for, as a request says it: with ``options`` these give the same reading again.
    options : mapping of str to Any
        Read options that are not at their default.
    """

    kind: str
    rows: int = 0
    layout: str = ""
    files: tuple[FileReading, ...] = ()
    columns: tuple[ColumnReading, ...] = ()
    target: Target | None = None
    unit: Mapping[str, Any] | None = None
    split: Mapping[str, Any] = field(default_factory=lambda: {"given": False})
    about: Mapping[str, Any] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()
    assumed: tuple[str, ...] = ()
    findings: tuple[Mapping[str, Any], ...] = ()
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        """Whether a question has to be answered before there is a data set."""
        return bool(self.questions)

    @property
    def certain(self) -> bool:
        """Whether nothing had to be asked or assumed."""
        unsure = any(one.verdict != Verdict.CERTAIN for one in self.columns)
        return not (self.questions or self.assumed or unsure)

    def with_findings(self, findings: Iterable[Any]) -> Reading:
        """Return the reading with more findings of the data, worst first, those of equal level and text folded."""
        found = {(one["level"], one["text"]): int(one["count"]) for one in self.findings}
        for one in findings:
            key = (one.level, one.message)
            found[key] = found.get(key, 0) + max(1, len(one.rows))
        levels = ("error", "warning", "info")
        ordered = sorted(found.items(), key=lambda item: levels.index(item[0][0]))
        told = tuple({"level": level, "text": text, "count": count} for (level, text), count in ordered)
        return replace(self, findings=told)

    def after(self, before: Reading | None, roles: Mapping[str, Sequence[str]]) -> Reading:
        """Return this reading of kept rows in the words of the files that they came from.

        Parameters
        ----------
        before : Reading or None
            How those files were understood; what was left out of them then is not there any more.
        roles : mapping of str to sequence of str
            Columns of the rows by role.
        """
        if before is None:
            return self
        role_of = {name: str(role) for role, names in roles.items() for name in names}
        now = {one.name: one for one in self.columns}
        columns = []
        for one in before.columns:
            role = role_of.get(one.name, LEFT_OUT)
            again = now.get(one.name, one)
            why = again.why if role == again.role else ASKED
            columns.append(replace(again, file=one.file, role=role, why=one.why if role == one.role else why))
        return replace(self, files=before.files, layout=before.layout, columns=tuple(columns), roles=_tuples(roles))

    def column(self, name: str) -> ColumnReading | None:
        """Return the first column of that name, or None."""
        return next((one for one in self.columns if one.name == name), None)

    def as_dict(self) -> dict[str, Any]:
        """Return the contract's plain JSON; keys that do not apply are absent."""
        said: dict[str, Any] = {
            "kind": self.kind,
            "rows": self.rows,
            "files": [asdict(one) for one in self.files],
            "layout": self.layout,
            "columns": [{**asdict(one), "verdict": str(one.verdict)} for one in self.columns],
            "target": None if self.target is None else asdict(self.target),
            "unit": None if self.unit is None else dict(self.unit),
            "split": dict(self.split),
            **self.about,
            "questions": [
                {
                    "about": one.about,
                    "text": one.text,
                    "choices": [choice.text for choice in one.choices],
                    "answers": [{"roles": _lists(c.roles), "options": dict(c.options)} for c in one.choices],
                }
                for one in self.questions
            ],
            "assumed": list(self.assumed),
            "findings": [dict(one) for one in self.findings],
            "roles": _lists(self.roles),
            "options": dict(self.options),
        }
        return {key: value for key, value in said.items() if value is not None and value != ""}

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Reading:
        """Return the reading that `as_dict` wrote.

        Raises
        ------
        SchemaError
            If it is none.
        """
        try:
            target = said.get("target")
            return cls(
                kind=said["kind"],
                rows=int(said.get("rows", 0)),
                layout=said.get("layout", ""),
                files=tuple(FileReading(**one) for one in said.get("files", ())),
                columns=tuple(
                    ColumnReading(
                        **{
                            **one,
                            "verdict": Verdict(one["verdict"]),
                            "alternatives": tuple(one["alternatives"]),
                            "examples": tuple(one["examples"]),
                        }
                    )
                    for one in said.get("columns", ())
                ),
                target=None if target is None else Target(**target),
                unit=said.get("unit"),
                split=said.get("split", {"given": False}),
                about={key: value for key, value in said.items() if key not in _SHARED},
                questions=tuple(
                    Question(
                        one["about"],
                        one["text"],
                        tuple(
                            Choice(text, _tuples(answer["roles"]), answer["options"])
                            for text, answer in zip(one["choices"], one["answers"], strict=True)
                        ),
                    )
                    for one in said.get("questions", ())
                ),
                assumed=tuple(said.get("assumed", ())),
                findings=tuple(said.get("findings", ())),
                roles=_tuples(said.get("roles", {})),
                options=said.get("options", {}),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise SchemaError(
                "it is no reading", expected="what `read --json` printed", todo="print it again with `read --json`"
            ) from error


def _lists(roles: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    return {str(role): list(columns) for role, columns in roles.items()}


def _tuples(roles: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    return {str(role): tuple(columns) for role, columns in roles.items()}


class QuestionError(SchemaError):
    """A question about the data is open; ``reading`` holds it, its choices, and all that was understood."""

    def __init__(self, reading: Reading, *, where: str = "") -> None:
        first = reading.questions[0]
        self.reading = reading
        answers = "; ".join(f"{choice.text} ({choice.arguments()})" for choice in first.choices)
        super().__init__(
            first.text.rstrip("."), where=where, expected=f"one of: {answers}", todo="answer it, then read again"
        )
