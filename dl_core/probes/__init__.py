"""What can be asked of a finished run beyond the verbs of `pipeline`: one file a probe, declared in `base.Probe`.

A probe for runs of one kind of row lies in the folder of that kind. To add one, put a module here (or in such a folder)
that exports ``PROBE``, or name it in the entry point group ``daylight.probes`` of a package of your own. Dashboard,
command line and prepared answers find it in `probes`.
"""

from dl_core.probes.base import Allowed, Argument, Asked, Names, Probe, RunFacts, get_probe, probes, probes_for

__all__ = ["Allowed", "Argument", "Asked", "Names", "Probe", "RunFacts", "get_probe", "probes", "probes_for"]
