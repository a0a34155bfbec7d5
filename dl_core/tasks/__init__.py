"""The verbs as jobs: arguments and results are plain JSON, runs and data sets are named by id and owner.

The dashboard submits these through `engine` as ``"dl_core.tasks:NAME"``. Every task takes ``(args, context)``;
``args`` always holds ``owner``, and a task on a run holds ``run``: ``{"id": run id}``, or ``{"prepared": domain name}``
for the run that ships with the sample.
"""

import dl_core.domains  # noqa: F401  makes the domains known
from dl_core.tasks.data import ingest, inspect, sample
from dl_core.tasks.judging import ageing, bias, cases, compare, drift, learning_curve, mitigate, robustness
from dl_core.tasks.new_cases import predict, what_if
from dl_core.tasks.saliency import explain, layers
from dl_core.tasks.summing import overview
from dl_core.tasks.taking import export, report
from dl_core.tasks.training import train, warm_up

__all__ = [
    "ageing",
    "bias",
    "cases",
    "compare",
    "drift",
    "explain",
    "export",
    "ingest",
    "inspect",
    "layers",
    "learning_curve",
    "mitigate",
    "overview",
    "predict",
    "report",
    "robustness",
    "sample",
    "train",
    "warm_up",
    "what_if",
]
