"""Facts about MovieLens, public ratings of films: `known.toml`."""

from __future__ import annotations

from dl_core.data.catalogue import KnownData, known_facts

KNOWN_INTERACTIONS = tuple(KnownData(**facts) for facts in known_facts(__file__))
