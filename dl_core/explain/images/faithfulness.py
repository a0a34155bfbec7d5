"""How far a map of an image can be trusted: four measures, each beside the maps that anyone could draw.

Deletion and insertion are in `curves`. The randomisation check is Adebayo et al., "Sanity Checks for Saliency Maps",
NeurIPS 2018; the pointing game is Zhang et al., "Top-down Neural Attention by Excitation Backprop", IJCV 2018.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from dl_core.explain.explanation import Faithfulness
from dl_core.explain.faithfulness import rank_correlation, redrawn_weights
from dl_core.explain.images.curves import STEPS, centre_map, curve_areas, random_maps
from dl_core.explain.images.view import ModelView
from dl_core.explain.registry import get_explainer


class PointingScore(NamedTuple):
    """Shares of images, in 0…1, whose map's peak (or whose centre) lies in the mask, of ``n`` images with a mask."""

    hits: float
    centre: float
    n: int


def measure_maps(
    source: ModelView,
    image: np.ndarray,
    heats: Mapping[str, np.ndarray],
    target: int,
    mask: np.ndarray | None = None,
    *,
    steps: int = STEPS,
    seed: int = 0,
) -> dict[str, Faithfulness]:
    """Measure several maps of one image against random maps and the centre map.

    Parameters
    ----------
    source : ModelView
    image : numpy.ndarray
        (h, w, c) uint8.
    heats : mapping of str to numpy.ndarray
        Maps (h, w) by method.
    target : int
        The class explained.
    mask : numpy.ndarray or None
        (h, w), true where the finding is; None or empty where none is known.
    steps, seed : int
        Of the curves.

    Returns
    -------
    dict of str to Faithfulness
        By method; ``randomisation`` is left None, see `randomisation`.
    """
    height, width = image.shape[:2]
    centre = centre_map(height, width)
    others = {f" random {i}": heat for i, heat in enumerate(random_maps(height, width, seed=seed))}
    areas = curve_areas(source, image, {**heats, " centre": centre, **others}, target, steps, seed)
    random = np.mean([areas[name] for name in others], axis=0)
    known = mask if mask is not None and np.any(mask) else None
    return {
        method: Faithfulness(
            deletion=areas[method][0],
            insertion=areas[method][1],
            random_deletion=float(random[0]),
            random_insertion=float(random[1]),
            centre_deletion=areas[" centre"][0],
            centre_insertion=areas[" centre"][1],
            pointing=None if known is None else is_peak_inside(heat, known),
            centre_pointing=None if known is None else is_peak_inside(centre, known),
        )
        for method, heat in heats.items()
    }


def is_peak_inside(heat: np.ndarray, mask: np.ndarray, tolerance: float = 0.0) -> bool:
    """Return whether the hottest pixel of ``heat`` (h, w) lies in ``mask`` (h, w) or within ``tolerance`` pixels of it.

    The paper allows 15 px on photographs of about 500 px; the default here is none. A constant map points nowhere; of
    several equally hot pixels, the middle one of their positions in reading order counts.
    """
    if np.ptp(heat) == 0 or not np.any(mask):
        return False
    peaks = np.flatnonzero(heat.ravel() == heat.max())
    row, column = divmod(int(peaks[len(peaks) // 2]), heat.shape[1])
    rows, columns = np.nonzero(mask)
    return bool(np.hypot(rows - row, columns - column).min() <= tolerance)


def pointing_score(heats: np.ndarray, masks: np.ndarray, tolerance: float = 0.0) -> PointingScore:
    """Return the pointing game over many maps and masks, both (n, h, w); images with an empty mask are left out."""
    pairs = [(heat, mask) for heat, mask in zip(heats, masks, strict=True) if np.any(mask)]
    if not pairs:
        return PointingScore(float("nan"), float("nan"), 0)
    centre = centre_map(*pairs[0][0].shape)
    return PointingScore(
        float(np.mean([is_peak_inside(heat, mask, tolerance) for heat, mask in pairs])),
        float(np.mean([is_peak_inside(centre, mask, tolerance) for _, mask in pairs])),
        len(pairs),
    )


def randomisation(
    source: ModelView,
    images: np.ndarray,
    method: str,
    heats: np.ndarray,
    targets: Sequence[int] | np.ndarray,
    options: Mapping[str, Any] | None = None,
    *,
    seed: int = 0,
) -> list[float] | None:
    """Return how much each map resembles the map of the same network with re-drawn weights.

    All weights are drawn at once, not layer after layer as in the paper's cascade.

    Parameters
    ----------
    source : ModelView
    images, heats : numpy.ndarray
        (n, h, w, c) uint8 and the maps (n, h, w) to check.
    method : str
    targets : sequence of int
        The classes explained, (n,).
    options : mapping or None
        Of the method.
    seed : int

    Returns
    -------
    list of float or None
        Spearman's rank correlation, -1…1, an image; 0 where either map is constant. None if the model has no graph.
    """
    if source.graph is None:
        return None
    explainer = get_explainer(method, "images", **(options or {}))
    # the model's own fast path would still score with the learned weights
    view = ModelView.of_graph(source.graph, source.layers)
    with redrawn_weights(source.graph, seed):
        redrawn = explainer.raw(view, images, np.asarray(targets))
    return [rank_correlation(a, b) for a, b in zip(heats, redrawn, strict=True)]
