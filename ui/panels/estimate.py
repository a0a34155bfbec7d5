"""How long a training will take, from speeds that were measured: on this machine if it has trained before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dl_core.domain import Domain
from dl_core.kinds import kind_of
from ui.shell import folders, samples, services
from ui.shell.words import about

START = 3.0  # seconds until a worker that was warm has read the data
LOOK_BACK = 5  # runs of this machine that are looked at


@dataclass(frozen=True)
class Estimate:
    """Seconds for the whole training and for each model, and where the speeds come from."""

    seconds: float | None
    models: Mapping[str, float]
    measured: str

    @property
    def line(self) -> str:
        """What the page says."""
        if self.seconds is None:
            return "No time estimate yet: your first training measures this machine."
        return f"Takes {about(self.seconds)} ({self.measured})."


def speeds(summary: Mapping[str, Any], rows: int = 0) -> dict[str, float]:
    """Return seconds for each training row, by model, of a finished run.

    Networks that forecast draw as many windows from few series as from many, so that they take as long for any number
    of ``rows``: their seconds are spread over those of the training to come, where it is told.
    """
    own = max(1, summary["counts"]["train"])
    steady = rows > 0 and kind_of(summary["dataset"]).steady
    return {
        name: model["fit_seconds"] / (rows if steady and model["kind"] == "deep" else own)
        for name, model in summary["models"].items()
        if model["state"] == "done" and model["fit_seconds"] > 0
    }


def estimate(models: Iterable[str], rows: int, known: Mapping[str, float], measured: str) -> Estimate:
    """Return the estimate for ``models`` on ``rows`` training rows from ``known`` speeds in s/row.

    A model without a measured speed makes the whole estimate unknown: half a sum would be a lie.
    """
    models = list(models)
    each = {name: known[name] * rows for name in models if name in known}
    total = START + sum(each.values()) if models and len(each) == len(models) else None
    return Estimate(total, each, measured)


def for_page(domain: Domain, owner: str, models: Iterable[str], rows: int) -> Estimate:
    """Return the estimate that the Train tab shows."""
    known: dict[str, float] = {}
    prepared = samples.summary(domain)
    if prepared:
        known.update(speeds(prepared, rows))
    measured = "speed measured on the sample"
    runs = services.store().runs(owner, domain=domain.name, state="done")
    for run in reversed(runs[:LOOK_BACK]):
        summary = folders.run_summary(Path(services.store().run_folder(run.id)))
        if summary:
            known.update(speeds(summary, rows))
            measured = "speed measured on this machine"
    return estimate(models, rows, known, measured)
