"""One record in five is changed while the pages are read; the next cycles find it all."""

import pytest

from tests.scenarios.bustle import Bustle, between_pages
from tests.scenarios.world import World

COMPANIES, DEALS = 900, 500
# The share of the records that is changed, over so many pages of each kind.
EACH, PAGES = 12, 12


@pytest.fixture
def bustle(world: World, creates: bool) -> Bustle:  # noqa: FBT001 - a parameter of the tests
    """A company of many records; merges give a new id, or keep the first one's."""
    world.portal.switches.change({"merge_creates_new_id": creates})
    world.portal.generate(companies=COMPANIES, deals=DEALS)
    return Bustle(world.portal, seed=7)


def disturb(world: World, bustle: Bustle, *paths: str) -> None:
    """Change records before each of the next requests of these paths."""
    batches = [[bustle.actions(EACH) for _ in range(PAGES)] for _ in paths]
    assert 2 * EACH * PAGES >= (COMPANIES + DEALS) / 5
    pairs = zip(paths, batches, strict=True)
    world.portal.set_faults(*[rule for pair in pairs for rule in between_pages(*pair)])


def settle(world: World) -> None:
    """Nothing was left out; the day is over, and the next pull sees the rest of it."""
    rules = world.portal.faults.as_json()["rules"]
    assert all(rule["fired"] for rule in rules)
    assert all(status < "400" for status in world.portal.statistics()["statuses"])
    world.portal.set_faults()
    world.wait()
    world.pull()
    world.check()


@pytest.mark.parametrize(("database", "creates"), [("sqlite", True), ("postgresql", False)])
def test_what_changes_during_a_full_load_is_read_by_the_next_pull(
    world: World, bustle: Bustle
) -> None:
    disturb(world, bustle, "/objects/[^/]+/companies$", "/objects/[^/]+/deals$")

    world.pull()

    assert world.differences()
    settle(world)


@pytest.mark.parametrize(("database", "creates"), [("sqlite", False), ("postgresql", True)])
def test_what_changes_during_an_incremental_pull_is_read_by_the_next_one(
    world: World, bustle: Bustle
) -> None:
    world.pull()
    world.wait()
    world.portal.act("touch_all", objectType="companies")
    world.portal.act("touch_all", objectType="deals")
    disturb(world, bustle, "/companies/search$", "/deals/batch/read$")

    world.pull()

    settle(world)


@pytest.mark.parametrize(("database", "creates"), [("sqlite", True)])
def test_a_full_load_again_amid_changes_ends_equal(world: World, bustle: Bustle) -> None:
    world.pull()
    world.wait()
    disturb(world, bustle, "/objects/[^/]+/companies$", "/objects/[^/]+/deals$")

    world.pull(full=True)

    settle(world)
