"""Options of a method that is a class: given by name, everything else refused."""

from __future__ import annotations

from typing import Any, ClassVar

from dl_core.errors import OptionError, shorten


class WithOptions:
    """What takes options.

    Parameters
    ----------
    **options
        Of ``defaults``; everything else is refused.

    Raises
    ------
    OptionError
        If an option does not exist.
    """

    defaults: ClassVar[dict[str, Any]] = {}

    def __init__(self, **options: Any) -> None:
        for name in options:
            if name not in self.defaults:
                raise OptionError(
                    f"there is no option {shorten(name)!r}",
                    where=type(self).__name__,
                    expected=", ".join(self.defaults) or "none",
                )
        self.options = {**self.defaults, **options}
