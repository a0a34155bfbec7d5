"""The command line: the core without a browser.

Exit status 0 on success, 2 with one clear line on standard error for anything a user can get wrong, 1 for a fault of
ours. Progress goes to standard error, results to standard output or to the file that ``--out`` names.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
import traceback

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's start-up lines would drown our one clear line


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    from dl_core.cli.commands import build_parser
    from dl_core.errors import DaylightError

    try:
        parsed = build_parser().parse_args(arguments)
        return parsed.command(parsed) or 0
    except DaylightError as error:
        print(error.line(), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of our output has gone, which is its right
        return 0
    except Exception:  # noqa: BLE001 - the last line of defence: a fault of ours is shown with its number
        fault = secrets.token_hex(4)
        logging.getLogger("daylight").error("fault %s", fault)
        traceback.print_exc()
        print(f"Internal error (fault {fault}); no saved data are lost.", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
