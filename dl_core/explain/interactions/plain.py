"""What the items of a history add to a recommendation: as lines of a file, and as plain JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from dl_core.explain.explanation import Explanation, finite, strongest

MOST_BARS = 12  # items that are named one by one


@dataclass(frozen=True)
class ItemContributions(Explanation):
    """What each item of a user's history adds to the score of a recommended item.

    ``row`` is the user, ``target`` the item's id, ``features`` are the ids of the history's items, oldest first, with
    ``titles``. ``score`` and ``base``, that of an empty history, are the recommender's, on no common scale.
    """

    titles: tuple[str, ...] = ()
    base: float = float("nan")

    case: ClassVar[str] = "user"
    measure: ClassVar[str] = "score"

    @property
    def gap(self) -> float:
        """What the contributions miss of the score's distance from the base."""
        return self.score - self.base - float(self.heat.sum(dtype=float))

    def line(self) -> dict[str, Any]:
        """Return the user's line in ``explanations.csv``."""
        return self.about() | {"base": self.base}

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Return ``because``: a line for each item of the history, the strongest first."""
        titles = dict(zip(self.features, self.titles, strict=True))
        about = {"user": self.row, "recommended": self.target, "model": self.model, "method": self.method}
        return {
            "because": [
                {**about, "because": item, "title": titles[item], "part": part} for item, part in self.strongest(None)
            ]
        }

    def as_json(self) -> dict[str, Any]:
        """Return the strongest items as ``bars``, those of one item added up, and the rest as one number, ``other``."""
        weights: dict[str, float] = {}
        for item, weight in zip(self.features, self.heat.reshape(-1).tolist(), strict=True):
            weights[item] = weights.get(item, 0.0) + float(weight)
        titles, ordered = dict(zip(self.features, self.titles, strict=True)), strongest(weights.items())
        about = super().as_json()
        del about["features"]
        return {
            **about,
            "bars": [{"item": item, "title": titles[item], "weight": part} for item, part in ordered[:MOST_BARS]],
            "other": sum(part for _, part in ordered[MOST_BARS:]),
            "others": len(ordered[MOST_BARS:]),
            "base": finite(self.base),
        }


def reason(bars: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the bar that speaks most for the recommendation; None where none does.

    The longest bar is no reason where it speaks against it.
    """
    best = max(bars, key=lambda bar: bar["weight"], default=None)
    return best if best is not None and best["weight"] > 0 else None
