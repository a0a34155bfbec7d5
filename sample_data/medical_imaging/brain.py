"""Real anatomy from the MNI152 template, one synthetic patient at a time, cut into slices.

Lengths are millimetres, intensities lie in 0..1. Axes are those of the template: x to the right, y to the front,
z upwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

SIZE = 128  # pixels a side
PIXEL = 1.6  # mm
CENTRE = np.array([0.0, -17.0, 6.0])  # middle of the brain in template space, mm
CLOUD = 100.0  # half the edge of the cube over which a patient's warp is drawn, mm
PLANES = ("axial", "coronal", "sagittal")
# per plane: the template axis along the rows (downwards), along the columns (to the right), and across the slice
AXES = {"axial": (1, 0, 2), "coronal": (2, 0, 1), "sagittal": (2, 1, 0)}
FILES = {part: f"mni_icbm152_{part}_tal_nlin_sym_09a_converted.nii.gz" for part in ("t1", "gm", "wm")}


@dataclass(frozen=True)
class Template:
    """The MNI152 volumes.

    Parameters
    ----------
    t1 : numpy.ndarray of float32, shape (197, 233, 189)
        T1-weighted intensity, a little sharpened, because an average of 152 people is blurred.
    tissue, fluid, inside : numpy.ndarray of float32, same shape
        Share of grey and white matter, share of widened fluid spaces, brain or not, in 0..1.
    origin : numpy.ndarray of float, shape (3,)
        Voxel of the point (0, 0, 0) mm; voxels are 1 mm wide.
    homes : numpy.ndarray of float, shape (n, 3)
        Points (mm) inside the cerebrum's grey and white matter where a lesion may sit.
    """

    t1: np.ndarray
    tissue: np.ndarray
    fluid: np.ndarray
    inside: np.ndarray
    origin: np.ndarray
    homes: np.ndarray

    @classmethod
    def read(cls, folder: Path) -> Template:
        """Read the three volumes from nilearn's `datasets/data` folder (or any folder above it)."""
        images = {part: nibabel.load(find(folder, name)) for part, name in FILES.items()}
        t1, grey, white = (np.asarray(image.dataobj, dtype=np.float32) / 255 for image in images.values())
        inside = ndimage.binary_fill_holes(t1 > 0.02).astype(np.float32)
        tissue = np.clip(grey + white, 0, 1)
        fluid = ndimage.gaussian_filter(inside * (1 - tissue), 1.6)
        sharp = np.clip(t1 + 0.9 * (t1 - ndimage.gaussian_filter(t1, 1.5)), 0, 1)
        origin = -images["t1"].affine[:3, 3]
        deep = np.argwhere(ndimage.uniform_filter(tissue, 7) > 0.85) - origin
        x, y, z = np.abs(deep[:, 0]), deep[:, 1], deep[:, 2]
        homes = deep[(x > 8) & (x < 56) & (y > -88) & (y < 52) & (z > -12) & (z < 60)]
        return cls(sharp, tissue, np.clip(2 * fluid, 0, 1), inside, origin, homes)


def find(folder: Path, name: str) -> Path:
    """Return the file of that name in or under the folder; exit with one clear line if it is not there."""
    hit = next(iter(sorted(folder.rglob(name))), None)
    if hit is None:
        raise SystemExit(f"{folder}: {name} not found; give the unpacked nilearn wheel (see SOURCE.md)")
    return hit


@dataclass(frozen=True)
class Anatomy:
    """One synthetic patient: the template turned, scaled and smoothly warped.

    Parameters
    ----------
    template : Template
    turn : numpy.ndarray, shape (3, 3)
        Rotation from patient to template space.
    scale : numpy.ndarray, shape (3,)
        Size of the patient against the template, by axis.
    shift : numpy.ndarray, shape (3,)
        Displacement in mm.
    warp : numpy.ndarray, shape (3, 7, 7, 7)
        Cubic spline coefficients of the smooth displacement (mm) over a cube of edge 2 × `CLOUD`.
    atrophy : float
        0 (none) .. 1: how much wider fluid spaces look.
    """

    template: Template
    turn: np.ndarray
    scale: np.ndarray
    shift: np.ndarray
    warp: np.ndarray
    atrophy: float

    @classmethod
    def draw(cls, template: Template, age: int, rng: np.random.Generator) -> Anatomy:
        """Draw a patient; only the fluid spaces depend on age."""
        turn = Rotation.from_euler("xyz", rng.normal(0, 4.5, 3).clip(-11, 11), degrees=True).as_matrix()
        scale = rng.normal(1.0, 0.035) + rng.normal(0, 0.025, 3)
        coarse = rng.normal(0, 5.0, (3, 7, 7, 7))
        warp = np.stack([ndimage.spline_filter(ndimage.gaussian_filter(part, 0.6) * 2.0, 3) for part in coarse])
        atrophy = float(np.clip((age - 58) / 25 + rng.normal(0, 0.08), 0, 1))
        return cls(template, turn, scale.clip(0.88, 1.12), rng.uniform(-4, 4, 3), warp.clip(-12, 12), atrophy)

    def to_template(self, points: np.ndarray) -> np.ndarray:
        """Map patient points (…, 3), mm from the middle of the image, to template points (…, 3), mm."""
        at = np.moveaxis((points / CLOUD + 1) * (self.warp.shape[1] - 1) / 2, -1, 0)
        push = [ndimage.map_coordinates(part, at, order=3, prefilter=False, mode="nearest") for part in self.warp]
        return (points / self.scale) @ self.turn.T + CENTRE + self.shift + np.stack(push, axis=-1)

    def to_patient(self, point: np.ndarray) -> np.ndarray:
        """Return the patient point that `to_template` maps to this template point (fixed-point iteration)."""
        guess = point - CENTRE
        for _ in range(25):
            guess = guess + 0.8 * (point - self.to_template(guess[None])[0])
        return guess

    def look_up(self, points: np.ndarray, *names: str) -> list[np.ndarray]:
        """Return template volumes interpolated at template points (…, 3)."""
        at = np.moveaxis(points + self.template.origin, -1, 0)
        return [ndimage.map_coordinates(getattr(self.template, name), at, order=1) for name in names]


@dataclass(frozen=True)
class Slice:
    """One clean slice before lesion and scanner; every array has shape (SIZE, SIZE)."""

    points: np.ndarray  # (SIZE, SIZE, 3), mm in patient space
    t1: np.ndarray
    tissue: np.ndarray
    inside: np.ndarray


def plane_points(plane: str, depth: float) -> np.ndarray:
    """Return the points (SIZE, SIZE, 3), mm in patient space, of a slice at `depth` mm from the middle."""
    down, right, across = AXES[plane]
    steps = (np.arange(SIZE) - (SIZE - 1) / 2) * PIXEL
    points = np.full((SIZE, SIZE, 3), depth)
    points[..., down] = -steps[:, None]  # the front or the top of the head is at the top of the image
    points[..., right] = steps[None, :]
    points[..., across] = depth
    return points


def cut(anatomy: Anatomy, plane: str, depth: float) -> Slice:
    """Cut one slice of 3 mm thickness: three sheets are averaged, as a scanner averages over a slice."""
    points = plane_points(plane, depth)
    middle = anatomy.to_template(points)
    across = np.zeros(3)
    across[AXES[plane][2]] = 1.0
    step = anatomy.turn @ across
    t1 = np.mean([anatomy.look_up(middle + step * offset, "t1")[0] for offset in (-1.0, 0.0, 1.0)], axis=0)
    tissue, fluid, inside = anatomy.look_up(middle, "tissue", "fluid", "inside")
    wide = np.clip(anatomy.atrophy * 1.3 * fluid, 0, 1)
    return Slice(points, t1 * (1 - wide) + 0.2 * wide, tissue * (1 - wide), inside > 0.5)
