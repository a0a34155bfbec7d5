"""The models that forecasting offers, deep ones and the plain ones they must beat."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from dl_core.models.base import Model, Offer


def _from(module: str, name: str) -> Callable[[], type[Model]]:
    """Return a loader, so that describing a model imports neither Keras nor statsforecast."""
    return lambda: getattr(import_module(f"dl_core.models.series.{module}"), name)


OFFERS = {
    offer.name: offer
    for offer in (
        Offer(
            "seasonal_naive",
            "Seasonal naive",
            "baseline",
            "Says what was one season ago; without a season, the last value.",
            _from("naive", "SeasonalNaive"),
        ),
        Offer(
            "drift",
            "Drift",
            "baseline",
            "Goes on along the line from the first value to the last.",
            _from("naive", "Drift"),
        ),
        Offer(
            "naive2",
            "Naive2",
            "baseline",
            "The last value with the season put back, where there is one: what OWA is relative to.",
            _from("naive", "Naive2"),
        ),
        Offer(
            "auto_theta",
            "AutoTheta",
            "baseline",
            "Two lines through each series, one stretched and one flattened; quick and hard to beat.",
            _from("statistical", "AutoTheta"),
        ),
        Offer(
            "auto_ets",
            "AutoETS",
            "baseline",
            "Exponential smoothing of level, trend and season, its form chosen for each series.",
            _from("statistical", "AutoEts"),
        ),
        Offer(
            "auto_arima",
            "AutoARIMA",
            "baseline",
            "Regression on a series' own past values and errors, its order chosen for each series; slow.",
            _from("statistical", "AutoArima"),
        ),
        Offer(
            "deep_ensemble",
            "Deep ensemble",
            "deep",
            "Several networks that look back differently far, picked and combined on validation windows only.",
            _from("ensemble", "DeepEnsemble"),
        ),
        Offer(
            "zero_shot",
            "Pretrained, no training",
            "deep",
            "A network that learned from thousands of other series forecasts yours at once (zero-shot).",
            _from("pretrained", "ZeroShot"),
        ),
        Offer(
            "fine_tuned",
            "Pretrained, fine-tuned",
            "deep",
            "The pretrained network goes on to learn from your series for a few seconds.",
            _from("pretrained", "FineTuned"),
        ),
        Offer(
            "dlinear",
            "DLinear",
            "deep",
            "One linear layer for the trend and one for what is left; hard to beat for its size.",
            _from("linear", "DLinear"),
        ),
        Offer(
            "nlinear",
            "NLinear",
            "deep",
            "One linear layer on what differs from the last value.",
            _from("linear", "NLinear"),
        ),
        Offer(
            "seasonal_linear",
            "Seasonal linear",
            "deep",
            "One small linear layer for each place in the season, shared by all of them (SparseTSF).",
            _from("linear", "SeasonalLinear"),
        ),
        Offer(
            "nbeats",
            "N-BEATS",
            "deep",
            "Dense blocks that each explain a part: trend, season, the rest; one can look inside.",
            _from("stack", "NBeats"),
        ),
        Offer(
            "nhits",
            "N-HiTS",
            "deep",
            "Dense blocks that look at the history coarsely and finely, each at its own pace.",
            _from("stack", "NHits"),
        ),
        Offer(
            "lstm",
            "LSTM encoder-decoder",
            "deep",
            "Reads the history step by step into a memory and writes the forecast out of it.",
            _from("recurrent", "Lstm"),
        ),
        Offer(
            "gru",
            "GRU encoder-decoder",
            "deep",
            "The same with a simpler memory.",
            _from("recurrent", "Gru"),
        ),
        Offer(
            "tcn",
            "Temporal convolution",
            "deep",
            "Filters that look further back from layer to layer and never ahead.",
            _from("convolution", "TemporalConvolution"),
        ),
        Offer(
            "patch_transformer",
            "Patch transformer",
            "deep",
            "Cuts the history into patches and attends to those that matter (PatchTST).",
            _from("patches", "PatchTransformer"),
        ),
    )
}

PRESETS = {
    "fast": ("seasonal_naive", "drift", "auto_theta", "auto_ets", "zero_shot", "nlinear", "deep_ensemble"),
    "all": tuple(OFFERS),
}
