"""What would treating groups more alike gain and cost?"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from dl_core.bias.remedy import CONSTRAINTS, Treated, get_remedy, remedies
from dl_core.domain import Domain
from dl_core.pipeline import Run, Work, judging, train
from dl_core.probes.base import MODEL, Argument, Probe


def mitigation(domain: Domain, run: Run, work: Work, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Try to treat the groups of a column more alike, and return before, after and what it costs."""
    from dl_core.bias.groups import make_groups

    name, column, dataset = run.check_model(arguments["model"]), arguments["column"], run.load_dataset()
    remedy = get_remedy(domain.problem.name, arguments["method"])
    treated = Treated(
        run.predictions,
        name,
        make_groups(domain.slices(domain.problem.treated_rows(dataset, run.splits)), [column]),
        domain.problem.grouped(run, name, dataset, judging(domain, dataset, run.spec)),
        dataset.subset(run.splits.train),
        lambda weights: train_again(domain, run, name, column, weights, work).predictions,
        arguments["constraint"],
    )
    return remedy.apply(treated).as_dict()


def train_again(domain: Domain, run: Run, name: str, column: str, weights: pd.Series, work: Work) -> Run:
    """Return a run of one model on the same split with weighted rows; made once, then kept in the cache."""
    spec = replace(run.spec, models=(name,))
    mark = hashlib.sha256(f"{run.dataset['fingerprint']} {name} {column} {spec}".encode()).hexdigest()[:16]
    folder, path = (work.cache or run.folder) / "mitigated" / mark, (run.folder / run.dataset["path"]).resolve()
    return train(domain, run.load_dataset(), run.splits, spec, folder, work, weights, dataset_path=str(path))


_NAMES = [", ".join(remedies(problem)) for problem in ("classification", "forecasting")]
PROBE = Probe(
    name="mitigation",
    title="Mitigation",
    purpose="Reduces disparities between the groups of a column; reports gain and cost.",
    panel="bias",
    verb=mitigation,
    needs=lambda domain, run: "" if remedies(domain.problem.name) else "no mitigation method is known for this problem",
    arguments=(
        MODEL,
        Argument("column", str, None, "sensitive feature", required=True),
        Argument("method", str, None, f"for classes {_NAMES[0]}; for forecasts {_NAMES[1]}", required=True),
        Argument("constraint", str, CONSTRAINTS[0], "fairness constraint of the threshold optimizer"),
    ),
)
