"""Jobs that lift the lid: explanations with their faithfulness, and what the layers see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from dl_core import pipeline
from dl_core.data.images.pictures import data_uri, thumbnail, thumbnails
from dl_core.data.rows import plain, row_values, shown_columns, typical_columns
from dl_core.kinds import kind_of
from dl_core.schema import Role
from dl_core.tasks.contributions import explanation_as_json
from dl_core.tasks.opening import open_run

if TYPE_CHECKING:
    from dl_core.engine import TaskContext

MOST_CASES = 8  # rows explained by one job


def explain(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Explain ``args["rows"]`` of the run's data with ``args["models"]`` and ``args["methods"]``.

    ``args["target"]`` is the class explained (by default the predicted one); ``args["faithfulness"]`` may be false for
    a quick look.
    """
    domain, run = open_run(args, context)
    rows = list(args["rows"])[:MOST_CASES]
    whole = run.load_dataset()
    data, about = whole.subset(rows), typical_columns(whole, domain.schema)
    models = [run.check_model(name) for name in args.get("models") or [None]]
    methods = args.get("methods") or list(domain.explainers[:1])
    found: dict[str, list[dict[str, Any]]] = {row: [] for row in rows}
    for number, name in enumerate(models):
        context.progress(number / len(models), f"Explaining {domain.models[name].label}")
        _, model = pipeline.open_model(domain, run, name)
        maps = pipeline.explain(
            domain,
            run,
            name,
            data,
            methods=methods,
            target=args.get("target"),
            faithfulness=args.get("faithfulness", True),
            opened=model,
        )
        for explanation in maps:
            found[explanation.row].append(explanation_as_json(explanation, data, about))
    truth = data.values(Role.LABEL)
    values = row_values(data, shown_columns(data))
    return {
        "cases": [
            {
                "row": row,
                "image": picture,
                "values": values[index],
                "y_true": None if truth is None else plain(truth.loc[row]),
                "mask": _mask(data, index),
                "maps": found[row],
            }
            for index, (row, picture) in enumerate(zip(rows, thumbnails(data, enlarge=False), strict=True))
        ]
    }


def layers(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Return feature maps from early to deep layers for ``args["row"]``."""
    from dl_core.explain.images.explain import view_of
    from dl_core.explain.images.layers import feature_maps
    from dl_core.explain.walk import has_maps

    domain, run = open_run(args, context)
    name, model = pipeline.open_model(domain, run, args.get("model"))
    data = run.load_dataset().subset([args["row"]])
    graph = None if kind_of(data).pictures is None else model.graph()
    if graph is None or not has_maps(graph, data.images.shape[1:]):
        return {"model": name, "layers": []}
    found = feature_maps(view_of(model, data), np.asarray(data.images[0]))
    return {
        "model": name,
        "image": thumbnail(np.asarray(data.images[0])),
        "layers": [
            {
                "name": layer.name,
                "depth": layer.depth,
                "shape": list(layer.shape),
                "tiles": [data_uri(Image.fromarray(tile)) for tile in layer.tiles],
            }
            for layer in found
        ],
    }


def _mask(data: Any, index: int) -> str | None:
    mask = data.arrays.get("mask")
    return None if mask is None or not mask[index].any() else thumbnail(np.asarray(mask[index]), enlarge=False)
