"""The verbs as jobs: arguments and results are plain JSON, runs and data sets are named by id and owner.

The dashboard submits these through `engine` as ``"dl_core.tasks:NAME"``. Every task takes ``(args, context)``;
``args`` always holds ``owner``, and a task on a run holds ``run``: ``{"id": run id}``, or ``{"prepared": domain name}``
for the run that ships with the sample.
"""

import dl_core.domains  # noqa: F401  makes the domains known
from dl_core.tasks.data import describe, ingest, inspect, sample
from dl_core.tasks.explain import explain, layers
from dl_core.tasks.export import export, report
from dl_core.tasks.judging import bias, cases, compare
from dl_core.tasks.predict import predict, what_if
from dl_core.tasks.probing import probe
from dl_core.tasks.training import train, warm_up

__all__ = [
    "bias",
    "cases",
    "compare",
    "describe",
    "explain",
    "export",
    "ingest",
    "inspect",
    "layers",
    "predict",
    "probe",
    "report",
    "sample",
    "train",
    "warm_up",
    "what_if",
]
