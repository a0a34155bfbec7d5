"""Opening runs, models and data sets by id, with the owner checked, and keeping the last ones open."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dl_core import pipeline
from dl_core.domain import Domain, ReadRequest, Sample, get_domain
from dl_core.errors import OptionError
from dl_core.pipeline import Dataset, Run, Splits
from dl_core.store import Store, get_store
from dl_core.store.shipped import unpacked

if TYPE_CHECKING:
    from dl_core.engine import TaskContext

SPLITS = 2  # that a worker keeps in memory


def open_run(args: Mapping[str, Any], context: TaskContext) -> tuple[Domain, Run]:
    """Return the run that ``args["run"]`` names and its domain.

    Raises
    ------
    AccessError
        If it belongs to someone else and is not shared.
    OptionError
        If ``args`` names no run.
    """
    name = args.get("run") or {}
    if "prepared" in name:
        domain = get_domain(name["prepared"])
        if domain.sample is None or domain.sample.prepared_run is None:
            raise OptionError("this domain has no prepared run", where=domain.title)
        folder = unpacked(domain.sample.prepared_run, context.home)
        run = pipeline.open_run(folder)
        if (run.folder / run.dataset["path"] / "dataset.json").exists():
            return domain, run
        return domain, pipeline.open_run(folder, sample_folder(domain, context.home))
    if "id" not in name:
        raise OptionError("no run was named", todo="train first, or open a run")
    store = get_store(context.home)
    record = store.run(name["id"], args["owner"])
    return get_domain(record.domain), pipeline.open_run(store.run_folder(record.id))


def sample_named(domain: Domain, name: str = "") -> Sample:
    """Return the sample whose folder has that name, or the first one.

    Raises
    ------
    OptionError
        If the domain has none of that name.
    """
    if domain.sample is None:
        raise OptionError("this domain has no sample", where=domain.title)
    known = {Path(one.folder).name: one for one in (domain.sample, *domain.more_samples)}
    if name and name not in known:
        raise OptionError(f"there is no sample {name!r}", where=domain.title, expected=", ".join(known))
    return known[name] if name else domain.sample


def sample_folder(domain: Domain, home: Path, name: str = "") -> Path:
    """Return a sample, the first one if none is named, as a data set in the workspace's cache; read on the first call.

    Raises
    ------
    OptionError
        If the domain has no such sample.
    """
    from dl_core.files import sha256

    sample = sample_named(domain, name)
    files = sorted(path for path in sample.folder.iterdir() if path.is_file())
    marks = hashlib.sha256("".join(sha256(path) for path in files).encode()).hexdigest()[:16]
    stem = domain.name if sample is domain.sample else f"{domain.name}.{Path(sample.folder).name}"
    folder = Path(home) / "cache" / "samples" / f"{stem}-{marks}"
    if not (folder / "dataset.json").exists():
        request = ReadRequest((sample.folder,), options=sample.options, name=sample.title)
        dataset = pipeline.ingest(domain, request)
        part = folder.with_name(f".{folder.name}.{os.getpid()}.part")
        dataset.save(part)
        try:
            part.rename(folder)
        except OSError:  # another worker was first
            shutil.rmtree(part)
            if not (folder / "dataset.json").exists():
                raise
    return folder


def open_dataset(args: Mapping[str, Any], context: TaskContext) -> tuple[Store, Any, Dataset]:
    """Return the store, the record and the data set that ``args["dataset_id"]`` names."""
    store = get_store(context.home)
    record = store.dataset(args["dataset_id"], args["owner"])
    return store, record, pipeline.open_dataset(store.dataset_folder(record.id))


def split_of(domain: Domain, dataset: Dataset, args: Mapping[str, Any]) -> tuple[Splits | None, dict[str, Any]]:
    """Return the split of a data set under ``args["options"]`` and ``args["seed"]``, and the options.

    None before a finding of level error is mended.
    """
    options = domain.parse_options({k: v for k, v in (args.get("options") or {}).items() if v is not None})
    if any(note.level == "error" for note in dataset.notes):
        return None, options
    key = json.dumps([domain.name, int(args.get("seed", 0)), options], sort_keys=True, default=str)
    return _split(_Drawn(key, id(dataset), domain, dataset, options)), options


@dataclass(frozen=True)
class _Drawn:
    """What a split is drawn from; the data set itself stays in memory with it, so that its id stays its own."""

    key: str
    identity: int
    domain: Domain = field(compare=False)
    dataset: Dataset = field(compare=False)
    options: Mapping[str, Any] = field(compare=False)


@lru_cache(maxsize=SPLITS)
def _split(drawn: _Drawn) -> Splits:
    return pipeline.split(drawn.domain, drawn.dataset, json.loads(drawn.key)[1], drawn.options)


def private_folder(context: TaskContext) -> Path:
    """Return a fresh folder for files that only this job's owner may fetch."""
    folder = Path(context.home) / "jobs" / context.job_id / "files"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def relative(path: Path, context: TaskContext) -> str:
    """Return a file's path as results give it: below the workspace."""
    return path.resolve().relative_to(Path(context.home).resolve()).as_posix()
