"""The errors a user may see, one class a kind.

Every message answers four questions: where, what was found, what was expected, what to do. Anything else that
escapes is a fault of ours: it is logged with a run id and shown as such.
"""

from __future__ import annotations

LONGEST_VALUE = 80  # characters of a user's own value that a message repeats


def shorten(value: object, limit: int = LONGEST_VALUE) -> str:
    """Return ``value`` as text cut to ``limit`` characters, so that no message prints a whole file."""
    text = str(value).replace("\n", " ").replace("\r", " ")
    return text if len(text) <= limit else text[: limit - 1] + "…"


def counted(number: float, one: str, many: str = "") -> str:
    """Return a count with its noun, ``many`` of which is ``one`` with an s unless it is given.

    Examples
    --------
    >>> counted(1, "row"), counted(2000, "row"), counted(3, "image is", "images are")
    ('1 row', '2,000 rows', '3 images are')
    """
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


class DaylightError(Exception):
    """A mistake or a limit that the user can do something about.

    Parameters
    ----------
    problem : str
        What was found, as a clause without a full stop ("the file is empty").
    where : str
        File, row or column that it concerns; may be empty.
    expected : str
        What would have been right; may be empty.
    todo : str
        The next step for the user, as a sentence without a full stop; may be empty.
    """

    def __init__(self, problem: str, *, where: str = "", expected: str = "", todo: str = "") -> None:
        self.problem, self.where, self.expected, self.todo = problem, shorten(where, 160), expected, todo
        super().__init__(self.line())

    def line(self) -> str:
        """Return the whole message as one line."""
        text = f"{self.where}: {self.problem}" if self.where else self.problem[:1].upper() + self.problem[1:]
        if self.expected:
            text += f"; expected {self.expected}"
        text += "."
        if self.todo:
            text += f" {self.todo[:1].upper() + self.todo[1:]}."
        return text

    def as_dict(self) -> dict[str, str]:
        """Return the parts as plain JSON, for a job's record."""
        return {
            "kind": type(self).__name__,
            "problem": self.problem,
            "where": self.where,
            "expected": self.expected,
            "todo": self.todo,
            "line": self.line(),
        }


class FileError(DaylightError):
    """A file that cannot be read as what it claims to be."""


class ArchiveError(FileError):
    """An archive that is damaged or unsafe (paths outside, links, bombs)."""


class LimitError(DaylightError):
    """Something larger than the limits allow."""


class SchemaError(DaylightError):
    """Data that does not have the columns, labels or types a domain needs."""


class LabelError(SchemaError):
    """Data without the labels that training needs; they can be read, and predicted, all the same."""


class OptionError(DaylightError):
    """A choice (model, metric, option, group) that does not exist or does not fit."""


class RunError(DaylightError):
    """A run, bundle or data set that is missing, damaged or not ours."""


class AccessError(DaylightError):
    """Something that belongs to someone else."""


class NetworkError(DaylightError):
    """A download that could not be made."""


class StorageError(DaylightError):
    """A disk or bucket that is full or cannot be written."""


class BusyError(DaylightError):
    """The same work is already under way."""


class CancelledError(DaylightError):
    """The user, or a time limit, ended the work."""
