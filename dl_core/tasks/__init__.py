"""The verbs as jobs: arguments and results are plain JSON, runs and data sets are named by id and owner.

The dashboard submits these through `engine` as ``"dl_core.tasks:NAME"``. Every task takes ``(args, context)``;
``args`` always holds ``owner``, and a task on a run holds ``run``: ``{"id": run id}``, or ``{"prepared": domain name}``
for the run that ships with the sample.
"""

import dl_core.domains  # noqa: F401  makes the domains known
from dl_core.tasks.data import describe, ingest, inspect, sample
from dl_core.tasks.finished import bias, compare, export, report
from dl_core.tasks.probing import probe
from dl_core.tasks.roles import reassign
from dl_core.tasks.training import train, warm_up

__all__ = [
    "bias",
    "compare",
    "describe",
    "export",
    "ingest",
    "inspect",
    "probe",
    "reassign",
    "report",
    "sample",
    "train",
    "warm_up",
]
