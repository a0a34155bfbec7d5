"""Where a data set comes from, as stated by a file beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from dl_core.data.dataset import Source
from dl_core.errors import SchemaError

UPLOADED = Source("uploaded by the user")


def source_of(path: Path | None) -> Source:
    """Return title and licence from a ``source.json``; without one the user has uploaded the data.

    Raises
    ------
    SchemaError
        If it is not a JSON object.
    """
    if path is None:
        return UPLOADED
    try:
        stated = json.loads(path.read_text(encoding="utf-8"))
        texts: Mapping[str, str] = {key: str(stated.get(key, ""))[:500] for key in Source.__dataclass_fields__}
    except (ValueError, AttributeError, OSError) as error:
        raise SchemaError(
            "it is not a JSON object", where="source.json", expected="title, licence, url, notice, simulated"
        ) from error
    return Source(**{key: text for key, text in texts.items() if text} | {"title": texts["title"] or "not stated"})
