"""The comparison itself: each kind of difference is seen, and named."""

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, delete, insert, select, update

from service.store.tables import metadata
from tests.scenarios.equality import differences_seen
from tests.scenarios.world import World

TABLES = metadata.tables
on_sqlite = pytest.mark.parametrize("database", ["sqlite"])


def spoil(table_name: str, /, **values: object) -> Callable[[Connection], None]:
    """Give the first row of a table other values."""

    def change(connection: Connection) -> None:
        table = TABLES[table_name]
        first = connection.execute(select(table).limit(1)).one()
        same = [column == getattr(first, column.name) for column in table.primary_key]
        connection.execute(update(table).where(*same).values(values))

    return change


def unlink(connection: Connection) -> None:
    connection.execute(delete(TABLES["link"]).where(TABLES["link"].c.from_id == 1))


def invent(connection: Connection) -> None:
    ghost = {"connection_id": 1, "external_id": "ghost", "modified_at": 0, "role": None}
    connection.execute(insert(TABLES["contact"]).values(id=99_999, **ghost))


SPOILED = [
    (spoil("account", name="Autre"), "name is"),
    (spoil("account", owner_id=None), "owner is"),
    (spoil("account", modified_at=1), "modified_at is"),
    (spoil("account", archived_at=1), "a tombstone"),
    (spoil("opportunity", amount=1), "amount is"),
    (spoil("opportunity", team_amount=None), "team_amount is"),
    (spoil("opportunity", stage_id=None), "stage is"),
    (spoil("activity", happened_at=1), "happened_at is"),
    (spoil("owner", rep_key="marc"), "rep_key is"),
    (spoil("stage", kind="lost"), "kind is"),
    (unlink, "companies is"),
    (invent, "contact ghost is in the store"),
]


@on_sqlite
def test_each_difference_is_told(world: World) -> None:
    world.pull()
    world.check()
    with world.app.store.write() as connection:
        for change, words in SPOILED:
            kept = connection.begin_nested()
            change(connection)
            found = differences_seen(world.portal, connection)
            kept.rollback()
            assert any(words in line for line in found), (words, found[:3])
    world.check()


@on_sqlite
def test_a_merge_that_the_store_does_not_know_is_told(world: World) -> None:
    world.pull()
    merged = {"primaryObjectId": "20001", "objectIdToMerge": "20002"}
    survivor = world.portal.act("merge", objectType="companies", **merged)["id"]
    world.wait()
    world.pull()
    world.check()
    refs = TABLES["external_ref"]
    with world.app.store.write() as connection:
        connection.execute(
            update(refs).where(refs.c.external_id == "20002").values(is_current=True)
        )

    assert world.differences() == [f"account 20002 was merged into {survivor}, not in the store"]
