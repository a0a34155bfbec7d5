"""What do the layers of a network see of an image?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from dl_core.data.images.pictures import data_uri, thumbnail
from dl_core.domain import Domain
from dl_core.models.base import Classifier
from dl_core.pipeline import Run, Work
from dl_core.probes.base import MODEL, ROW, Probe, open_as


def feature_maps(domain: Domain, run: Run, work: Work, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return feature maps from early to deep layers for one row; none of a model without layers of maps."""
    from dl_core.explain.images.explain import view_of
    from dl_core.explain.images.layers import feature_maps as stage
    from dl_core.explain.walk import has_maps

    name, model = open_as(domain, run, arguments["model"], Classifier)
    data = run.load_dataset().subset([arguments["row"]])
    graph = model.graph()
    if graph is None or not has_maps(graph, data.images.shape[1:]):
        return {"model": name, "layers": []}
    found = stage(view_of(model, data), np.asarray(data.images[0]))
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


PROBE = Probe(
    name="feature_maps",
    title="Feature maps",
    purpose="Activations of a network's layers for one image, from early to deep.",
    panel="explain",
    verb=feature_maps,
    problems=("classification",),
    kinds=("images",),
    arguments=(ROW, MODEL),
)
