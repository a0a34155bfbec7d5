"""How far can images be spoilt before a model fails: six corruptions at strengths 0…5, scored for every model.

The strengths are our own, mild to severe at 28 to 224 pixels; the idea of a scale of common corruptions is that of
Hendrycks and Dietterich (2019), *Benchmarking Neural Network Robustness to Common Corruptions and Perturbations*.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dl_core.errors import OptionError
from dl_core.evaluate.judge import ALL, judge
from dl_core.evaluate.metric import ClassMetric
from dl_core.evaluate.registry import metric_named
from dl_core.evaluate.scored import Scored

STRENGTHS = (0, 1, 2, 3, 4, 5)
MOST_ROWS = 200  # images scored at each strength; enough for a chart, quick enough for a slider
Score = Callable[[np.ndarray], np.ndarray]  # images (n, h, w, c) uint8 → probabilities (n, k)


@dataclass(frozen=True)
class Corruption:
    """One way to spoil images.

    Parameters
    ----------
    name, label : str
    unit : str
        What ``levels`` are measured in.
    levels : tuple of float
        The amount at each strength 0…5; strength 0 leaves the image as it is.
    function : callable
        ``f(images (n, h, w, c) uint8, amount, seed) -> uint8`` of the same shape.
    """

    name: str
    label: str
    unit: str
    levels: tuple[float, ...]
    function: Callable[[np.ndarray, float, int], np.ndarray]

    def __call__(self, images: np.ndarray, strength: int, seed: int = 0) -> np.ndarray:
        """Return spoilt copies of ``images``.

        Raises
        ------
        OptionError
            If the strength is not one of 0…5.
        """
        if strength not in STRENGTHS:
            raise OptionError(f"there is no severity {strength}", where=self.label, expected="0 to 5")
        if strength == 0:
            return images.copy()
        return self.function(images, self.levels[strength], seed)


def _pixels(values: np.ndarray) -> np.ndarray:
    """Return values as uint8 pixels."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def noise(images: np.ndarray, amount: float, seed: int = 0) -> np.ndarray:
    """Add normal noise of standard deviation ``amount`` grey levels, the same in all channels."""
    rng = np.random.default_rng(seed)
    drawn = rng.standard_normal((*images.shape[:3], 1), dtype=np.float32)
    return _pixels(images + amount * drawn)


def blur(images: np.ndarray, amount: float, seed: int = 0) -> np.ndarray:
    """Blur with a Gaussian whose standard deviation is ``amount`` per cent of the longer side."""
    from scipy.ndimage import gaussian_filter

    sigma = amount / 100 * max(images.shape[1:3])
    return _pixels(gaussian_filter(images.astype(np.float32), sigma=(0, sigma, sigma, 0)))


def brightness(images: np.ndarray, amount: float, seed: int = 0) -> np.ndarray:
    """Add ``amount`` grey levels."""
    return _pixels(images + np.float32(amount))


def contrast(images: np.ndarray, amount: float, seed: int = 0) -> np.ndarray:
    """Keep ``amount`` per cent of each pixel's distance from its image's mean."""
    values = images.astype(np.float32)
    mean = values.mean(axis=(1, 2, 3), keepdims=True)
    return _pixels(mean + amount / 100 * (values - mean))


def rotation(images: np.ndarray, amount: float, seed: int = 0) -> np.ndarray:
    """Turn by ``amount`` degrees, each image to the left or right by lot; corners are filled with the nearest pixel."""
    from scipy.ndimage import rotate

    left = np.random.default_rng(seed).random(len(images)) < 0.5
    turned = np.empty_like(images)
    for angle, chosen in ((amount, left), (-amount, ~left)):
        if chosen.any():
            values = images[chosen].astype(np.float32)
            turned[chosen] = _pixels(rotate(values, angle, axes=(1, 2), reshape=False, order=1, mode="nearest"))
    return turned


def jpeg(images: np.ndarray, amount: float, seed: int = 0) -> np.ndarray:
    """Save and reopen as JPEG of quality ``amount``."""
    from PIL import Image

    spoilt = np.empty_like(images)
    for i, image in enumerate(images):
        buffer = io.BytesIO()
        grey = image.shape[-1] == 1
        Image.fromarray(image[:, :, 0] if grey else image).save(buffer, "JPEG", quality=int(amount))
        opened = np.asarray(Image.open(buffer))
        spoilt[i] = opened[:, :, None] if grey else opened
    return spoilt


CORRUPTIONS: dict[str, Corruption] = {
    corruption.name: corruption
    for corruption in (
        Corruption("noise", "Noise", "grey levels of 255", (0, 6, 12, 24, 40, 60), noise),
        Corruption("blur", "Blur", "% of the image's side", (0, 1.0, 1.8, 2.8, 4.2, 6.0), blur),
        Corruption("brightness", "Brightness", "grey levels of 255", (0, 15, 30, 50, 75, 105), brightness),
        Corruption("contrast", "Contrast", "% of contrast left", (100, 80, 60, 42, 28, 16), contrast),
        Corruption("rotation", "Rotation", "degrees", (0, 4, 8, 15, 25, 40), rotation),
        Corruption("jpeg", "JPEG", "quality", (100, 60, 35, 20, 10, 5), jpeg),
    )
}


def pick_rows(y_true: np.ndarray, most: int = MOST_ROWS, seed: int = 0) -> np.ndarray:
    """Return about ``most`` row positions, in order: the classes in their own shares, but one row each at least."""
    n = len(y_true)
    if n <= most:
        return np.arange(n)
    rng = np.random.default_rng(seed)
    classes, counts = np.unique(y_true, return_counts=True)
    wanted = np.maximum(1, np.floor(counts * most / n)).astype(int)
    chosen = [rng.permutation(np.flatnonzero(y_true == c))[:w] for c, w in zip(classes, wanted, strict=True)]
    return np.sort(np.concatenate(chosen))


def robustness(
    score: Mapping[str, Score],
    images: np.ndarray,
    y_true: np.ndarray,
    corruption: str,
    *,
    strengths: Sequence[int] = STRENGTHS,
    metric: str | ClassMetric = "accuracy",
    seed: int = 0,
    progress: Callable[[float, str], None] | None = None,
) -> list[dict]:
    """Return one metric of every model at every strength, with intervals.

    Parameters
    ----------
    score : mapping
        By model, a function from images (n, h, w, c) uint8 to probabilities (n, k).
    images : numpy.ndarray
        (n, h, w, c) uint8 test images; about 200 are used, stratified by class.
    y_true : numpy.ndarray
        (n,) class indices.
    corruption : str
        A name of `CORRUPTIONS`.
    strengths : sequence of int
    metric : str or ClassMetric
    progress : callable or None
        Takes the share done, 0…1, and a line of text; may raise to stop the work.

    Returns
    -------
    list of dict
        ``model, corruption, strength, amount, metric, value, low, high, n``. Every model sees the same spoilt images.

    Raises
    ------
    OptionError
        If the corruption, a strength or the metric is unknown.
    """
    if corruption not in CORRUPTIONS:
        raise OptionError(f"there is no corruption {corruption!r}", expected=", ".join(CORRUPTIONS))
    spoil, chosen = CORRUPTIONS[corruption], metric_named(metric, ClassMetric) if isinstance(metric, str) else metric
    rows = pick_rows(y_true, seed=seed)
    images, y_true = images[rows], y_true[rows]
    lines, done, total = [], 0, len(strengths) * len(score)
    for strength in strengths:
        spoilt = spoil(images, strength, seed)
        for model, function in score.items():
            if progress is not None:
                progress(done / total, f"{spoil.label}, severity {strength}: {model}")
            case = Scored(y_true, np.asarray(function(spoilt), dtype=float))
            about = {"model": model, "corruption": corruption, "strength": int(strength)}
            lines.append({**about, "amount": float(spoil.levels[strength]), **_judged(case, chosen, seed)})
            done += 1
    if progress is not None:
        progress(1.0, f"{spoil.label}: done")
    return lines


def _judged(case: Scored, metric: ClassMetric, seed: int) -> dict:
    """Return one metric with its interval and n, None where it is not defined."""
    return {"metric": metric.name, **judge({"": case}, [metric], seed=seed)[""][ALL, metric.name].as_dict()}
