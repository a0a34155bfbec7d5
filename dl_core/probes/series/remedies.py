"""What evens out the forecasts of groups of series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dl_core.data.dataset import Dataset
from dl_core.domain import Domain
from dl_core.pipeline import Run, Work, group_table
from dl_core.probes.mitigation import train_again
from dl_core.problems.forecasting import FORECASTING

OFFERED = ("scaling", "reweighing")


def remedy(
    domain: Domain, run: Run, name: str, dataset: Dataset, work: Work, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a shift for each group, or training again with groups weighted alike, gains and costs."""
    from dl_core.bias.groups import make_groups
    from dl_core.bias.series.mitigate import forecast_mitigation, group_weights, scaling_remedy

    column = arguments["column"]
    groups, facts = make_groups(group_table(domain, run, dataset), [column]), FORECASTING.facts(dataset, run.splits)
    if arguments["method"] == "scaling":
        return scaling_remedy(run.predictions, name, groups, facts=facts, seed=run.spec.seed).as_dict()
    weights = group_weights(dataset.subset(run.splits.train), groups.iloc[:, 0])
    again = train_again(domain, run, name, column, weights, work)
    found = forecast_mitigation(run.predictions, again.predictions, name, groups, facts=facts, seed=run.spec.seed)
    return found.as_dict()
