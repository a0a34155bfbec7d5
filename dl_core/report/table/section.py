"""What a report shows of an explained row of a table: its strongest features and what each adds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from dl_core.report.content import ClassExample


@dataclass(frozen=True, kw_only=True)
class TableExample(ClassExample):
    """A row with the ``values`` of its features, where the explanation has none of its own."""

    values: Mapping[str, Any] = field(default_factory=dict)

    template: ClassVar[str] = "case_table.html.j2"

    def shown(self) -> dict[str, Any]:
        """Return what the template prints."""
        about = self.explanation
        known = {**self.values, **dict(zip(about.features, getattr(about, "values", ()), strict=False))}
        features = [(name, known.get(name, ""), weight) for name, weight in about.strongest()]
        return {**super().shown(), "features": features}
