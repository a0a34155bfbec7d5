"""Options of reading and splitting, typed and checked; one that is empty or missing has its default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dl_core.errors import OptionError, shorten

MOST_HELD = 0.5  # share of all rows that one held-out part may take
_ENDLESS = 1e9


def choice_of(options: Mapping[str, Any], name: str, choices: Sequence[str]) -> str:
    """Return one of the choices, the first where none is made.

    Raises
    ------
    OptionError
        If it is not among them.
    """
    choice = str(options.get(name) or choices[0])
    if choice not in choices:
        raise OptionError(
            f"{shorten(choice, 20)!r} is not offered", where=f"option {name}", expected=", ".join(choices)
        )
    return choice


def number_of(
    options: Mapping[str, Any], name: str, default: float = 0.0, least: float = 0.0, most: float = _ENDLESS
) -> float:
    """Return a number within its bounds.

    Raises
    ------
    OptionError
        If it is none, or out of bounds.
    """
    wish = options.get(name)
    try:
        number = default if wish in (None, "") else float(wish)
    except (TypeError, ValueError):
        raise OptionError(f"{wish!r} is no number", where=f"option {name}", expected="a number") from None
    if not least <= number <= most:
        expected = f"{least:g} or more" if most == _ENDLESS else f"from {least:g} to {most:g}"
        problem = f"{wish} is below {f'{least:g}' if least else 'zero'}" if number < least else f"{wish} does not fit"
        raise OptionError(problem, where=f"option {name}", expected=expected)
    return number


def whole_of(options: Mapping[str, Any], name: str, default: int = 0, least: int = 0) -> int:
    """Return a whole number, as `number_of` does."""
    number = number_of(options, name, default, least)
    if number % 1:
        raise OptionError(f"{options[name]!r} is no whole number", where=f"option {name}", expected="a whole number")
    return int(number)


def share_of(options: Mapping[str, Any], name: str, default: float) -> float:
    """Return a share of the rows that a part may take: above 0, at most `MOST_HELD`.

    Raises
    ------
    OptionError
        If it is no such share.
    """
    share = number_of(options, name, default, least=-_ENDLESS)
    if not 0 < share <= MOST_HELD:
        raise OptionError(f"{share:g} is no share", where=f"option {name}", expected=f"above 0, at most {MOST_HELD:g}")
    return share
