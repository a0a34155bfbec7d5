"""Facts about MovieLens, public ratings of films that are downloaded from their publisher and never passed on.

References
----------
F. M. Harper and J. A. Konstan (2015), The MovieLens datasets: history and context, ACM Transactions on Interactive
Intelligent Systems 5(4), 19. Numbers of ratings, films and people are those of the READMEs.
"""

from __future__ import annotations

from dl_core.data.catalogue import KnownData

SERVER = "https://files.grouplens.org/datasets/movielens"
_OLD = (
    "GroupLens: research only, no redistribution, no commercial use without permission, "
    "cite Harper and Konstan (2015), doi:10.1145/2827872"
)
_LATEST = (
    "GroupLens: no commercial use without permission, redistribution on the same terms only, "
    "cite Harper and Konstan (2015), doi:10.1145/2827872"
)

KNOWN_INTERACTIONS: tuple[KnownData, ...] = (
    KnownData(
        name="ml-latest-small",
        title="MovieLens latest, small",
        task="100,836 ratings (0.5 to 5 stars, with time) of 9,724 films by 610 people, 1996 to 2018; genres",
        licence=_LATEST,
        url=f"{SERVER}/ml-latest-small.zip",
        file="ml-latest-small.zip",
        size_bytes=978_202,
        rows=100_836,  # made anew at times, so there is no MD5 that stays
    ),
    KnownData(
        name="ml-100k",
        title="MovieLens 100k",
        task="100,000 ratings (1 to 5, with time) of 1,682 films by 943 people, 1997-98; genres, age, sex, job",
        licence=_OLD,
        url=f"{SERVER}/ml-100k.zip",
        file="ml-100k.zip",
        size_bytes=4_924_029,
        md5="0e33842e24a9c977be4e0107933c0723",
        rows=100_000,
    ),
    KnownData(
        name="ml-1m",
        title="MovieLens 1M",
        task="1,000,209 ratings (1 to 5, with time) of 3,706 films by 6,040 people; genres, age, sex, job",
        licence=_OLD,
        url=f"{SERVER}/ml-1m.zip",
        file="ml-1m.zip",
        size_bytes=5_917_549,
        md5="c4d9eecfca2ab87c1945afe126590906",
        rows=1_000_209,
    ),
)
