"""Keyed pseudonyms: the same value has the same one wherever the same key is used, and nobody without it can tell."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from dl_core.files import home_folder, storage_errors

_FILE = "pseudonyms.key"
_LETTERS = 12  # of five bits each: two of a million accounts share one with a chance of 1 in 2 million


def workspace_key(home: Path | None = None) -> bytes:
    """Return the workspace's own key, 32 random bytes in a file that only its owner can read; made when first asked."""
    path = home_folder(home) / _FILE
    with storage_errors(_FILE):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{_FILE}.{os.getpid()}.part")
        if not path.exists():
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(secrets.token_bytes(32))
            try:
                os.link(part, path)  # fails where another process was first, whose key then counts
            except FileExistsError:
                pass
            finally:
                part.unlink()
        return path.read_bytes()


def derived_key(content: bytes) -> str:
    """Return the key of one data set, in hex: it follows from the workspace's key and the content, and from neither."""
    return hmac.digest(workspace_key(), hashlib.sha256(content).digest(), "sha256").hex()


def pseudonyms(column: pd.Series, key: str, word: str, tidy: Callable[[str], str] = str.strip) -> pd.Series:
    """Return a column with its values replaced by keyed pseudonyms such as ``"card k7q2m9x4tzab"``.

    Parameters
    ----------
    column : pandas.Series
        (n,) keys, as numbers or text; blanks stay missing.
    key : str
        In hex.
    word : str
        What they are called.
    tidy : callable
        Returns the one spelling of a value.
    """
    codes, found = pd.factorize(column)
    secret = bytes.fromhex(key)
    named = [_pseudonym(tidy(plain_key(value)), secret, word) for value in found]
    return pd.Series(np.array([*named, None], dtype=object)[codes], index=column.index, name=column.name).astype("str")


def plain_key(value: object) -> str:
    """Return a key as text: whole numbers without a decimal point, no outer blanks."""
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
    return re.sub(r"^(\d+)\.0+$", r"\1", text)


def _pseudonym(text: str, key: bytes, word: str) -> str | None:
    if not text:
        return None
    said = base64.b32encode(hmac.digest(key, text.casefold().encode(), "sha256")).decode()
    return f"{word} {said[:_LETTERS].lower()}"
