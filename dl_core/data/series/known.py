"""Facts about public series, of the M4 competition and of a transformer: `known.toml`."""

from __future__ import annotations

from dl_core.data.catalogue import KnownData, known_facts

KNOWN_SERIES = tuple(KnownData(**facts) for facts in known_facts(__file__))
