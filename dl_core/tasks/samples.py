"""Read every domain's sample and prepared run into the workspace: ``python -m dl_core.tasks.samples``.

`start.py` does this once after an installation, so that a first visit finds images and results at once.
"""

from __future__ import annotations

import dl_core.domains  # noqa: F401  makes the domains known
from dl_core.domain import domains
from dl_core.engine import home_folder
from dl_core.store.shipped import unpacked
from dl_core.tasks.opening import sample_folder


def main() -> None:
    """Read each sample and unpack each run that is not in the workspace's cache yet."""
    home = home_folder()
    for domain in domains().values():
        if domain.sample is not None:
            for one in (domain.sample, *domain.more_samples):
                sample_folder(domain, home, one.folder.name)
            if domain.sample.prepared_run is not None:
                unpacked(domain.sample.prepared_run, home)


if __name__ == "__main__":
    main()
