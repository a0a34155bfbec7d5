"""Where a data set comes from: stated by a file beside it, known by its name, or uploaded."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from dl_core.data.dataset import Source
from dl_core.data.images.known import known_stem
from dl_core.errors import SchemaError
from dl_core.reading.collect import Collected


def source_of(sides: Sequence[tuple[str, Collected]]) -> Source:
    """Return title and licence from a ``source.json`` beside the images, or of a known data set."""
    for _, side in sides:
        if side.source is not None:
            return _stated(side.source)
        for item in side.arrays:
            known = known_stem(item.name)
            if known is not None:
                return Source(known.title, known.licence, known.page)
    return Source("uploaded by the user")


def _stated(path: Path) -> Source:
    try:
        stated = json.loads(path.read_text(encoding="utf-8"))
        texts: Mapping[str, str] = {key: str(stated.get(key, ""))[:500] for key in Source.__dataclass_fields__}
    except (ValueError, AttributeError, OSError) as error:
        raise SchemaError(
            "it is not a JSON object", where="source.json", expected="title, licence, url, notice, simulated"
        ) from error
    return Source(**{key: text for key, text in texts.items() if text} | {"title": texts["title"] or "not stated"})
