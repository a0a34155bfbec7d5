"""Simulated lesions: irregular, soft-edged, brighter or darker than the tissue around them, or ring-shaped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from brain import Anatomy, Slice
from scipy import ndimage
from scipy.spatial.transform import Rotation

KINDS = ("dark", "bright", "ring")
RADIUS = (10.5, 19.0)  # mm
CONTRAST = (0.50, 0.95)  # change of intensity, as a share of white matter's


@dataclass(frozen=True)
class Lesion:
    """One lesion in patient space.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    middle : numpy.ndarray, shape (3,)
        mm in patient space.
    radius, contrast, softness : float
        mm; change of intensity at its height; width of the edge as a share of the radius.
    stretch : numpy.ndarray, shape (3, 3)
        Turns and stretches the sphere into an ellipsoid.
    bumps, grain : numpy.ndarray, shape (9, 9, 9)
        Smooth random fields over ±2.2 radii that make the outline irregular and the inside uneven.
    """

    kind: str
    middle: np.ndarray
    radius: float
    contrast: float
    softness: float
    stretch: np.ndarray
    bumps: np.ndarray
    grain: np.ndarray

    @classmethod
    def draw(cls, anatomy: Anatomy, rng: np.random.Generator) -> Lesion:
        """Draw a lesion somewhere in the cerebrum's grey and white matter."""
        homes = anatomy.template.homes
        middle = anatomy.to_patient(homes[rng.integers(len(homes))])
        axes = np.exp(rng.normal(0, 0.16, 3))
        turn = Rotation.random(random_state=rng).as_matrix()
        return cls(
            kind=str(rng.choice(KINDS, p=(0.45, 0.35, 0.20))),
            middle=middle,
            radius=float(rng.uniform(*RADIUS)),
            contrast=float(rng.uniform(*CONTRAST)),
            softness=float(rng.uniform(0.06, 0.20)),
            stretch=turn @ np.diag(axes / axes.prod() ** (1 / 3)) @ turn.T,
            bumps=smooth_field(rng, 0.8),
            grain=smooth_field(rng, 0.5),
        )

    def share(self, cut: Slice) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return at every pixel the lesion's share (0..1), its depth (0 middle, 1 edge) and its grain."""
        away = (cut.points - self.middle) @ self.stretch / self.radius
        at = np.moveaxis((away / 2.2 + 1) * (self.bumps.shape[0] - 1) / 2, -1, 0)
        bumps, grain = (ndimage.map_coordinates(f, at, order=3, mode="nearest") for f in (self.bumps, self.grain))
        depth = np.linalg.norm(away, axis=-1) + 0.22 * bumps
        share = 1 / (1 + np.exp(np.clip((depth - 1) / (self.softness / 2.2), -40, 40)))
        tissue = np.clip(1.25 * ndimage.gaussian_filter(cut.tissue, 0.7) - 0.1, 0, 1)
        return share * tissue, depth, grain

    def paint(self, cut: Slice, strength: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the slice's intensity with the lesion painted in, and its exact mask.

        Parameters
        ----------
        cut : Slice
        strength : float
            1 paints the lesion at its own contrast, another value at that multiple of it, 0 leaves the tissue as it is
            (the same steps run for both classes).

        Returns
        -------
        tuple of numpy.ndarray
            Intensity (SIZE, SIZE) and mask (SIZE, SIZE) of bool: where the lesion's share exceeds one half.
        """
        share, depth, grain = self.share(cut)
        change = {"dark": -1.0, "bright": 1.0}.get(self.kind)
        if change is None:  # a bright rim around a dark core
            change = 2.0 * np.exp(-(((depth - 0.78) / 0.2) ** 2)) - 0.9
        change = change * (1 + 0.7 * grain) * self.contrast
        return cut.t1 + strength * share * change, share > 0.5


def smooth_field(rng: np.random.Generator, width: float) -> np.ndarray:
    """Return a smooth random field (9, 9, 9) of mean 0 and standard deviation 1."""
    field = ndimage.gaussian_filter(rng.normal(size=(9, 9, 9)), width)
    return (field - field.mean()) / field.std()
