"""Changes that the search shows late: each record changes once, so that one missed stays missed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from rules.records import Kind
from tests.scenarios.world import World

# Most writes can be found within seconds; one in fifty takes up to nearly five minutes.
LAG = {
    "search_lag": "tailed",
    "search_lag_seconds": 8.0,
    "search_lag_tail_share": 0.02,
    "search_lag_tail_seconds": 280.0,
    "search_lag_seed": 3,
}
BETWEEN = timedelta(minutes=5)
# The changes between two pulls come in so many bursts, one a second, just before the second one.
_BURSTS = 40
# After the last change: the search has shown it all after five minutes.
_AFTER = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """How many records changed, how many of them the next pull did not see, and any never did."""

    changed: int
    late: int
    missed: int


def told(world: World, cycles: int) -> Story:
    """Change every company once over so many pulls, then pull until all can be found."""
    world.pull(Kind.ACCOUNT)
    world.portal.switches.change(LAG)
    companies = [str(key) for key in world.portal.portal.state.tables["companies"].live]
    late = 0
    for some in _parts(companies, cycles):
        world.wait(BETWEEN - timedelta(seconds=_BURSTS))
        for burst in _parts(some, _BURSTS):
            _change(world, burst)
            world.wait(timedelta(seconds=1))
        world.pull(Kind.ACCOUNT)
        late += len(_unseen(world, some))
    for _ in range(_AFTER):
        world.wait(BETWEEN)
        world.pull(Kind.ACCOUNT)
    return Story(changed=len(companies), late=late, missed=len(_unseen(world, companies)))


def _change(world: World, companies: Sequence[str]) -> None:
    for company in companies:
        world.portal.act(
            "edit", objectType="companies", id=company, properties={"name": f"Changée {company}"}
        )


def _unseen(world: World, companies: Sequence[str]) -> set[str]:
    """Those of some changed companies that the store does not have as they are."""
    seen = {
        row.external_id for row in world.rows("account") if row.name == f"Changée {row.external_id}"
    }
    return set(companies) - seen


def _parts(values: Sequence[str], count: int) -> Iterator[Sequence[str]]:
    size = max(1, -(-len(values) // count))
    for start in range(0, len(values), size):
        yield values[start : start + size]
