"""Jobs on data: read an upload, the sample or a known set; look for problems; draw the split."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dl_core import pipeline
from dl_core.domain import Domain, ReadRequest, get_domain
from dl_core.errors import OptionError
from dl_core.pipeline import Dataset, Finding, Reading, Splits
from dl_core.schema import Role
from dl_core.store import get_store
from dl_core.tasks.opening import open_dataset, open_run, sample_folder, split_of

if TYPE_CHECKING:
    from dl_core.engine import TaskContext

MOST_ROWS_NAMED = 24  # row ids that a finding carries to the page


def ingest(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Read what the user brought and register it under their name; return how it was understood.

    ``args``: ``domain``, ``owner``, one of ``upload`` (a folder below ``uploads/``), ``sample`` (true, or the name of
    a sample's folder) or ``known`` (a name of the catalogue), and ``roles``, ``options``, ``name``. The upload is kept,
    so that other answers read it again; while a question is open there is a ``reading`` and no ``dataset_id``.
    """
    domain = get_domain(args["domain"])
    store = get_store(context.home)
    context.progress(0.02, "Reading the files")
    if args.get("sample"):
        named = args["sample"] if isinstance(args["sample"], str) else ""
        dataset = pipeline.open_dataset(sample_folder(domain, context.home, named))
        known = [r for r in store.datasets(args["owner"], domain.name) if r.fingerprint == dataset.fingerprint]
        if known:
            return _described(domain, known[0].id, dataset, args)
    else:
        reading, made = _read(domain, args, context)
        if made is None:
            return {"reading": reading.as_dict()}
        dataset = replace(made, reading=reading)
    context.progress(0.7, "Storing the data")
    folder = Path(context.home) / "uploads" / f"read-{context.job_id}"
    try:
        dataset.save(folder)
        record = store.add_dataset(args["owner"], domain.name, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    context.progress(0.8, "Checking data quality")
    return _described(domain, record.id, dataset, args)


def sample(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Make a sample (``args["sample"]``, or the first) ready for a first visit; return its folder in the workspace."""
    domain = get_domain(args["domain"])
    folder = sample_folder(domain, context.home, args.get("sample") or "")
    return {"folder": folder.resolve().relative_to(Path(context.home).resolve()).as_posix()}


def describe(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Return ``args["view"]`` of a run's rows, or of those of a registered data set (``dataset_id``), for people.

    The other arguments are those of the view; see `pipeline.describe`.
    """
    if args.get("dataset_id"):
        _, record, dataset = open_dataset(args, context)
        domain = get_domain(record.domain)
        splits, options = split_of(domain, dataset, args)
    else:
        domain, run = open_run(args, context)
        dataset, splits, options = pipeline.open_dataset(run.folder / run.dataset["path"]), run.splits, run.spec.options
    context.progress(0.5, "Counting")
    return pipeline.describe(domain, dataset, splits, options, args.get("view") or "overview", args)


def inspect(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Return findings and split: of a registered data set under the given options, or of a run's rows as they are."""
    if args.get("dataset_id"):
        _, record, dataset = open_dataset(args, context)
        return _described(get_domain(record.domain), record.id, dataset, args)
    domain, run = open_run(args, context)
    dataset = pipeline.open_dataset(run.folder / run.dataset["path"])
    return _described(domain, "", dataset, args, run.splits)


def _read(domain: Domain, args: Mapping[str, Any], context: TaskContext) -> tuple[Reading, Dataset | None]:
    roles = {Role(role): tuple(columns) for role, columns in (args.get("roles") or {}).items()}
    options = domain.parse_options({k: v for k, v in (args.get("options") or {}).items() if v is not None})
    if args.get("known"):
        folder, work = Path(context.home) / "cache" / "downloads", pipeline.Work(context.emit, context.should_stop)
        return pipeline.read_known(domain, args["known"], folder, work, roles=roles, options=options)
    if not args.get("upload"):
        raise OptionError("no files were given", where=domain.title, todo=domain.upload_help)
    paths = tuple(sorted(get_store(context.home).upload(str(args["upload"]), args["owner"]).iterdir()))
    return pipeline.read(domain, ReadRequest(paths, roles=roles, options=options, name=args.get("name") or "Upload"))


def _described(
    domain: Domain, dataset_id: str, dataset: Dataset, args: Mapping[str, Any], drawn: Splits | None = None
) -> dict[str, Any]:
    splits = drawn or split_of(domain, dataset, args)[0]
    findings = [*dataset.notes, *pipeline.inspect(domain, dataset, splits)]
    return {
        "dataset_id": dataset_id,
        "reading": None if dataset.reading is None else dataset.reading.as_dict(),
        "summary": dataset.describe(),
        "findings": [_shown(finding) for finding in dict.fromkeys(findings)],
        "split": None if splits is None else {"kind": splits.kind, "protocol": splits.protocol, **splits.counts()},
        "balance": pipeline.balance(dataset, splits),
    }


def _shown(finding: Finding) -> dict[str, Any]:
    return {**asdict(finding), "rows": list(finding.rows[:MOST_ROWS_NAMED]), "count": len(finding.rows)}
