"""The noun `Probe`, one question to a finished run, and the registry of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from dl_core.discover import discover, named
from dl_core.domain import Domain, Option
from dl_core.errors import OptionError
from dl_core.evaluate.choice import best_model, default_pair
from dl_core.kinds import kind_of

if TYPE_CHECKING:
    from dl_core.pipeline import Run, Work

S = TypeVar("S")
GROUP = "daylight.probes"  # entry points of other packages
PANELS = ("data", "compare", "explain", "bias", "predict")


class Names(list[str]):
    """Several names: a list of them, or a text: a JSON list, or names with commas between them."""

    def __init__(self, value: Any = ()) -> None:
        text = value if isinstance(value, str) else ""
        parts = json.loads(text) if text.startswith("[") else text.split(",") if text else value
        super().__init__(name for part in parts if (name := str(part).strip()))


class Values(dict[str, Any]):
    """Values by name: a mapping, or the text of a JSON object."""

    def __init__(self, value: Any = ()) -> None:
        super().__init__(json.loads(value) if isinstance(value, str) else value)


@dataclass(frozen=True)
class Argument(Option):
    """One argument of a probe, as a domain's `Option`; None where the default is None and nothing was said."""

    required: bool = False

    def parse(self, value: Any) -> Any:
        """Return ``value`` typed and checked; see `Option.parse`."""
        if value is None and self.required:
            raise OptionError("it is missing", where=f"option {self.name}", expected=self.help)
        return None if value is None else super().parse(value)


MODEL = Argument("model", str, None, "name of a model; default: the best on the validation set")
ROW = Argument("row", str, None, "id of a row", required=True)
MODELS = Argument("models", Names, None, "names of models; default: all")


def said_by(run: Run, kind: type[S]) -> S:
    """Return what the models of a run said of held-out rows, as the ``kind`` that a probe's problem makes of it.

    Raises
    ------
    OptionError
        If it is something else.
    """
    if not isinstance(run.predictions, kind):
        raise OptionError(f"this run has no {kind.__name__.lower()}", where=run.folder.name)
    return run.predictions


def open_as(domain: Domain, run: Run, name: str | None, kind: type, *, judged: bool = False) -> tuple[str, Any]:
    """Return name and model as `pipeline.open_model` does, as the ``kind`` of model that a probe asks.

    Raises
    ------
    OptionError
        If it is something else.
    """
    from dl_core.pipeline import open_model

    chosen, model = open_model(domain, run, name, judged=judged)
    if not isinstance(model, kind):
        raise OptionError(f"{chosen} is no {kind.__name__.lower()}", where=run.folder.name)
    return chosen, model


class Allowed(NamedTuple):
    """Whether a run allows a probe, and if not, why."""

    yes: bool
    why: str = ""

    def __bool__(self) -> bool:
        return self.yes


class RunFacts(Protocol):
    """What says which probes a run allows: a `Run`, or its record."""

    @property
    def dataset(self) -> Mapping[str, Any]:
        """What `Dataset.describe` says of the rows."""

    @property
    def trained(self) -> Sequence[str]:
        """Names of the models that were trained to the end."""


@dataclass(frozen=True)
class Asked:
    """What is known while the answers of a prepared run are made: ``answers`` has the first one of each probe."""

    domain: Domain
    run: Run
    answers: Mapping[str, Any] = field(default_factory=dict)

    @property
    def models(self) -> dict[str, Any]:
        """The models that were trained to the end, by name."""
        return {name: self.run.models[name] for name in self.run.trained}

    @property
    def shown(self) -> str:
        """The model that is looked into first: the best network, else the best of all."""
        return best_model(self.models, "deep") or self.run.best

    @property
    def pair(self) -> list[str]:
        """The models that are put side by side at first; one where there is no other."""
        return list(default_pair(self.models)) if len(self.models) > 1 else list(self.models)


def nothing(asked: Asked) -> list[dict[str, Any]]:
    """Ask nothing ahead."""
    return []


def at_once(asked: Asked) -> list[dict[str, Any]]:
    """Ask ahead what is asked without any argument."""
    return [{}]


def of_the_best(asked: Asked) -> list[dict[str, Any]]:
    """Ask ahead about the best model."""
    return [{"model": asked.run.best}]


@dataclass(frozen=True)
class Probe:
    """One question that can be put to a finished run.

    Describing a probe loads neither Keras nor scikit-learn: what its verb needs is imported inside.

    Parameters
    ----------
    name : str
        On the command line and in the dashboard's question.
    title, purpose : str
        What it is called, and one sentence on what it answers.
    panel : str
        The panel that shows it, one of `PANELS`.
    verb : callable
        ``(domain, run, work, arguments) -> dict`` of plain JSON; arguments are complete and typed.
    problems, kinds : tuple of str
        Names of the problems and of the kinds of row that it is for; none stands for any.
    arguments : tuple of Argument
    needs : callable or None
        ``(domain, run) -> str``: why a run of that problem and kind does not allow it all the same, ``""`` if it does.
    first : callable
        The arguments with which the dashboard asks it first of all, so that a prepared run brings the answers; with
        ``rows`` among them of the run's own that stand in for new cases. It may wait for an answer of another probe by
        returning none before.
    trains : bool
        Whether models are trained again, which takes as long.
    new_cases : bool
        Whether it may be asked about new cases (``work.data``), and writes its answers into a file (``work.files``).
    """

    name: str
    title: str
    purpose: str
    panel: str
    verb: Callable[[Domain, Run, Work, Mapping[str, Any]], dict[str, Any]]
    problems: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    arguments: tuple[Argument, ...] = ()
    needs: Callable[[Domain, RunFacts], str] | None = None
    first: Callable[[Asked], list[dict[str, Any]]] = nothing
    trains: bool = False
    new_cases: bool = False

    def allows(self, domain: Domain, run: RunFacts) -> Allowed:
        """Return whether ``run`` can be asked this, and if not, why."""
        if self.problems and domain.problem.name not in self.problems:
            return Allowed(False, f"it is for {' and '.join(self.problems)} only")
        if self.kinds and kind_of(run.dataset).name not in self.kinds:
            return Allowed(False, f"it is for {' and '.join(self.kinds)} only")
        why = self.needs(domain, run) if self.needs else ""
        return Allowed(not why, why)

    def parse(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return all arguments typed, with defaults filled in.

        Raises
        ------
        OptionError
            If an argument does not exist, does not fit, or is missing.
        """
        known = {argument.name: argument for argument in self.arguments}
        for name in given:
            if name not in known:
                raise OptionError(
                    f"there is no option {name!r}", where=f"probe {self.name}", expected=", ".join(known) or "none"
                )
        return {name: one.parse(given.get(name, one.default)) for name, one in known.items()}

    def ask(self, domain: Domain, run: Run, work: Work, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer as plain JSON.

        Raises
        ------
        OptionError
            If the run does not allow it, or an argument does not fit.
        """
        allowed = self.allows(domain, run)
        if not allowed:
            raise OptionError(allowed.why, where=f"probe {self.name}", todo="see `probe` without a name for the others")
        return self.verb(domain, run, work, self.parse(given))

    def describe(self) -> dict[str, Any]:
        """Return what a list of probes says of it, as plain JSON."""
        return {
            "name": self.name,
            "title": self.title,
            "purpose": self.purpose,
            "panel": self.panel,
            "trains": self.trains,
            "new_cases": self.new_cases,
            "options": [
                {
                    "name": one.name,
                    "default": one.default,
                    "help": one.help,
                    "choices": list(one.choices),
                    "required": one.required,
                }
                for one in self.arguments
            ],
        }


@cache
def probes() -> dict[str, Probe]:
    """Return all probes by name."""
    return named(discover("dl_core.probes", "PROBE", GROUP, below=True))


def probes_for(domain: Domain, run: RunFacts) -> dict[str, Probe]:
    """Return the probes that a run allows, by name."""
    return {name: probe for name, probe in probes().items() if probe.allows(domain, run)}


def get_probe(name: str) -> Probe:
    """Return the probe of that name.

    Raises
    ------
    OptionError
        If there is none.
    """
    if name not in probes():
        raise OptionError(f"there is no probe {name!r}", expected=", ".join(probes()))
    return probes()[name]
