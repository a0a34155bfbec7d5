"""`PageContext`: what a panel knows about where it stands, and how it asks for work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from dl_core.domain import Domain
from dl_core.errors import RunError
from dl_core.evaluate.choice import best_model
from dl_core.evaluate.results import Evaluation
from dl_core.kinds import Kind, Words, kind_of
from dl_core.tasks.probing import allowed
from ui.shell import ask, folders, services, theme


@dataclass(frozen=True)
class PageContext:
    """Everything a panel ``show(domain, context)`` needs; it is made anew for every script run.

    Parameters
    ----------
    domain : Domain
    owner : str
        SHA-256 in hex of this browser's secret; every job and record is checked against it.
    home : pathlib.Path
        Workspace folder; file paths in results are relative to it (use `path`).
    run : mapping or None
        How tasks name the run: ``{"id": run id}`` or ``{"prepared": domain name}``; None while nothing was trained.
    summary : mapping or None
        ``run.json`` of the run (`Run.summary`): spec, dataset, protocol, counts, models, seconds, environment.
    run_folder : pathlib.Path or None
        The run's folder, read only from here.
    dataset : mapping or None
        ``dataset.json`` of the data set in use (`Dataset.describe`), with ``id`` where it is the user's own.
    dataset_folder : pathlib.Path or None
    job : Job or None
        The training that is under way or has just ended, if there is one.
    read_only : bool
        True for a run that someone else shares: no export of data, no deletion, no new training on it.
    name : str
        The run's name for headings.
    """

    domain: Domain
    owner: str
    home: Path
    run: Mapping[str, str] | None = None
    summary: Mapping[str, Any] | None = None
    run_folder: Path | None = None
    dataset: Mapping[str, Any] | None = None
    dataset_folder: Path | None = None
    job: Any = None
    read_only: bool = False
    name: str = ""
    notes: tuple[str, ...] = field(default_factory=tuple)

    @property
    def kind(self) -> Kind:
        """What a row is: as the data say it, else as the domain asks for it."""
        return kind_of(self.about or self.domain.schema)

    @property
    def words(self) -> Words:
        """What rows, cases and answers are called."""
        return self.kind.called(self.domain.words)

    @property
    def roles(self) -> Mapping[str, Sequence[str]]:
        """Columns of the data set in use by role."""
        return self.about.get("roles", {})

    @property
    def about(self) -> Mapping[str, Any]:
        """The description of the data set in use; empty where there is none."""
        return self.dataset or (self.summary or {}).get("dataset") or {}

    @property
    def own(self) -> str | None:
        """Id of the data set in use where it is this browser's own."""
        return self.about.get("id")

    @property
    def options(self) -> Mapping[str, Any]:
        """Options of the run; empty without one."""
        return ((self.summary or {}).get("spec") or {}).get("options") or {}

    @property
    def folder(self) -> Path:
        """The run's folder, of a tab that stands on a run.

        Raises
        ------
        RunError
            Without a run.
        """
        if self.run_folder is None:
            raise RunError("there is no run", todo="train models first")
        return self.run_folder

    @property
    def record(self) -> Mapping[str, Any]:
        """``run.json`` of the run, of a tab that stands on one; empty without a run."""
        return self.summary or {}

    @property
    def prepared(self) -> bool:
        """Whether the run is the one that ships with the sample."""
        return self.run is not None and "prepared" in self.run

    @property
    def models(self) -> dict[str, dict[str, Any]]:
        """Finished models of the run by name (`FittedModel` as dict), in the run's order; empty without a run."""
        known = (self.summary or {}).get("models", {})
        return {name: about for name, about in known.items() if about.get("state") == "done"}

    @property
    def best(self) -> str | None:
        """Name of the model that was best on validation."""
        return best_model(self.models)

    @property
    def rows_shown(self) -> bool:
        """Whether single rows can be looked at: they are at hand, or the prepared run brings what is asked of them."""
        return self.dataset_folder is not None or (self.prepared and not self.kind.rows_shown)

    @property
    def classes(self) -> tuple[str, ...]:
        """Classes of the label in score order."""
        return tuple(((self.summary or {}).get("dataset") or self.about).get("classes", ()))

    @property
    def key(self) -> str:
        """Prefix for widget keys, so that a choice made on one domain does not leak into another."""
        return self.domain.name

    def label(self, model: str) -> str:
        """Return a model's name for people."""
        offer = self.domain.models.get(model)
        return offer.label if offer else self.models.get(model, {}).get("label", model)

    def colour(self, model: str) -> str:
        """Return the model's one colour, the same on every chart."""
        return theme.model_colours(self.domain.models).get(model, theme.GREYS[0])

    def evaluation(self) -> Evaluation | None:
        """Return the run's evaluation (`metrics` with intervals, `curves`), or None without a run."""
        return None if self.run_folder is None else folders.evaluation(self.run_folder)

    def predictions(self) -> pd.DataFrame | None:
        """Return the run's tidy predictions table, or None without a run."""
        return None if self.run_folder is None else folders.predictions(self.run_folder)

    def table(self) -> pd.DataFrame | None:
        """Return the data set's table by row id, or None without data."""
        return None if self.dataset_folder is None else folders.table(self.dataset_folder)

    def path(self, relative: str) -> Path:
        """Return a file named in a result as a path inside the workspace."""
        return services.cut_to_home(relative)

    def ask(self, task: str, args: Mapping[str, Any], *, label: str, lane: str = "quick") -> dict[str, Any] | None:
        """Ask for a task's result; None while it runs or after it failed, and the state has then been drawn.

        See `ui.shell.ask.ask`.
        """
        return ask.ask(self, task, args, label=label, lane=lane)

    def probe(
        self,
        name: str,
        arguments: Mapping[str, Any],
        *,
        label: str,
        lane: str = "quick",
        cases: Mapping[str, Any] | None = None,
    ) -> dict[str, Any] | None:
        """Ask the run a probe of `dl_core.probes`, as `ask` does; ``cases`` names new ones (`dl_core.tasks.probe`)."""
        return self.ask("probe", {"probe": name, "arguments": dict(arguments), **(cases or {})}, label=label, lane=lane)

    @property
    def probes(self) -> Mapping[str, Mapping[str, Any]]:
        """What the run can be asked beyond the verbs: descriptions of probes by name."""
        return {} if self.summary is None else allowed(self.domain, self.summary)

    def kept(self, task: str, args: Mapping[str, Any]) -> bool:
        """Return whether the prepared run brings the answer of a verb or probe, so that asking costs nothing."""
        return ask.kept(self, task, args) is not None
