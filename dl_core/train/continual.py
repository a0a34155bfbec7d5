"""Continual learning: what would have been, had a model learned on from each week as soon as its labels were known?"""

from __future__ import annotations

from typing import cast

import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.splits import Splits
from dl_core.errors import SchemaError, counted
from dl_core.evaluate.ageing import plan_weeks
from dl_core.models.base import Classifier, FitContext, Offer
from dl_core.schema import Role
from dl_core.train.run import FittedModel
from dl_core.train.scoring import prediction_rows


def learn_on(
    offer: Offer,
    model: Classifier,
    fitted: FittedModel,
    dataset: Dataset,
    splits: Splits,
    *,
    delay: pd.Timedelta,
    context: FitContext,
) -> pd.DataFrame:
    """Return scores of the test rows, each week's by a model that has learned from all labels known when it begins.

    Before each week of the test the model learns on from the rows that have become old enough since (`Model.update`;
    where it has none, it is trained anew on all rows known by then). Calibration and operating point stay those of the
    run. This is prequential evaluation (Gama et al. 2013, *On evaluating stream learning algorithms*):
    test first, then train, with the label delay in between.

    Parameters
    ----------
    offer : Offer
        Of the model, for training anew.
    model : Classifier
        As trained in the run; it is changed.
    fitted : FittedModel
        Temperature and threshold.
    dataset : Dataset
        Needs times and labels.
    splits : Splits
    delay : pandas.Timedelta
        After which it is known whether a row was fraud.
    context : FitContext

    Returns
    -------
    pandas.DataFrame
        Columns of `Predictions`, of the test rows.

    Raises
    ------
    SchemaError
        If there are no times or no labels.
    """
    times = dataset.values(Role.TIME)
    if times is None or not dataset.labelled:
        raise SchemaError("incremental updates need a time and a label", where=dataset.name, todo="name both columns")
    times = pd.to_datetime(times)
    tested, learned = set(splits.test), set(splits.train)
    newest = times.loc[list(splits.train)].max()  # older rows were left out of the training on purpose
    planned = plan_weeks(times, times.loc[list(splits.test)].min(), delay_days=delay / pd.Timedelta(days=1))
    judged = [(week, [row for row in week.rows if row in tested]) for week in planned]
    weeks = [(week, rows) for week, rows in judged if rows]
    validation = dataset.subset(splits.validation)
    tables = []
    for number, (week, rows) in enumerate(weeks):
        part = context.part(number / len(weeks), (number + 1) / len(weeks))
        fresh = [row for row in week.known[times.loc[week.known] > newest] if row not in learned]
        part.progress(0.0, f"Week of {week.start:%d %B}: updating on {counted(len(fresh), 'more row')}")
        if fresh:
            learned.update(fresh)
            if not model.update(dataset.subset(fresh), part):
                model = cast(Classifier, offer.build())
                model.fit(dataset.subset(dataset.ids[dataset.ids.isin(learned)]), validation, part)
        data = dataset.subset(rows)
        tables.append(prediction_rows(fitted, model.scores(data), data, "test"))
    context.progress(1.0, "Updated week by week")
    return pd.concat(tables, ignore_index=True)
