"""Packing a run's folder into a small archive, which `dl_core.store.shipped` unpacks.

A matrix of weights is kept as whole multiples of a step. The step is the coarsest fraction of the matrix' root mean
square with which the model still says the same of the test rows (`TOLERATED`). A matrix that barely differs from
weights that ship is kept as the difference, one that scales of its columns make symmetric as half of it. Numbers
of the table of predictions are kept with as many digits as figures need.
"""

from __future__ import annotations

import io
import json
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from dl_core import pipeline
from dl_core.domain import Domain
from dl_core.evaluate.series.forecasts import QUANTILES
from dl_core.store.shipped import CORE, PACKED, POWER, TABLE, unpacked
from dl_core.train.run import Run

STEPS = tuple(2.0**-power for power in range(11))  # of a matrix' root mean square, the coarsest first
SMALLEST = 4096  # numbers of a matrix that is worth it
BASES = ("transfer/images/weights/efficientnet_lite0.npz", "models/series/weights/pretrained.npz")
CLOSE = 0.3  # of a matrix' root mean square, within which it is kept as a difference
FINER = 16  # times the step of matrices that are small: they cost little
SMALL = 65536
FEW = 10_000  # rows of a table of predictions that is kept as it is
WIDTH = 64  # steps in the 95 % interval of a forecast
BITS = {"score": 8, "class": 16}  # of a ranked item's score, of a class's probability
TOLERATED = {"scores": 0.001, "quantiles": 0.003, "items": 0.024}  # what `distance` may be


def write_archive(folder: Path, archive: Path, steps: Mapping[str, float]) -> None:
    """Write a run's folder as one archive; ``steps`` gives the step by model, others are kept as they are."""
    packed: dict[str, Any] = {}
    with zipfile.ZipFile(archive, "w") as out:
        for path in sorted(file for file in folder.rglob("*") if file.is_file()):
            name = path.relative_to(folder)
            content, way = path.read_bytes(), zipfile.ZIP_LZMA
            if path.suffix == ".npz":
                content, matrices = packed_arrays(
                    path, steps.get(name.parent.parts[1]) if len(name.parts) > 2 else None
                )
                way = zipfile.ZIP_DEFLATED
                if matrices:
                    packed[name.as_posix()] = matrices
            elif path.name == TABLE and path.parent == folder:
                content, packed[TABLE] = packed_table(pd.read_parquet(path))
                way = zipfile.ZIP_STORED
            out.writestr(member(name.as_posix(), way), content, compresslevel=9)
        if packed:
            out.writestr(member(PACKED, zipfile.ZIP_LZMA), json.dumps(packed))


def member(name: str, way: int) -> zipfile.ZipInfo:
    """Return an entry without the time of day: the same run makes the same archive."""
    entry = zipfile.ZipInfo(name)
    entry.compress_type = way
    return entry


def packed_arrays(path: Path, step: float | None) -> tuple[bytes, dict[str, Any]]:
    """Return an archive of arrays with its matrices packed, and how they were."""
    with np.load(path, allow_pickle=False) as arrays:
        kept = dict(arrays)
    matrices: dict[str, Any] = {}
    for at, (key, array) in enumerate(list(kept.items())) if step else ():
        if array.dtype.kind == "f" and array.ndim > 1 and array.size >= SMALLEST:
            base, rest = difference(at, array.astype(np.float32))
            scales = None if base else symmetric(rest)
            values = rest.ravel() if scales is None else (rest * scales)[np.triu_indices(len(rest), 1)]
            size = step / (FINER if array.size < SMALL else 1) * float(np.sqrt(np.mean(np.square(values, dtype=float))))
            whole = np.rint(values / (size or 1.0)).astype(np.int64)
            if np.abs(whole).max() < 2**23:
                codes = np.where(whole < 0, -2 * whole - 1, 2 * whole)
                planes = range(max(1, (int(codes.max()).bit_length() + 7) // 8))
                kept[key] = np.stack([(codes >> 8 * at & 255).astype(np.uint8) for at in planes])
                matrices[key] = {"shape": array.shape, "step": size, "base": base}
                if scales is not None:
                    matrices[key]["scales"] = [float(f"{one:.6g}") for one in scales]
    out = io.BytesIO()
    np.savez(out, **kept)  # compressed by the archive around it
    return out.getvalue(), matrices


def difference(at: int, array: np.ndarray) -> tuple[list[str] | None, np.ndarray]:
    """Return the shipped weights at the same place that an array barely differs from, and the difference."""
    for path in BASES:
        with np.load(CORE / path, allow_pickle=False) as arrays:
            key = arrays.files[at] if at < len(arrays.files) else None
            base = arrays[key].astype(np.float32) if key else None
        if base is not None and base.shape == array.shape:
            rest = array - base
            if np.sqrt(np.mean(rest**2)) < CLOSE * np.sqrt(np.mean(array**2)):
                return [path, str(key)], rest
    return None, array


def symmetric(matrix: np.ndarray) -> np.ndarray | None:
    """Return the positive scales of columns that make a matrix symmetric, as those of EASE are; None if there are none.

    Their logarithms are the least-squares solution of the differences that pairs of entries ask for.
    """
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or np.diag(matrix).any() or not matrix.any():
        return None
    size = np.abs(matrix.astype(float))
    sure = (np.minimum(size, size.T) > 0.3 * size.std()) & (np.sign(matrix) == np.sign(matrix.T))
    ratio = np.log(size, where=sure, out=np.zeros_like(size)) - np.log(size.T, where=sure, out=np.zeros_like(size))
    laplacian = np.diag(sure.sum(axis=1)) - sure.astype(float)
    scales = np.exp(np.linalg.lstsq(laplacian, ratio.sum(axis=1), rcond=None)[0])
    scaled = matrix * scales
    apart = np.abs(scaled - scaled.T).mean() / max(float(np.abs(scaled).mean()), 1e-12)
    return scales if apart < 1e-3 else None


def packed_table(table: pd.DataFrame) -> tuple[bytes, dict[str, Any]]:
    """Return a run's table of predictions with as many digits as figures need, and how it was packed.

    Quantiles are multiples of a power of two, at least `WIDTH` of them in the interval; of lists the test's are kept,
    which judge; probabilities and scores keep `BITS` bits.
    """
    about: dict[str, Any] = {"columns": list(table)}
    if len(table) < FEW:
        out = io.BytesIO()
        table.to_parquet(out, index=False, compression="zstd")
        return out.getvalue(), about
    numbers = [name for name in table if table[name].dtype.kind == "f"]
    table = table.astype(dict.fromkeys(numbers, np.float32))
    if set(QUANTILES) <= set(table):
        about["quantiles"], numbers = list(QUANTILES), ["y_true"]
        values = table[about["quantiles"]].to_numpy(dtype=float)
        power = np.floor(np.log2(np.maximum(values[:, -1] - values[:, 0], 1e-9) / WIDTH))
        whole = np.diff(np.round(values / 2.0 ** power[:, None]), axis=1, prepend=0).astype(np.int32)
        table = table.assign(**dict(zip(QUANTILES, whole.T, strict=True)), **{POWER: power.astype(np.int32)})
        truth, count = table["y_true"].to_numpy(), int((table["model"] == table["model"].iloc[0]).sum())
        if len(table) % count == 0 and np.array_equal(truth, np.resize(truth[:count], len(table)), equal_nan=True):
            about["truths"] = count
            table.loc[count:, "y_true"] = 0.0
    elif "rank" in table:
        table = table[table["split"] == "test"].assign(score=lambda rows: rounded(rows["score"], BITS["score"]))
    else:
        about["rest"], *others = [name for name in numbers if name.startswith("score_")]
        numbers = others
        table = table.assign(**{name: rounded(table[name], BITS["class"]) for name in others}).drop(
            columns=about["rest"]
        )
    out = io.BytesIO()
    pq.write_table(
        pa.Table.from_pandas(table, preserve_index=False),
        out,
        compression="zstd",
        compression_level=19,
        use_dictionary=[name for name in table if name not in numbers],
        use_byte_stream_split=numbers,
        row_group_size=len(table),
    )
    return out.getvalue(), about


def rounded(values: pd.Series, bits: int) -> np.ndarray:
    """Return numbers with so many significant bits, float32."""
    share, power = np.frexp(values.to_numpy(dtype=float))
    return np.ldexp(np.round(share * 2**bits) / 2**bits, power).astype(np.float32)


def coarsest_steps(domain: Domain, run: Run) -> dict[str, float]:
    """Return by model the coarsest step with which it still says the same of the test rows."""
    dataset = run.load_dataset()
    answers = domain.problem.answers(pipeline.judging(domain, dataset, run.spec))
    parts = answers.parts(dataset, run.splits)

    def said(folder: Path, name: str) -> dict[str, np.ndarray]:
        return answers.ask(domain.models[name].load().load(folder / "models" / name), "test", parts)

    found = {}
    for name in run.trained:
        if not any(path.stat().st_size > SMALL for path in run.model_folder(name).rglob("*.npz")):
            continue
        wanted = said(run.folder, name)
        for step, folder in packed_copies(run.folder, name):
            apart, tolerated = distance(wanted, said(folder, name))
            print(f"{name}: step {step:g}, {apart:.2g} apart", file=sys.stderr, flush=True)
            if apart <= tolerated:
                found[name] = step
                break
    return found


def packed_copies(folder: Path, name: str) -> Iterator[tuple[float, Path]]:
    """Yield steps, the coarsest first, each with a folder in which a model was packed with it and unpacked again."""
    for step in STEPS:
        with tempfile.TemporaryDirectory(prefix="daylight-") as place:
            alone = Path(place) / "run"
            shutil.copytree(folder / "models" / name, alone / "models" / name)
            shutil.copy(folder / "run.json", alone)
            write_archive(alone, Path(place) / "prepared_run.zip", {name: step})
            yield step, unpacked(Path(place) / "prepared_run.zip", Path(place))


def distance(wanted: Mapping[str, np.ndarray], found: Mapping[str, np.ndarray]) -> tuple[float, float]:
    """Return how far two answers on the same rows are apart, root mean square, and how far they may be.

    Of probabilities as they are, of quantiles in widths of the 95 % interval, of ranked items in standard deviations of
    their scores.
    """
    kind = next(name for name in ("quantiles", "items", "scores") if name in wanted)
    first, second = (np.asarray(one["scores" if kind == "items" else kind], dtype=float) for one in (wanted, found))
    unit: Any = 1.0
    if kind == "quantiles":
        unit = np.maximum(first[..., -1:] - first[..., :1], 1e-9)
    elif kind == "items":
        unit = first[np.isfinite(first)].std()
    apart = ((first - second) / unit)[np.isfinite(first) & np.isfinite(second)]
    return float(np.sqrt(np.mean(apart**2))), TOLERATED[kind]
