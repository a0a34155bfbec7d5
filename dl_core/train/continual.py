"""Continual learning: what would have been, had a model learned on from each week as soon as its labels were known?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.splits import Splits
from dl_core.errors import SchemaError
from dl_core.models.base import FitContext, Model, Offer
from dl_core.schema import Role
from dl_core.train.run import FittedModel
from dl_core.train.scoring import prediction_rows

WEEK = pd.Timedelta(days=7)


def learn_on(
    offer: Offer,
    model: Model,
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
    model : Model
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
        raise SchemaError("updating needs a time and a label", where=dataset.name, todo="name both columns")
    times = pd.to_datetime(times)
    weeks = list(weeks_of(times.loc[list(splits.test)]))
    learned = set(splits.train)
    last = times.loc[list(splits.train)].max()
    validation = dataset.subset(splits.validation)
    tables = []
    for number, (start, rows) in enumerate(weeks):
        known = times.index[(times > last) & (times <= start - delay)]
        fresh = [row for row in known if row not in learned]
        part = context.part(number / len(weeks), (number + 1) / len(weeks))
        part.progress(0.0, f"Week of {start:%d %B}: learning from {len(fresh):,} more rows")
        if fresh:
            learned.update(fresh)
            last = times.loc[fresh].max()
            if not model.update(dataset.subset(fresh), part):
                model = offer.build()
                model.fit(dataset.subset(sorted(learned, key=dataset.ids.get_loc)), validation, part)
        data = dataset.subset(rows)
        tables.append(prediction_rows(fitted, model.scores(data), data, "test"))
    context.progress(1.0, "Updated week by week")
    return pd.concat(tables, ignore_index=True)


def weeks_of(times: pd.Series) -> Iterator[tuple[pd.Timestamp, np.ndarray]]:
    """Yield the first day and the row ids of each week of the test, from its first day on."""
    first = times.min().normalize()
    number = ((times - first) // WEEK).to_numpy()
    for week in np.unique(number):
        yield first + int(week) * WEEK, times.index[number == week].to_numpy()
