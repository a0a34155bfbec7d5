"""What drove a forecast, and the parts that it is the sum of: as lines of a file, and as plain JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from dl_core.explain.explanation import Explanation, finite, safe_heat, strongest


@dataclass(frozen=True)
class ForecastExplanation(Explanation):
    """An account of the forecast of the series ``row``; ``score`` is what was forecast, in the series' unit."""

    case: ClassVar[str] = "series"
    measure: ClassVar[str] = "score"

    def line(self) -> dict[str, Any]:
        """Return the series' line in ``explanations.csv``."""
        return self.about()

    def as_json(self) -> dict[str, Any]:
        """Return names of the columns and ``weights`` (one list a row of ``heat``) as plain JSON."""
        return {
            **super().as_json(),
            "features": list(self.features),
            "values": [],
            "typical": [],
            "steps": 0,
            "parts": [],
            "weights": safe_heat(self.heat),
            "base": None,
        }


@dataclass(frozen=True)
class ForecastDrivers(ForecastExplanation):
    """What each past step and covariate adds to a forecast that starts from ``base``, that of a usual history.

    The first ``steps`` of ``features`` are past steps, named by their time; the others are covariates. ``values`` are
    what stood there as text, ``typical`` what stands in for it.
    """

    values: tuple[str, ...] = ()
    typical: tuple[str, ...] = ()
    steps: int = 0
    base: float = float("nan")

    @property
    def gap(self) -> float:
        """What the weights miss of the forecast's distance from the usual one."""
        return self.score - self.base - float(self.heat.sum(dtype=float))

    @property
    def covariates(self) -> list[tuple[str, float]]:
        """What each covariate adds, the strongest first."""
        weights = self.heat[0].tolist()[self.steps :]
        return strongest(zip(self.features[self.steps :], weights, strict=True))

    def line(self) -> dict[str, Any]:
        """Return the series' line in ``explanations.csv``."""
        return self.about() | {"base": self.base}

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Return ``drivers``: a line for each past step and covariate."""
        about = {"series": self.row, "model": self.model, "method": self.method, "explained": self.target}
        found = zip(self.features, self.values, self.typical, self.heat[0].tolist(), strict=True)
        return {
            "drivers": [
                {**about, "step or covariate": name, "value": value, "usual": usual, "adds": adds}
                for name, value, usual, adds in found
            ]
        }

    def as_json(self) -> dict[str, Any]:
        """Return steps, covariates and their weights as plain JSON."""
        own = {"values": list(self.values), "typical": list(self.typical)}
        return {**super().as_json(), **own, "steps": self.steps, "base": finite(self.base)}


@dataclass(frozen=True)
class ForecastParts(ForecastExplanation):
    """The ``parts`` that a forecast is the sum of: ``heat`` (parts, horizon), ``features`` are the steps ahead."""

    parts: tuple[str, ...] = ()

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Return ``components``: a line for each step ahead and part."""
        about = {"series": self.row, "model": self.model}
        return {
            "components": [
                {**about, "time": time, "part": part, "value": value}
                for part, row in zip(self.parts, self.heat.tolist(), strict=True)
                for time, value in zip(self.features, row, strict=True)
            ]
        }

    def as_json(self) -> dict[str, Any]:
        """Return the parts as plain JSON."""
        return {**super().as_json(), "parts": list(self.parts)}


class Lead(NamedTuple):
    """What counts most: a covariate's ``name``, or the ``first`` to ``last`` past step of one ``weight`` each."""

    weight: float
    name: str = ""
    first: int = 0
    last: int = 0


def steps_and_covariates(one: Mapping[str, Any]) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
    """Return past steps and covariates of an explanation's JSON with their weights, each in its order."""
    weights = [weight or 0.0 for weight in one["weights"][0]]
    pairs = list(zip(one["features"], weights, strict=True))
    return pairs[: one["steps"]], pairs[one["steps"] :]


def lead(steps: Sequence[tuple[str, float]], covariates: Sequence[tuple[str, float]] = ()) -> Lead:
    """Return which covariate, step, or stretch of steps of one weight, counts most."""
    name, weight = max(covariates, key=lambda pair: abs(pair[1]), default=("", 0.0))
    if not steps or abs(weight) > max(abs(part) for _, part in steps):
        return Lead(weight, name)
    most = max(range(len(steps)), key=lambda at: abs(steps[at][1]))
    last = most
    while last + 1 < len(steps) and steps[last + 1][1] == steps[most][1]:
        last += 1
    return Lead(steps[most][1], "", most, last)
