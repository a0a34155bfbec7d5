"""Facts about public series that are downloaded from their publishers and never passed on: two sets of M4, and ETTh1.

M4's larger sets are left out: Monthly and Daily have ten million values each.

References
----------
S. Makridakis, E. Spiliotis and V. Assimakopoulos (2020), The M4 Competition: 100,000 time series and 61 forecasting
methods, International Journal of Forecasting 36(1), 54-74. H. Zhou et al. (2021), Informer: beyond efficient
transformer for long sequence time-series forecasting, AAAI.
"""

from __future__ import annotations

from dl_core.data.catalogue import KnownData

_M4 = "https://raw.githubusercontent.com/Mcompetitions/M4-methods/master/Dataset/Train"
_ETT = "https://raw.githubusercontent.com/zhouhaoyi/ETDataset/main/ETT-small"
_M4_LICENCE = (
    "not stated by its repository; public data of the M4 competition, "
    "cite Makridakis et al. (2020), doi:10.1016/j.ijforecast.2019.04.014"
)
_ETT_LICENCE = "CC BY-ND 4.0: no changed copies may be passed on, cite Zhou et al. (2021), arXiv:2012.07436"

KNOWN_SERIES: tuple[KnownData, ...] = (
    KnownData(
        name="m4-weekly",
        title="M4 Weekly",
        task="359 weekly series of finance, industry and others, 80 to 2,597 steps, no dates; M4 asks for 13 ahead",
        licence=_M4_LICENCE,
        url=f"{_M4}/Weekly-train.csv",
        file="Weekly-train.csv",
        size_bytes=4_015_067,
        rows=366_912,
    ),
    KnownData(
        name="m4-hourly",
        title="M4 Hourly",
        task="414 hourly series, 700 or 960 steps with a day and a week in them, no dates; M4 asks for 48 ahead",
        licence=_M4_LICENCE,
        url=f"{_M4}/Hourly-train.csv",
        file="Hourly-train.csv",
        size_bytes=2_350_000,
        rows=353_500,
    ),
    KnownData(
        name="etth1",
        title="ETTh1",
        task="Oil temperature and six loads of an electricity transformer, 17,420 hours from July 2016 to June 2018",
        licence=_ETT_LICENCE,
        url=f"{_ETT}/ETTh1.csv",
        file="ETTh1.csv",
        size_bytes=2_589_657,
        md5="8381763947c85f4be6ac456c508460d6",
    ),
)
