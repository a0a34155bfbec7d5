"""A fifth domain for tests: is a wine red or white, from three numbers? Nothing in it is an image or a network."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset, Finding, Source
from dl_core.data.splits import Splits
from dl_core.domain import Domain, Option
from dl_core.errors import SchemaError
from dl_core.explain.explanation import Faithfulness
from dl_core.explain.table.plain import TableContributions
from dl_core.models.base import Classifier, Offer
from dl_core.models.majority import Majority
from dl_core.models.store import load_about, save_about
from dl_core.schema import Field, Role, Schema

SCHEMA = Schema(
    (
        Field(Role.ID, "text", names=("bottle",)),
        Field(Role.LABEL, "category", required=True, names=("colour",)),
        Field(Role.GROUP, "category", many=True, names=("country",)),
        Field(Role.FEATURE, "number", required=True, many=True, names=("tannin", "acid", "sugar")),
    )
)


def read(request):
    frames = [pd.read_csv(path).assign(part="train") for path in request.paths]
    frames += [pd.read_csv(path).assign(part="test") for path in request.test_paths]
    table = pd.concat(frames, ignore_index=True).set_index("bottle", drop=False).rename_axis("row")
    roles = {**SCHEMA.guess(list(table)), **request.roles}
    like = request.options.get("like")
    if request.labelled and Role.LABEL not in roles:
        raise SchemaError("there is no column that holds the colour", where=request.name)
    label = table[roles[Role.LABEL][0]] if Role.LABEL in roles else None
    classes = tuple(like["classes"] if like else sorted(label.unique()))  # new cases mean what training rows meant
    source = Source("Made up for tests", licence="CC0", simulated="wines that nobody drank")
    fixed = table.pop("part")
    return Dataset(
        request.name, table, roles, source, classes=classes, fixed_split=fixed if request.test_paths else None
    )


def inspect(dataset, splits):
    twice = dataset.ids[dataset.table[list(dataset.roles[Role.FEATURE])].duplicated()]
    return (
        [Finding("warning", "twice", f"{len(twice)} wines stand twice.", tuple(twice), "twice")] if len(twice) else []
    )


def mend(dataset, splits, kinds):
    gone = set(inspect(dataset, splits)[0].rows) if "twice" in kinds else set()
    kept = tuple(row for row in splits.train if row not in gone)
    return dataset, Splits(kept, splits.validation, splits.test, splits.kind, splits.protocol)


def split(dataset, seed, options):
    order = np.random.default_rng(seed).permutation(np.asarray(dataset.ids, dtype=object))
    test, validation = int(options["test_share"] * len(order)), len(order) // 4
    parts = order[test + validation :], order[test : test + validation], order[:test]
    return Splits(*(tuple(part) for part in parts), "at random", f"at random, seed {seed}")


def numbers(dataset):
    return dataset.table[list(dataset.roles[Role.FEATURE])].to_numpy(dtype=float)


class Centres(Classifier):
    """The nearer class centre wins; scores are a softmax of negative distances."""

    def fit(self, train, validation, context):
        self.classes = train.classes
        weight = np.ones(len(train)) if context.sample_weight is None else context.sample_weight
        x, y = numbers(train), train.targets
        self.centres = [np.average(x[y == k], axis=0, weights=weight[y == k]) for k in range(len(self.classes))]
        context.progress(1.0, "centres found")

    def scores(self, data):
        distance = np.stack([((numbers(data) - centre) ** 2).sum(axis=1) for centre in self.centres], axis=1)
        score = np.exp(-distance + distance.min(axis=1, keepdims=True))
        return score / score.sum(axis=1, keepdims=True)

    def parameters(self):
        return int(np.size(self.centres))

    def save(self, folder):
        save_about(folder, {"classes": list(self.classes), "centres": [list(map(float, c)) for c in self.centres]})

    @classmethod
    def load(cls, folder):
        about, model = load_about(folder), cls()
        model.classes, model.centres = tuple(about["classes"]), [np.array(c) for c in about["centres"]]
        return model


def explain(request):
    """Return how much the target's probability falls when a feature becomes the rows' mean."""
    model, data, target = request.model, request.data, request.target
    columns = data.roles[Role.FEATURE]
    scores, decided = request.rule.decide(model.scores(data))
    index = np.full(len(data), model.classes.index(target)) if target else decided
    chosen = scores[np.arange(len(data)), index]
    heat = np.zeros((len(data), len(columns)), dtype=np.float32)
    for at, column in enumerate(columns):
        table = data.table.assign(**{column: data.table[column].mean()})
        changed = Dataset(data.name, table, data.roles, data.source, classes=data.classes)
        spoilt = request.rule.decide(model.scores(changed)).probabilities
        heat[:, at] = chosen - spoilt[np.arange(len(data)), index]
    trust = Faithfulness(0.2, 0.8, 0.5, 0.5, 0.5, 0.5) if request.faithfulness else None
    return [
        TableContributions(
            row, request.name, method, model.classes[k], heat[i : i + 1], float(chosen[i]), trust, columns
        )
        for i, (row, k) in enumerate(zip(data.ids, index, strict=True))
        for method in request.methods
    ]


def prediction_table(predictions, data):
    return predictions.rename(columns={"row": "bottle", "y_pred": "colour"})[["bottle", "colour", "score_red"]]


def curve(train, validation, test, seeds, work, options):
    work.emit({"event": "progress", "done": 1.0, "text": "drawn"})
    return [
        {"model": "centres", "labels": len(train), "seed": s, "metric": "auroc", "value": 1.0} for s in range(seeds)
    ]


TOY = Domain(
    name="wine",
    title="Wine",
    purpose="Tell red from white.",
    icon="🍷",
    upload_help="a CSV of wines",
    schema=SCHEMA,
    read=read,
    inspect=inspect,
    mend=mend,
    split=split,
    models={
        "majority": Offer("majority", "Majority", "baseline", "Always the same.", lambda: Majority),
        "centres": Offer("centres", "Centres", "deep", "The nearer one.", lambda: Centres),
    },
    presets={"fast": ("majority", "centres"), "all": ("majority", "centres")},
    primary_metric="auroc",
    metrics=("auroc", "accuracy"),
    group_metrics=("accuracy", "sensitivity"),
    explainers=("leave_out",),
    explain=explain,
    slices=lambda dataset: dataset.table[list(dataset.roles.get(Role.GROUP, ()))],
    prediction_table=prediction_table,
    novelty=lambda dataset, cache: numbers(dataset),
    learning_curve=curve,
    options=(Option("test_share", float, 0.4, "share of rows kept for the test"),),
    notice="Drink in moderation.",
    limits=("Wines differ.",),
)


def wines(count=160, seed=0):
    """Return a table of wines: red ones have more tannin and less acid; every tenth is told wrong."""
    rng = np.random.default_rng(seed)
    red = np.arange(count) % 2 == 0
    told = np.where(np.arange(count) % 10 == 0, ~red, red)
    return pd.DataFrame(
        {
            "bottle": [f"b{i:03d}" for i in range(count)],
            "tannin": rng.normal(np.where(red, 2.0, 0.5), 0.6).round(3),
            "acid": rng.normal(np.where(red, 0.5, 1.5), 0.6).round(3),
            "sugar": rng.normal(1.0, 0.5, count).round(3),
            "country": np.where(rng.random(count) < 0.5, "Here", "There"),
            "colour": np.where(told, "red", "white"),
        }
    )
