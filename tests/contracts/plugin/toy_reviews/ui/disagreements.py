"""The lines of a table serve texts as well."""

from ui.kinds.table.disagreements import *  # noqa: F403
