"""The lines of a table serve texts as well."""

from ui.kinds.table.cases import *  # noqa: F403
