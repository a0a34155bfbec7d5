"""The lines of a table serve texts as well."""

from ui.kinds.table.predict import *  # noqa: F403
