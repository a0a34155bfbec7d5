"""The job that asks a finished run a probe, and which probes a run allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dl_core import pipeline
from dl_core.domain import Domain
from dl_core.errors import OptionError
from dl_core.probes import get_probe, probes_for
from dl_core.schema import Role
from dl_core.store import get_store
from dl_core.tasks.opening import open_run, private_folder

if TYPE_CHECKING:
    from dl_core.engine import TaskContext


@dataclass(frozen=True)
class Record:
    """What ``run.json`` says of a run, as far as it decides which probes there are."""

    dataset: Mapping[str, Any]
    models: Mapping[str, Mapping[str, Any]]

    @property
    def trained(self) -> list[str]:
        """Names of the models that were trained to the end."""
        return [name for name, about in self.models.items() if about.get("state") == "done"]


def allowed(domain: Domain, summary: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the probes that a run of that record allows, described, by name."""
    record = Record(summary["dataset"], summary["models"])
    return {name: one.describe() for name, one in probes_for(domain, record).items()}


def probe(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Ask the probe of that name.

    ``args``: ``probe``, ``arguments`` (by name; those left out are as declared) and, for a probe that may be asked
    about new cases, one of ``upload`` (with ``roles``; deleted once it was read, unless ``keep``), ``examples`` (true
    for those that ship with the sample) or ``rows`` of the run's own data.
    """
    domain, run = open_run(args, context)
    asked = get_probe(args["probe"])
    work = pipeline.Work(context.emit, context.should_stop, context.home / "cache", root=context.home)
    if asked.new_cases:
        context.progress(0.02, "Reading the new cases")
        work = replace(work, data=new_cases(domain, run, args, context), files=private_folder(context))
    found = asked.ask(domain, run, work, args.get("arguments") or {})
    if args.get("upload") and not args.get("keep"):
        get_store(context.home).drop_upload(str(args["upload"]), args["owner"])
    return found


def new_cases(
    domain: Domain, run: pipeline.Run, args: Mapping[str, Any], context: TaskContext
) -> pipeline.Dataset | None:
    """Return the cases that ``args`` name, read as the run's training data were; None where they name none."""
    if args.get("rows"):
        return replace(run.load_dataset().subset(args["rows"]), notes=())
    if args.get("upload"):
        paths = sorted(get_store(context.home).upload(str(args["upload"]), args["owner"]).iterdir())
    elif args.get("examples"):
        samples = [sample for sample in (domain.sample, *domain.more_samples) if sample]
        paths = [sample.examples for sample in samples if sample.examples]
        if not paths:
            raise OptionError("this sample has no examples", todo="choose a file")
    else:
        return None
    roles = {Role(role): tuple(columns) for role, columns in (args.get("roles") or {}).items()}
    return pipeline.new_cases(domain, run, paths, roles=roles)
