"""The models that forecasting offers, deep ones and the plain ones they must beat."""

from __future__ import annotations

from dl_core.discover import lazy
from dl_core.models.base import Offer

OFFERS = (
    Offer(
        "seasonal_naive",
        "Seasonal naive",
        "baseline",
        "Says what was one season ago; without a season, the last value.",
        lazy("dl_core.models.series.naive:SeasonalNaive"),
    ),
    Offer(
        "drift",
        "Drift",
        "baseline",
        "Goes on along the line from the first value to the last.",
        lazy("dl_core.models.series.naive:Drift"),
    ),
    Offer(
        "naive2",
        "Naive2",
        "baseline",
        "The last value with the season put back, where there is one: what OWA is relative to.",
        lazy("dl_core.models.series.naive:Naive2"),
    ),
    Offer(
        "auto_theta",
        "AutoTheta",
        "baseline",
        "Two lines through each series, one stretched and one flattened; quick and hard to beat.",
        lazy("dl_core.models.series.statistical:AutoTheta"),
    ),
    Offer(
        "auto_ets",
        "AutoETS",
        "baseline",
        "Exponential smoothing of level, trend and season, its form chosen for each series.",
        lazy("dl_core.models.series.statistical:AutoEts"),
    ),
    Offer(
        "auto_arima",
        "AutoARIMA",
        "baseline",
        "Regression on a series' own past values and errors, its order chosen for each series; slow.",
        lazy("dl_core.models.series.statistical:AutoArima"),
    ),
    Offer(
        "deep_ensemble",
        "Deep ensemble",
        "deep",
        "Several networks that look back differently far, picked and combined on validation windows only.",
        lazy("dl_core.models.series.ensemble:DeepEnsemble"),
    ),
    Offer(
        "zero_shot",
        "Pretrained, no training",
        "deep",
        "A network that learned from thousands of other series forecasts yours at once (zero-shot).",
        lazy("dl_core.models.series.pretrained:ZeroShot"),
    ),
    Offer(
        "fine_tuned",
        "Pretrained, fine-tuned",
        "deep",
        "The pretrained network goes on to learn from your series for a few seconds.",
        lazy("dl_core.models.series.pretrained:FineTuned"),
    ),
    Offer(
        "dlinear",
        "DLinear",
        "deep",
        "One linear layer for the trend and one for what is left; hard to beat for its size.",
        lazy("dl_core.models.series.linear:DLinear"),
    ),
    Offer(
        "nlinear",
        "NLinear",
        "deep",
        "One linear layer on what differs from the last value.",
        lazy("dl_core.models.series.linear:NLinear"),
    ),
    Offer(
        "seasonal_linear",
        "Seasonal linear",
        "deep",
        "One small linear layer for each place in the season, shared by all of them (SparseTSF).",
        lazy("dl_core.models.series.linear:SeasonalLinear"),
    ),
    Offer(
        "nbeats",
        "N-BEATS",
        "deep",
        "Dense blocks that each explain a part: trend, season, the rest; one can look inside.",
        lazy("dl_core.models.series.stack:NBeats"),
    ),
    Offer(
        "nhits",
        "N-HiTS",
        "deep",
        "Dense blocks that look at the history coarsely and finely, each at its own pace.",
        lazy("dl_core.models.series.stack:NHits"),
    ),
    Offer(
        "lstm",
        "LSTM encoder-decoder",
        "deep",
        "Reads the history step by step into a memory and writes the forecast out of it.",
        lazy("dl_core.models.series.recurrent:Lstm"),
    ),
    Offer(
        "gru",
        "GRU encoder-decoder",
        "deep",
        "The same with a simpler memory.",
        lazy("dl_core.models.series.recurrent:Gru"),
    ),
    Offer(
        "tcn",
        "Temporal convolution",
        "deep",
        "Filters that look further back from layer to layer and never ahead.",
        lazy("dl_core.models.series.convolution:TemporalConvolution"),
    ),
    Offer(
        "patch_transformer",
        "Patch transformer",
        "deep",
        "Cuts the history into patches and attends to those that matter (PatchTST).",
        lazy("dl_core.models.series.patches:PatchTransformer"),
    ),
)

FAST = (
    "seasonal_naive",
    "drift",
    "auto_theta",
    "auto_ets",
    "zero_shot",
    "nlinear",
    "deep_ensemble",
)  # in the order in which they are trained
