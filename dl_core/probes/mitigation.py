"""What would treating groups more alike gain and cost?"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.domain import Domain
from dl_core.errors import OptionError
from dl_core.kinds import kind_of
from dl_core.pipeline import Run, Work, judging, train
from dl_core.probes.base import MODEL, Argument, Probe
from dl_core.problems.classification import CLASSIFICATION
from dl_core.schema import Role

OF_CLASSES = ("thresholds", "threshold_optimizer", "reweighing")


def mitigation(domain: Domain, run: Run, work: Work, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Try to treat the groups of a column more alike, and return before, after and what it costs.

    ``"thresholds"`` picks a threshold for each group on validation rows, ``"threshold_optimizer"`` picks them so that
    the rates of ``constraint`` come together at the least cost, ``"scaling"`` takes back what groups are forecast too
    high or too low; ``"reweighing"`` trains the model again with rows weighted so that group and label are independent
    (for series: so that groups count alike).
    """
    name, method = run.check_model(arguments["model"]), arguments["method"]
    room = kind_of(run.dataset).room("dl_core.probes", "remedies")
    offered, remedy = (OF_CLASSES, _of_classes) if room is None else (room.OFFERED, room.remedy)
    if method not in offered:
        raise OptionError(f"there is no mitigation {method!r}", expected=", ".join(offered))
    return remedy(domain, run, name, run.load_dataset(), work, arguments)


def _of_classes(
    domain: Domain, run: Run, name: str, dataset: Dataset, work: Work, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    from dl_core.bias.groups import make_groups
    from dl_core.bias.mitigate import reweighing_weights, threshold_mitigation, training_mitigation
    from dl_core.bias.optimizer import optimizer_mitigation

    column, method = arguments["column"], arguments["method"]
    groups = make_groups(domain.slices(dataset), [column])
    judged = CLASSIFICATION.grouped(run, name, dataset, judging(domain, dataset, run.spec))
    if method == "thresholds":
        return threshold_mitigation(run.predictions, name, groups, **judged).as_dict()
    if method == "threshold_optimizer":
        constraint = arguments["constraint"]
        return optimizer_mitigation(run.predictions, name, groups, constraint=constraint, **judged).as_dict()
    train_rows = dataset.subset(run.splits.train)
    weights = reweighing_weights(groups.loc[train_rows.ids].iloc[:, 0], train_rows.values(Role.LABEL))
    again = train_again(domain, run, name, column, weights, work)
    return training_mitigation(run.predictions, again.predictions, name, groups, **judged).as_dict()


def train_again(domain: Domain, run: Run, name: str, column: str, weights: pd.Series, work: Work) -> Run:
    """Return a run of one model on the same split with weighted rows; made once, then kept in the cache."""
    spec = replace(run.spec, models=(name,))
    mark = hashlib.sha256(f"{run.dataset['fingerprint']} {name} {column} {spec}".encode()).hexdigest()[:16]
    folder, path = (work.cache or run.folder) / "mitigated" / mark, (run.folder / run.dataset["path"]).resolve()
    return train(domain, run.load_dataset(), run.splits, spec, folder, work, weights, dataset_path=str(path))


PROBE = Probe(
    name="mitigation",
    title="Mitigation",
    purpose="What treating the groups of a column more alike gains and what it costs.",
    panel="bias",
    verb=mitigation,
    problems=("classification", "forecasting"),
    arguments=(
        MODEL,
        Argument("column", str, None, "column of groups", required=True),
        Argument("method", str, None, f"one of {', '.join(OF_CLASSES)}; for series scaling, reweighing", required=True),
        Argument("constraint", str, "equalized_odds", "which rates a threshold optimizer brings together"),
    ),
)
