"""Recurrent forecasters: an LSTM or a GRU reads the window, and another goes on from its state over the steps ahead."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from dl_core.evaluate.series.forecasts import LEVELS
from dl_core.models.series.network import NetShape, NetworkForecaster, Settings
from dl_core.models.series.network_parts import (
    NormalSpread,
    Segments,
    StepVectors,
    history,
    linear_path,
    put_on,
    segment_size,
)
from dl_core.models.series.scaling import Scaling
from dl_core.models.series.train_network import ForecastPlan

MOST = 32  # steps that a recurrent layer takes: longer windows are read in segments
SCALING = Scaling(size="spread", log=False)
PLAN = ForecastPlan(epochs=6, steps=60, batch_size=128, learning_rate=3e-3)


def build_lstm(shape: NetShape) -> keras.Model:
    """Return an encoder and a decoder of long short-term memory; see `_encoder_decoder`."""
    return _encoder_decoder("lstm", keras.layers.LSTM, shape)


def build_gru(shape: NetShape) -> keras.Model:
    """Return an encoder and a decoder of gated recurrent units; see `_encoder_decoder`."""
    return _encoder_decoder("gru", keras.layers.GRU, shape)


def _encoder_decoder(name: str, layer: type[keras.layers.Layer], shape: NetShape) -> keras.Model:
    """Return the network: the encoder's last state starts the decoder, which gives quantiles of each step.

    Cho et al. 2014 and Sutskever et al. 2014, with quantiles as in Wen et al. 2017 ("MQ-RNN"). The decoder is not fed
    its own forecasts, which add up errors, but the covariates known ahead and a learned vector a step. Windows longer
    than `MOST` steps are read, and the steps ahead given, in segments of several steps (Lin et al. 2023, "SegRNN"),
    which costs no accuracy there and makes reading many times quicker. The window is read less its
    last value, and a linear path stands beside (`linear_path`).
    """
    inputs = shape.inputs()
    last = inputs["window"][:, -1:]
    centred = inputs["window"] - last
    size = segment_size(shape.length, MOST)
    seen = Segments(size, name="segments")(history(inputs, centred, shape.length))
    seen = keras.layers.Dense(shape.width, activation="gelu", name="embedded")(seen)
    _, *states = layer(shape.width, return_state=True, name="encoder")(seen)
    decoded = layer(shape.width, return_sequences=True, name="decoder")(
        _asked(inputs, shape, size, states[0]), initial_state=states
    )
    count = len(LEVELS)
    found = keras.layers.Dense(size * count, bias_initializer=NormalSpread(LEVELS), name="quantiles")(decoded)
    found = ops.reshape(found, (-1, found.shape[1] * size, count))[:, : shape.horizon]
    middle = put_on(last, linear_path(centred, shape.horizon))
    return keras.Model(inputs, put_on(middle[:, :, None], found), name=name)


def _asked(inputs: dict[str, Any], shape: NetShape, size: int, like: Any) -> Any:
    """Return what the decoder reads of each segment ahead: a learned vector, and known-ahead covariates."""
    steps = -(-shape.horizon // size)
    asked = StepVectors(steps, shape.width, name="steps")(like)
    if "future" in inputs:
        told = Segments(size, at_end=True, name="segments_ahead")(inputs["future"][:, shape.length :])
        asked = asked + keras.layers.Dense(shape.width, activation="gelu", name="told")(told)
    return asked


class Lstm(NetworkForecaster):
    """An encoder and a decoder of long short-term memory: `build_lstm`."""

    name = "lstm"
    defaults = Settings(width=64, scaling=SCALING, plan=PLAN)
    build = staticmethod(build_lstm)


class Gru(NetworkForecaster):
    """An encoder and a decoder of gated recurrent units: `build_gru`."""

    name = "gru"
    defaults = Settings(width=64, scaling=SCALING, plan=PLAN)
    build = staticmethod(build_gru)
