"""Ids that cannot be guessed and are safe as folder names."""

from __future__ import annotations

import re
import secrets

from dl_core.errors import AccessError

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{7,63}")


def new_id() -> str:
    """Return a fresh id with 96 random bits that starts with a letter, so that no tool takes it for an option."""
    return "d" + secrets.token_urlsafe(12)


def is_id(text: object) -> bool:
    """Return whether ``text`` has the form of an id, and so cannot lead out of its folder."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def check_id(text: object, what: str = "item") -> str:
    """Return ``text`` if it has the form of an id.

    Raises
    ------
    AccessError
        If it has not; the words are those for an id that does not exist or belongs to someone else.
    """
    if not isinstance(text, str) or not is_id(text):
        raise no_access(what)
    return text


def no_access(what: str) -> AccessError:
    """Return the one error for "not there" and "not yours", so that it does not reveal which of them holds."""
    return AccessError(
        f"there is no {what} of that id here", todo="open it from your own list, or ask its owner to share it"
    )
