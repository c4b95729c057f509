"""More records of one modified stamp than a search can show, after a full load."""

import pytest

from tests.scenarios.world import World

MANY = 25_000
LIMITS = {"short_pages": True, "lexicographic_ids": True}


@pytest.mark.parametrize("database", ["sqlite"])
def test_25_000_records_of_one_instant_are_all_read(world: World) -> None:
    world.portal.generate(companies=MANY)
    world.pull()
    for answers in (dict.fromkeys(LIMITS, False), LIMITS):
        world.portal.switches.change(answers)
        world.wait()
        touched = world.portal.act("touch_all", objectType="companies")
        assert touched["count"] > MANY

        world.pull()

        world.check()


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_window_that_is_nearly_full_is_read_to_its_end(world: World) -> None:
    """Short pages reach the search's last place before the last of so many results."""
    world.portal.switches.change(LIMITS)
    world.portal.generate(companies=5_200)
    world.pull()
    world.wait()
    world.portal.act("touch_all", objectType="companies")

    world.pull()

    world.check()
