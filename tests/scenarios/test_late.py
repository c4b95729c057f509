"""What the search shows late is read all the same; 200,000 by `python -m tests.scenarios`."""

import pytest

from tests.scenarios import late
from tests.scenarios.world import World


@pytest.mark.parametrize("database", ["sqlite"])
def test_no_late_change_is_missed(world: World) -> None:
    world.portal.switches.change({"short_pages": True, "lexicographic_ids": True})
    world.portal.generate(companies=5_000)

    story = late.told(world, cycles=5)

    assert story.changed > 5_000
    assert story.late > 50
    assert story.missed == 0
    world.pull()
    world.check()
