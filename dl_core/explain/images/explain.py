"""Explaining the rows of an image data set: from a fitted model to `Explanation` with its measured faithfulness."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dl_core.data.dataset import Dataset
from dl_core.errors import counted
from dl_core.evaluate.decide import DecisionRule, class_index
from dl_core.explain.explanation import Faithfulness
from dl_core.explain.faithfulness import checked
from dl_core.explain.images.base import draw_maps
from dl_core.explain.images.faithfulness import measure_maps, randomisation
from dl_core.explain.images.plain import ImageMap
from dl_core.explain.images.view import Maps, ModelView
from dl_core.explain.registry import explainer_info
from dl_core.explain.request import ExplainRequest, Progress
from dl_core.models.base import Classifier
from dl_core.schema import Role


def view_of(model: Classifier, data: Dataset, rule: DecisionRule | None = None) -> ModelView:
    """Return ``model`` as explainers see it; images it scores get the shape of ``data``'s."""
    graph = model.graph()
    layers: tuple[str, ...] = ()
    if graph is not None:
        from dl_core.explain.walk import suggested_layers

        layers = suggested_layers(graph)

    def score(images: np.ndarray) -> np.ndarray:
        return model.scores(_bare(data, images))

    return ModelView(graph, score, layers, rule or DecisionRule())


def explain_images(request: ExplainRequest) -> list[ImageMap]:
    """Draw maps of every image by every method, row after row.

    Parameters
    ----------
    request : ExplainRequest
        ``data`` are working images; ``arrays["mask"]`` (n, h, w) marks the finding where it is known. A method that
        needs gradients, or layers with maps, is replaced by occlusion where the model has none. Without a ``target``
        each row's decided class is explained. Measuring takes some 250 scorings a row.

    Returns
    -------
    list of ImageMap

    Raises
    ------
    OptionError
        If a class or method does not exist.
    """
    model, data = request.model, request.data
    source = view_of(model, data, request.rule)
    methods = _fitting(request.methods, source, data.images.shape[1:])
    index = None if request.target is None else class_index(model.classes, request.target)
    maps: dict[str, Maps] = {}
    for i, method in enumerate(methods):
        request.progress(
            i / (2 * len(methods)), f"{explainer_info(method, 'images').label}: {counted(len(data), 'image')}"
        )
        maps[method] = draw_maps(source, data.images, method, index)
    trust: list[dict[str, Faithfulness]] = [{} for _ in range(len(data))]
    if request.faithfulness:
        trust = _measure_all(source, data, maps, request.progress)
    return [
        ImageMap(
            row=str(row),
            model=request.name,
            method=method,
            target=model.classes[int(found.targets[i])],
            heat=found.heats[i],
            score=float(found.probabilities[i]),
            faithfulness=trust[i].get(method),
        )
        for i, row in enumerate(data.ids)
        for method, found in maps.items()
    ]


def _measure_all(
    source: ModelView, data: Dataset, maps: dict[str, Maps], progress: Progress
) -> list[dict[str, Faithfulness]]:
    images, masks = data.images, data.arrays.get("mask")
    redrawn = {
        method: randomisation(source, images, method, found.heats, found.targets) for method, found in maps.items()
    }
    result = []
    for i in range(len(data)):
        progress(0.5 + i / (2 * len(data)), f"Measuring faithfulness: image {i + 1} of {len(data)}")
        heats = {method: found.heats[i] for method, found in maps.items()}
        target = int(next(iter(maps.values())).targets[i])
        mask = None if masks is None else np.asarray(masks[i]).reshape(images.shape[1:3]) > 0
        measured = measure_maps(source, images[i], heats, target, mask)
        result.append(checked(measured, redrawn, i))
    return result


def _fitting(methods: Sequence[str], source: ModelView, size: tuple[int, int, int]) -> list[str]:
    """Return the methods that suit a model: occlusion in place of those that need what it has not."""
    known = {method: explainer_info(method, "images") for method in methods}
    if source.graph is None:
        methods = [method if not known[method].needs_graph else "occlusion" for method in methods]
    elif any(info.needs_maps for info in known.values()) and not _has_maps(source, size):
        methods = [method if not known[method].needs_maps else "occlusion" for method in methods]
    return list(dict.fromkeys(methods))


def _has_maps(source: ModelView, size: tuple[int, int, int]) -> bool:
    from dl_core.explain.walk import has_maps

    return has_maps(source.need_graph(), size)


def _bare(data: Dataset, images: np.ndarray) -> Dataset:
    """Return ``images`` as a data set of their own, without labels."""
    import pandas as pd

    key = data.roles[Role.IMAGE][0]
    return Dataset(
        name="images",
        table=pd.DataFrame(index=pd.RangeIndex(len(images)).astype(str)),
        roles={Role.IMAGE: (key,)},
        source=data.source,
        arrays={key: images},
        classes=data.classes,
    )
