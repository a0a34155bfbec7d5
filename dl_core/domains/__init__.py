"""The industries. Importing this package makes them known to `dl_core.domain`.

A package of this folder that exports ``DOMAIN`` is one; so is what an entry point of the group ``daylight.domains``
names.
"""

from dl_core.discover import discover
from dl_core.domain import register

DOMAINS = tuple(register(domain) for domain in discover(__name__, "DOMAIN", "daylight.domains"))
