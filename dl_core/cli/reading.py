"""The command `read`, and what every command that reads files shares: the request, and what is said of it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from dl_core import pipeline
from dl_core.cli.reading_text import in_full, in_short
from dl_core.cli.tables import print_json
from dl_core.domain import Domain, ReadRequest, get_domain
from dl_core.errors import FileError, OptionError, SchemaError
from dl_core.pipeline import Dataset, ModelSource, Reading
from dl_core.schema import Role

NONE = "none"  # the column of a role that no column has
DOUBTS = {
    "unlike_training": "are out of distribution (unlike the training data): do not rely on their predictions",
    "uncertain": "are uncertain: the probability of the most probable class is too low to rely on",
}


def read(args: argparse.Namespace) -> int:
    """Print how files are understood; the exit status is 2 while a question is open."""
    domain = get_domain(args.domain)
    reading, _ = pipeline.check_reading(domain, request_of(domain, args))
    if args.json:
        print_json({"domain": domain.name, **reading.as_dict()})
    else:
        print("\n".join(in_full(domain, reading)))
    return 2 if reading.open else 0


def said_in_short(domain: Domain, request: ReadRequest, dataset: Dataset) -> list[str]:
    """Return how the files of a training were understood, in a few lines."""
    return in_short(domain, pipeline.reading_of(domain, request, dataset))


def notes_of(domain: Domain, data: Dataset, predictions: pd.DataFrame) -> list[str]:
    """Return all that is to be said of new cases and of what a model answers to them: what the dashboard says, too."""
    folded = dict.fromkeys(f"{note.level}: {note.message}" for note in data.notes)
    doubts = [
        f"{int(predictions[column].sum()):,} of {len(predictions):,} {domain.called.row[1]} {words}."
        for column, words in DOUBTS.items()
        if column in predictions and predictions[column].any()
    ]
    return [*folded, *doubts, *(domain.prediction_notes(predictions) if domain.prediction_notes else [])]


def check_there(paths: list[Path]) -> None:
    """Raise if nothing is there under one of ``paths``."""
    for path in paths:
        if not path.exists():
            raise OptionError("there is no such file or folder", where=str(path))


def request_of(
    domain: Domain, args: argparse.Namespace, *, run: ModelSource | None = None, labelled: bool = True
) -> ReadRequest:
    """Return the request that a command's words make; roles and options of ``--reading`` give way to explicit ones.

    With ``run`` its files are read as those were from which its models learned.
    """
    test = getattr(args, "test", None)
    check_there([*args.data, *([test] if test else [])])
    base = _written(domain, getattr(args, "reading", None))
    roles = {**{Role(role): names for role, names in base.roles.items()}, **_roles(domain, args.role)}
    options: dict[str, Any] = domain.parse_options({**base.options, **dict(args.option)})
    if run is not None:
        options |= {**run.read_options(), **{name: options[name] for name in dict(args.option)}}
    return ReadRequest(tuple(args.data), (test,) if test else (), roles, options, labelled, args.data[0].stem)


def _roles(domain: Domain, pairs: list[tuple[str, str]]) -> Mapping[Role, tuple[str, ...]]:
    roles: dict[Role, tuple[str, ...]] = {}
    for name, column in pairs:
        try:
            role = Role(name)
        except ValueError:
            known = ", ".join(field.role for field in domain.schema.fields)
            raise OptionError(f"there is no role {name!r}", where="--role", expected=known) from None
        roles[role] = () if column == NONE else (*roles.get(role, ()), column)
    return roles


def _written(domain: Domain, path: Path | None) -> Reading:
    """Return the reading that a file holds, which `read --json` printed; an empty one without a file."""
    if path is None:
        return Reading(domain.kind.name)
    check_there([path])
    try:
        said = json.loads(path.read_text(encoding="utf-8-sig"))
        reading = Reading.from_dict(said)
        {Role(role) for role in reading.roles}
    except (OSError, ValueError, SchemaError) as error:
        raise FileError(
            "it is no reading", where=path.name, expected="what `read --json` printed", todo="print it again"
        ) from error
    if said.get("domain", domain.name) != domain.name:
        raise OptionError(f"it is a reading of {said['domain']}", where=path.name, expected=domain.name)
    return reading
