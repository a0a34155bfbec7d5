"""A temporal convolution network: dilated causal convolutions over the window, then quantiles of each step ahead."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from dl_core.evaluate.series.forecasts import LEVELS
from dl_core.models.series.network import NetShape, NetworkForecaster, Settings
from dl_core.models.series.network_parts import (
    NormalSpread,
    Segments,
    history,
    linear_path,
    put_on,
    segment_size,
)
from dl_core.models.series.scaling import Scaling
from dl_core.models.series.train_network import ForecastPlan

KERNEL = 3  # steps that one convolution sees
MOST = 64  # steps that are convolved: longer windows are first put into segments
SCALING = Scaling(size="spread", log=False)
PLAN = ForecastPlan(epochs=6, steps=60, batch_size=128, learning_rate=3e-3)


def build_tcn(shape: NetShape) -> keras.Model:
    """Return a temporal convolution network, which sees its whole window.

    Bai et al. 2018, "An empirical evaluation of generic convolutional and recurrent networks": residual blocks of two
    causal convolutions whose dilation doubles, as many as the window needs. Deviations: windows above `MOST` steps are
    read in segments, which are no longer than needed; layer normalisation in place of weight normalisation; one
    forecast of all steps from the last state, with the covariates known ahead of each; a linear path beside the
    convolutions (`linear_path`).
    """
    inputs = shape.inputs()
    last = inputs["window"][:, -1:]
    centred = inputs["window"] - last
    states = causal_states(history(inputs, centred, shape.length), shape.width)
    found = keras.layers.Dense(len(LEVELS), bias_initializer=NormalSpread(LEVELS), name="quantiles")(
        _ahead(inputs, shape, states[:, -1])
    )
    middle = put_on(last, linear_path(centred, shape.horizon))
    return keras.Model(inputs, put_on(middle[:, :, None], found), name="tcn")


def causal_states(seen: Any, width: int) -> Any:
    """Return hidden states (b, segments, width) of steps (b, L, c); a state sees its own segment and those before."""
    steps = seen.shape[1]
    x = Segments(segment_size(steps, MOST), name="segments")(seen)
    x = keras.layers.Dense(width, name="embedded")(x)
    for number, dilation in enumerate(dilations(x.shape[1])):
        x = _block(x, width, dilation, f"block_{number}")
    return x


def dilations(steps: int) -> list[int]:
    """Return the dilations 1, 2, 4 … of the blocks that together see ``steps`` steps."""
    found: list[int] = []
    sees = 1
    while sees < steps or not found:
        found.append(2 ** len(found))
        sees += 2 * (KERNEL - 1) * found[-1]  # two convolutions a block
    return found


def _block(x: Any, width: int, dilation: int, name: str) -> Any:
    hidden = x
    for part in ("a", "b"):
        hidden = keras.layers.Conv1D(
            width, KERNEL, padding="causal", dilation_rate=dilation, activation="relu", name=f"{name}_{part}"
        )(hidden)
    return keras.layers.LayerNormalization(name=f"{name}_norm")(x + hidden)


def _ahead(inputs: dict[str, Any], shape: NetShape, state: Any) -> Any:
    """Return what is known of each step ahead, (b, h, width): the state, the step, covariates known ahead."""
    hidden = keras.layers.Dense(shape.horizon * shape.width // 2, name="spread_out")(state)
    hidden = ops.reshape(hidden, (-1, shape.horizon, shape.width // 2))
    if "future" in inputs:
        told = inputs["future"][:, shape.length :]
        hidden = hidden + keras.layers.Dense(shape.width // 2, use_bias=False, name="told")(told)
    return keras.layers.Dense(shape.width, activation="gelu", name="steps")(ops.gelu(hidden))


class TemporalConvolution(NetworkForecaster):
    """Dilated causal convolutions over the window: `build_tcn`."""

    name = "tcn"
    defaults = Settings(width=32, scaling=SCALING, plan=PLAN)
    build = staticmethod(build_tcn)
