"""The models that forecasting offers, deep ones and the plain ones they must beat."""

from __future__ import annotations

from dl_core.discover import lazy
from dl_core.models.base import Offer

OFFERS = (
    Offer(
        "seasonal_naive",
        "Seasonal naive",
        "baseline",
        "Repeats the value of one season ago; without a season, the last value.",
        lazy("dl_core.models.series.naive:SeasonalNaive"),
    ),
    Offer(
        "drift",
        "Drift",
        "baseline",
        "Extrapolates the line from the first to the last value (random walk with drift).",
        lazy("dl_core.models.series.naive:Drift"),
    ),
    Offer(
        "naive2",
        "Naive2",
        "baseline",
        "Naive forecast of the seasonally adjusted series; the reference of OWA.",
        lazy("dl_core.models.series.naive:Naive2"),
    ),
    Offer(
        "linear_autoregression",
        "Linear autoregression",
        "baseline",
        "Ridge regression of each series on its own last steps and those of a season before; in milliseconds.",
        lazy("dl_core.models.series.autoregression:LinearAutoregression"),
    ),
    Offer(
        "auto_theta",
        "AutoTheta",
        "baseline",
        "Theta method: combines two theta lines (trend and amplified curvature); fast, and a strong baseline.",
        lazy("dl_core.models.series.statistical:AutoTheta"),
    ),
    Offer(
        "auto_ets",
        "AutoETS",
        "baseline",
        "Exponential smoothing (error, trend, seasonality), form selected per series by AICc.",
        lazy("dl_core.models.series.statistical:AutoEts"),
    ),
    Offer(
        "auto_arima",
        "AutoARIMA",
        "baseline",
        "Seasonal ARIMA, orders selected per series by AICc; slow.",
        lazy("dl_core.models.series.statistical:AutoArima"),
    ),
    Offer(
        "deep_ensemble",
        "Deep ensemble",
        "deep",
        "Networks with different lookbacks, selected and weighted on validation windows.",
        lazy("dl_core.models.series.ensemble:DeepEnsemble"),
    ),
    Offer(
        "zero_shot",
        "Pretrained, zero-shot",
        "deep",
        "A network pretrained on thousands of other series forecasts yours without training (zero-shot).",
        lazy("dl_core.models.series.pretrained:ZeroShot"),
    ),
    Offer(
        "fine_tuned",
        "Pretrained, fine-tuned",
        "deep",
        "The pretrained network, fine-tuned on your series for a few seconds.",
        lazy("dl_core.models.series.pretrained:FineTuned"),
    ),
    Offer(
        "dlinear",
        "DLinear",
        "deep",
        "One linear layer for the trend and one for the remainder; a strong baseline for its size.",
        lazy("dl_core.models.series.linear:DLinear"),
    ),
    Offer(
        "nlinear",
        "NLinear",
        "deep",
        "One linear layer on the differences from the last value.",
        lazy("dl_core.models.series.linear:NLinear"),
    ),
    Offer(
        "seasonal_linear",
        "Seasonal linear",
        "deep",
        "One small linear layer shared by all phases of the season (SparseTSF).",
        lazy("dl_core.models.series.linear:SeasonalLinear"),
    ),
    Offer(
        "nbeats",
        "N-BEATS",
        "deep",
        "Residual blocks of dense layers for trend, seasonality and generic components; interpretable.",
        lazy("dl_core.models.series.stack:NBeats"),
    ),
    Offer(
        "nhits",
        "N-HiTS",
        "deep",
        "Dense blocks that read the history at several sampling rates and interpolate the forecast.",
        lazy("dl_core.models.series.stack:NHits"),
    ),
    Offer(
        "lstm",
        "LSTM encoder-decoder",
        "deep",
        "Sequence-to-sequence LSTM: encodes the history step by step and decodes the forecast.",
        lazy("dl_core.models.series.recurrent:Lstm"),
    ),
    Offer(
        "gru",
        "GRU encoder-decoder",
        "deep",
        "Sequence-to-sequence with gated recurrent units.",
        lazy("dl_core.models.series.recurrent:Gru"),
    ),
    Offer(
        "tcn",
        "Temporal convolution",
        "deep",
        "Dilated causal convolutions (TCN).",
        lazy("dl_core.models.series.convolution:TemporalConvolution"),
    ),
    Offer(
        "patch_transformer",
        "Patch transformer",
        "deep",
        "Self-attention over patches of the history (PatchTST).",
        lazy("dl_core.models.series.patches:PatchTransformer"),
    ),
)

FAST = (
    "seasonal_naive",
    "drift",
    "linear_autoregression",
    "auto_theta",
    "auto_ets",
    "zero_shot",
    "nlinear",
    "deep_ensemble",
)  # in the order in which they are trained
