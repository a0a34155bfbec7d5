"""The networks that transfer learning starts from, by name.

``efficientnet_lite0`` ships with its weights. Any classifier of `keras.applications` can be named too; its weights come
over the network once and Keras keeps them.
"""

from __future__ import annotations

import socket
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from dl_core.errors import NetworkError, OptionError
from dl_core.transfer.images import lite0

if TYPE_CHECKING:
    import keras

EMBEDDED = "efficientnet_lite0"
NETWORK_TIMEOUT = 10.0  # seconds without an answer after which a download counts as failed
# name: (class, module) in keras.applications
APPLICATIONS = {
    "densenet121": ("DenseNet121", "densenet"),
    "densenet169": ("DenseNet169", "densenet"),
    "densenet201": ("DenseNet201", "densenet"),
    **{f"efficientnet_b{i}": (f"EfficientNetB{i}", "efficientnet") for i in range(8)},
    **{f"efficientnet_v2_b{i}": (f"EfficientNetV2B{i}", "efficientnet_v2") for i in range(4)},
    "efficientnet_v2_s": ("EfficientNetV2S", "efficientnet_v2"),
    "efficientnet_v2_m": ("EfficientNetV2M", "efficientnet_v2"),
    "efficientnet_v2_l": ("EfficientNetV2L", "efficientnet_v2"),
    "convnext_tiny": ("ConvNeXtTiny", "convnext"),
    "convnext_small": ("ConvNeXtSmall", "convnext"),
    "convnext_base": ("ConvNeXtBase", "convnext"),
    "convnext_large": ("ConvNeXtLarge", "convnext"),
    "convnext_xlarge": ("ConvNeXtXLarge", "convnext"),
    "inception_v3": ("InceptionV3", "inception_v3"),
    "inception_resnet_v2": ("InceptionResNetV2", "inception_resnet_v2"),
    "mobilenet": ("MobileNet", "mobilenet"),
    "mobilenet_v2": ("MobileNetV2", "mobilenet_v2"),
    "mobilenet_v3_small": ("MobileNetV3Small", "mobilenet_v3"),
    "mobilenet_v3_large": ("MobileNetV3Large", "mobilenet_v3"),
    "nasnet_mobile": ("NASNetMobile", "nasnet"),
    "nasnet_large": ("NASNetLarge", "nasnet"),
    "resnet50": ("ResNet50", "resnet"),
    "resnet101": ("ResNet101", "resnet"),
    "resnet152": ("ResNet152", "resnet"),
    "resnet50_v2": ("ResNet50V2", "resnet_v2"),
    "resnet101_v2": ("ResNet101V2", "resnet_v2"),
    "resnet152_v2": ("ResNet152V2", "resnet_v2"),
    "vgg16": ("VGG16", "vgg16"),
    "vgg19": ("VGG19", "vgg19"),
    "xception": ("Xception", "xception"),
}


@dataclass(frozen=True)
class Backbone:
    """A network of feature maps, with its normalisation inside.

    Parameters
    ----------
    name : str
    taps : tuple of str
        The feature maps that embeddings are taken from by default, early to late; the last is ``"head"``.
    network : bool
        Whether its weights come over the network.
    min_size : int
        Smallest image side in pixels.
    """

    name: str
    taps: tuple[str, ...]
    network: bool
    min_size: int

    @property
    def version(self) -> str:
        """Short name of architecture and weights, for cache keys."""
        return lite0.weights_version() if self.name == EMBEDDED else f"keras-{self.name}"

    def maps(
        self, x: keras.KerasTensor, prefix: str = "", pretrained: bool = True, until: Collection[str] = ("head",)
    ) -> dict[str, keras.KerasTensor]:
        """Add the network to ``x`` and return its feature maps by name.

        Parameters
        ----------
        x : KerasTensor
            (n, size, size, 3) float32 in 0…255.
        prefix : str
            Put before each layer's name.
        pretrained : bool
            False leaves the weights random (they are set afterwards) and needs no network.
        until : collection of str
            Maps that are needed; what lies behind the last of them may be left out.

        Raises
        ------
        NetworkError
            If the weights must be fetched and cannot be.
        OptionError
            If the images are smaller than the network allows.
        """
        if x.shape[1] < self.min_size:
            raise OptionError(
                f"images of {x.shape[1]} pixels are too small for it", where=self.name, expected=f"{self.min_size}"
            )
        if self.name == EMBEDDED:
            return lite0.trunk(x, prefix, pretrained, until)
        return _application_maps(self.name, x, prefix, pretrained)

    def build(self, size: int, taps: tuple[str, ...] | None = None) -> keras.Model:
        """Return a model from (n, size, size, 3) float32 in 0…255 to the list of feature maps ``taps``."""
        import keras

        inputs = keras.Input((size, size, 3), name="image")
        taps = self.check_taps(taps or self.taps)
        maps = self.maps(inputs, until=taps)
        return keras.Model(inputs, [maps[tap] for tap in taps], name=self.name)

    def check_taps(self, taps: tuple[str, ...]) -> tuple[str, ...]:
        """Return ``taps`` if this network has them all.

        Raises
        ------
        OptionError
            For a tap that it has not.
        """
        known = (*(f"block{i}" for i in range(16)), "head") if self.name == EMBEDDED else self.taps
        for tap in taps:
            if tap not in known:
                raise OptionError(f"there is no tap {tap!r}", where=self.name, expected=", ".join(known))
        return taps


def get_backbone(name: str) -> Backbone:
    """Return a backbone by name.

    Raises
    ------
    OptionError
        If there is none of that name.
    """
    if name not in BACKBONES:
        raise OptionError(f"there is no backbone {name!r}", expected=", ".join(BACKBONES))
    return BACKBONES[name]


def _application_maps(name: str, x: keras.KerasTensor, prefix: str, pretrained: bool) -> dict[str, keras.KerasTensor]:
    """Add a network of `keras.applications` to ``x``, its layers renamed, and return the end of each stage."""
    import keras

    class_name, module_name = APPLICATIONS[name]
    module = getattr(keras.applications, module_name)
    x = module.preprocess_input(x)
    before = {id(layer) for layer in keras.Model(keras.utils.get_source_inputs(x), x).layers}
    with _network_errors(name):
        weights = "imagenet" if pretrained else None
        copy = getattr(keras.applications, class_name)(include_top=False, weights=weights, input_tensor=x)
    for layer in copy.layers:
        if id(layer) not in before:
            layer.name = prefix + layer.name
    ends: dict[int, keras.KerasTensor] = {}
    for layer in copy.layers:  # in order of depth, so that the last map of each height stays
        output = layer.output
        if id(layer) in before or isinstance(layer, keras.layers.ZeroPadding2D):
            continue  # the input, or an odd height of its own: no stage
        if isinstance(output, keras.KerasTensor) and len(output.shape) == 4:
            ends[output.shape[1]] = output
    stages = [ends[height] for height in sorted(ends, reverse=True)][-4:]
    maps = {f"stage{i + 1}": stage for i, stage in enumerate(stages)}
    return {**maps, "head": copy.outputs[0]}


@contextmanager
def _network_errors(name: str) -> Iterator[None]:
    """Let no download hang, and say in one line when it fails."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(NETWORK_TIMEOUT)
    try:
        yield
    except Exception as error:  # Keras raises a bare Exception when a download fails
        if not isinstance(error, OSError) and "URL fetch failure" not in str(error):
            raise
        raise NetworkError(
            "its weights could not be downloaded",
            where=name,
            todo=f"connect to the network, or use {EMBEDDED}, which needs none",
        ) from error
    finally:
        socket.setdefaulttimeout(before)


_STAGES = ("stage1", "stage2", "stage3", "stage4", "head")
_MIN_SIZES = {"xception": 71, "inception_v3": 75, "inception_resnet_v2": 75}
BACKBONES: Mapping[str, Backbone] = MappingProxyType(
    {
        EMBEDDED: Backbone(EMBEDDED, ("block2", "block4", "block7", "block10", "head"), network=False, min_size=32),
        **{name: Backbone(name, _STAGES, network=True, min_size=_MIN_SIZES.get(name, 32)) for name in APPLICATIONS},
    }
)
