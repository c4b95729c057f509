"""The `arpent` command."""

import gc
import sys


def main() -> None:
    """Run the command line; an unsupported Python is told before anything else is imported."""
    if sys.version_info < (3, 11):  # noqa: UP036 - pip lets an older Python run a checkout
        sys.exit("Arpent needs Python 3.11 or newer: install it, then `make PYTHON=python3.11`.")
    try:
        from service.cli import edge  # noqa: PLC0415 - after the check above

        collect_rarely()
        edge.main()
    except KeyboardInterrupt:  # while modules are loaded: nothing was begun
        sys.exit(130)


def collect_rarely() -> None:
    """Spare the garbage collector what it would look through in vain.

    What the imports made lives as long as the process; records come by the thousand and make no
    cycles.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


if __name__ == "__main__":
    main()
