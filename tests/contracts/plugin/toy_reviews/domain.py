"""Reviews, happy or not: the domain, in one file."""

from pathlib import Path

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset, Source
from dl_core.data.splits import Splits
from dl_core.discover import lazy
from dl_core.domain import Domain, Option, Sample
from dl_core.errors import SchemaError
from dl_core.explain.explanation import Explanation
from dl_core.models.base import Offer
from dl_core.schema import Field, Role, Schema
from toy_reviews.kind import TEXT
from toy_reviews.models import words_of

SAMPLE = Path(__file__).parent / "sample"  # written by the test
SCHEMA = Schema(
    (
        Field(TEXT, "text", required=True, names=("text", "review")),
        Field(Role.LABEL, "category", required=True, names=("mood",)),
        Field(Role.GROUP, "category", many=True, names=("shop",)),
    )
)


def read(request):
    """Read CSV files with a column of texts and one of moods."""
    frames = [pd.read_csv(path).assign(part="train") for path in request.paths]
    frames += [pd.read_csv(path).assign(part="test") for path in request.test_paths]
    table = pd.concat(frames, ignore_index=True)
    table.index = pd.Index([f"t{i}" for i in range(len(table))], name="row")
    part, roles = table.pop("part"), {**SCHEMA.guess(list(table)), **request.roles}
    if request.labelled and Role.LABEL not in roles:
        raise SchemaError("there is no column that holds the mood", where=request.name)
    like = request.options.get("like")
    classes = like["classes"] if like else sorted(table[roles[Role.LABEL][0]].unique())
    source = Source("Made up for tests", licence="CC0", simulated="reviews that nobody wrote")
    fixed = part if request.test_paths else None
    return Dataset(request.name, table, roles, source, classes=tuple(classes), fixed_split=fixed)


def split(dataset, seed, options):
    """Hold rows out at random."""
    order = [dataset.ids[at] for at in np.random.default_rng(seed).permutation(len(dataset))]
    test, validation = (int(options[name] * len(order)) for name in ("test_share", "validation_share"))
    parts = order[test + validation :], order[test : test + validation], order[:test]
    return Splits(*map(tuple, parts), "at random", f"at random, seed {seed}")


def explain(request):
    """Say what each word adds to the log-odds of the explained class."""
    model, found = request.model, []
    probabilities, decided = request.rule.decide(model.scores(request.data))
    for at, (row, words) in enumerate(zip(request.data.ids, words_of(request.data), strict=True)):
        k = model.classes.index(request.target) if request.target else int(decided[at])
        odds = np.array([model.log_odds(word) for word in words])
        heat, score = (odds[:, k] - odds[:, 1 - k])[None].astype(np.float32), float(probabilities[at, k])
        found += [
            Explanation(row, request.name, method, model.classes[k], heat, score, None, tuple(words))
            for method in request.methods
        ]
    return found


DOMAIN = Domain(
    name="reviews",
    title="Reviews",
    purpose="Tell happy reviews from unhappy ones.",
    icon="📝",
    upload_help="a CSV of reviews",
    schema=SCHEMA,
    read=read,
    inspect=lambda dataset, splits: [],
    mend=lambda dataset, splits, kinds: (dataset, splits),
    split=split,
    models={
        "majority": Offer("majority", "Majority", "baseline", "Same answer.", lazy("dl_core.models.majority:Majority")),
        "naive_bayes": Offer("naive_bayes", "Naive Bayes", "deep", "Words.", lazy("toy_reviews.models:NaiveBayes")),
    },
    presets={"fast": ("majority", "naive_bayes"), "all": ("majority", "naive_bayes")},
    primary_metric="auroc",
    metrics=("auroc", "accuracy"),
    group_metrics=("accuracy",),
    explainers=("words",),
    explain=explain,
    slices=lambda dataset: dataset.table[list(dataset.roles.get(Role.GROUP, ()))],
    prediction_table=lambda predictions, data: predictions.rename(columns={"y_pred": "mood"})[["row", "mood"]],
    options=(
        Option("test_share", float, 0.3, "share of rows kept for the test"),
        Option("validation_share", float, 0.2, "share of rows kept for validation"),
    ),
    sample=Sample(SAMPLE, "Reviews", SAMPLE / "prepared_run"),
    limits=("Irony is lost on it.",),
)
