"""The methods by name. Describing them loads neither Keras nor a method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from dl_core.errors import OptionError, shorten

if TYPE_CHECKING:
    from dl_core.explain.images.base import Explainer
    from dl_core.explain.images.view import Maps, ModelView
    from dl_core.explain.table.base import TableExplainer


@dataclass(frozen=True)
class ExplainerInfo:
    """One method that can be chosen.

    ``cost`` is ``"low"`` (one gradient pass an image), ``"medium"`` (tens of gradient passes) or ``"high"`` (a hundred
    or more scorings). ``needs_maps`` tells that it reads layers with maps, which a regression on pixels has not.
    """

    name: str
    label: str
    paper: str
    help: str
    needs_graph: bool
    cost: str
    load: Callable[[], type[Explainer] | type[TableExplainer]]
    needs_maps: bool = False


def _from(module: str, name: str) -> Callable[[], type[Explainer]]:
    return lambda: getattr(import_module(f"dl_core.explain.{module}"), name)


EXPLAINERS: Mapping[str, ExplainerInfo] = MappingProxyType(
    {
        info.name: info
        for info in (
            ExplainerInfo(
                "hirescam",
                "HiResCAM",
                "Draelos and Carin 2020; several depths after Jiang et al. 2021",
                "Element-wise product of gradients and activations of the layers that feed the head; fine "
                "resolution at low cost.",
                True,
                "low",
                _from("images.hirescam", "HiResCam"),
                needs_maps=True,
            ),
            ExplainerInfo(
                "gradcam",
                "Grad-CAM",
                "Selvaraju et al. 2017",
                "Feature maps of the last convolutional layer, weighted by their mean gradient. Coarse; the "
                "best-known method.",
                True,
                "low",
                _from("images.gradcam", "GradCam"),
                needs_maps=True,
            ),
            ExplainerInfo(
                "gradcam_pp",
                "Grad-CAM++",
                "Chattopadhay et al. 2018",
                "Grad-CAM with pixel-wise weights of positive gradients; better for several instances of a class.",
                True,
                "low",
                _from("images.gradcam_pp", "GradCamPlusPlus"),
                needs_maps=True,
            ),
            ExplainerInfo(
                "integrated_gradients",
                "Integrated gradients",
                "Sundararajan et al. 2017",
                "Gradients integrated from a blurred baseline to the image; attributions sum to the change of "
                "the score.",
                True,
                "medium",
                _from("images.integrated_gradients", "IntegratedGradients"),
            ),
            ExplainerInfo(
                "smoothgrad",
                "SmoothGrad",
                "Smilkov et al. 2017",
                "Gradient saliency, averaged over noisy copies of the image.",
                True,
                "medium",
                _from("images.smoothgrad", "SmoothGrad"),
            ),
            ExplainerInfo(
                "occlusion",
                "Occlusion",
                "Zeiler and Fergus 2014",
                "Change of the score when a patch is masked. Slow, model-agnostic.",
                False,
                "high",
                _from("images.occlusion", "Occlusion"),
            ),
        )
    }
)

TABLE_EXPLAINERS: Mapping[str, ExplainerInfo] = MappingProxyType(
    {
        info.name: info
        for info in (
            ExplainerInfo(
                "expected_gradients",
                "Expected gradients",
                "Erion et al. 2021",
                "Integrated gradients averaged over background rows. For networks; fast.",
                True,
                "medium",
                _from("table.expected_gradients", "ExpectedGradients"),
            ),
            ExplainerInfo(
                "integrated_gradients",
                "Integrated gradients",
                "Sundararajan et al. 2017",
                "Gradients integrated from a typical row (baseline) to this row. For networks.",
                True,
                "low",
                _from("table.expected_gradients", "TableIntegratedGradients"),
            ),
            ExplainerInfo(
                "shapley_sampling",
                "Shapley value sampling",
                "Štrumbelj and Kononenko 2014",
                "Shapley values by Monte Carlo sampling of feature orders. Model-agnostic.",
                False,
                "high",
                _from("table.shapley_sampling", "ShapleySampling"),
            ),
        )
    }
)


BY_KIND = {"images": EXPLAINERS, "table": TABLE_EXPLAINERS}


def explainer_info(name: str, kind: str = "images") -> ExplainerInfo:
    """Return the description of a method; of several of that name the one for this ``kind`` of row.

    Raises
    ------
    OptionError
        If there is no such method.
    """
    known = {**TABLE_EXPLAINERS, **EXPLAINERS, **BY_KIND.get(kind, {})}
    if name not in known:
        raise OptionError(f"there is no method {shorten(name)!r}", expected=", ".join(known))
    return known[name]


def get_table_explainer(name: str, **options: Any) -> TableExplainer:
    """Return the method for tables of that name.

    Raises
    ------
    OptionError
        If there is no such method or option.
    """
    if name not in TABLE_EXPLAINERS:
        raise OptionError(f"there is no method {shorten(name)!r}", expected=", ".join(TABLE_EXPLAINERS))
    return TABLE_EXPLAINERS[name].load()(**options)


def get_explainer(name: str, **options: Any) -> Explainer:
    """Return the method of that name.

    Raises
    ------
    OptionError
        If there is no such method or option.
    """
    if name not in EXPLAINERS:
        raise OptionError(f"there is no method {shorten(name)!r}", expected=", ".join(EXPLAINERS))
    return EXPLAINERS[name].load()(**options)


def explain(
    source: ModelView,
    images: np.ndarray,
    method: str,
    target: int | None = None,
    options: Mapping[str, Any] | None = None,
) -> Maps:
    """Explain ``images`` (n, h, w, c) uint8 by one method; ``target`` None explains the most probable class.

    Returns
    -------
    Maps
        Heats (n, h, w) float32 in 0…1, probabilities and targets.
    """
    return get_explainer(method, **(options or {})).explain(source, images, target)
