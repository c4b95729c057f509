"""`python -m tests.scenarios [RECORDS]`: the late changes at full size; ends with 1 if any is lost.

The comparison at the end is that of the whole store with the whole portal.
"""

import sys
import tempfile
import time
from pathlib import Path

from service.store import schema
from service.store.engine import open_store
from tests import portals
from tests.scenarios import late
from tests.scenarios.world import World, opened

RECORDS, CYCLES = 200_000, 40


def run(records: int) -> int:
    """Tell the story and print what came of it; returns how many records were lost or differ."""
    with tempfile.TemporaryDirectory() as folder:
        database = f"sqlite:///{Path(folder) / 'scenarios.sqlite3'}"
        store = open_store(database)
        schema.upgrade(store)
        store.close()
        with portals.elise() as portal, opened(portal, database) as world:
            return _told(world, records)


def _told(world: World, records: int) -> int:
    started = time.monotonic()
    world.portal.generate(companies=records)
    story = late.told(world, CYCLES)
    took = time.monotonic() - started
    world.pull()
    differences = world.differences()
    print(  # noqa: T201 - the result is the output
        f"{story.changed:,} late changes over {CYCLES} pulls: {story.late:,} not seen at once, "
        f"{story.missed:,} missed, {len(differences):,} differences at the end; {took:.0f} s",
        *differences[:8],
        sep="\n",
    )
    return story.missed + len(differences)


if __name__ == "__main__":
    sys.exit(1 if run(int(sys.argv[1]) if len(sys.argv) > 1 else RECORDS) else 0)
