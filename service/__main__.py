"""The `arpent` command."""

import gc
import sys


def main() -> None:
    """Run the command line; an unsupported Python is told before anything else is imported."""
    if sys.version_info < (3, 11):  # noqa: UP036 - pip lets an older Python run a checkout
        sys.exit("Arpent needs Python 3.11 or newer: install it, then `make PYTHON=python3.11`.")
    from service.cli import edge  # noqa: PLC0415 - after the check above

    # What the imports made lives as long as the process: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    edge.main()


if __name__ == "__main__":
    main()
