"""Two companies become one in the CRM between the pull and the push: nothing owed is lost."""

from typing import Any

import pytest
from sqlalchemy import insert, update

from rules.time import day_of
from service import owe, tag
from service.store.tables import alert, challenge, override
from tests.acceptance.territory import VENDOR
from tests.scenarios.world import World

LOSER, WINNER = "20009", "20018"
TASK_TO_COMPANY = 192


def decide(world: World) -> None:
    """Read, tag and owe; write nothing."""
    world.wait()
    world.pull()
    published = world.app.published()
    tag.run(world.app.store, published, world.app.clock())
    owe.run(world.app.store, published.rulebook, world.app.connection(VENDOR).id)


def account(world: World, company: str) -> Any:
    """The row of a company."""
    (found,) = [row for row in world.rows("account") if row.external_id == company]
    return found


def burden(world: World, company: str) -> None:
    """A decision, a question of the rep and a task to create hang on an account."""
    key, now = account(world, company).id, world.app.clock()
    today = day_of(now, world.app.zone())
    with world.app.store.write() as connection:
        decision = {"author": "Luc", "reason": "client clé", "from_on": today - 1}
        connection.execute(
            insert(override).values(account_id=key, field="tier", value="gold", **decision)
        )
        connection.execute(
            insert(challenge).values(account_id=key, field="tier", received_at=now, state="open")
        )
        connection.execute(
            update(alert).values(
                account_id=key, state="open", recovered_on=None, task_state="owed", task_id=None
            )
        )


def owed(world: World) -> set[tuple[str, str]]:
    """What is owed, by company and field."""
    names = {row.id: row.external_id for row in world.rows("account")}
    return {
        (names[row.account_id], row.field)
        for row in world.rows("outbox")
        if row.state not in {"settled", "drift"}
    }


def merge(world: World, *, creates: bool) -> str:
    """A person merges the two companies; returns the survivor's id."""
    world.portal.switches.change({"merge_creates_new_id": creates})
    done = world.portal.act(
        "merge", objectType="companies", primaryObjectId=WINNER, objectIdToMerge=LOSER
    )
    assert (done["id"] != WINNER) is creates
    return str(done["id"])


@pytest.mark.parametrize(
    ("database", "creates", "pushes"),
    [
        ("sqlite", True, True),
        ("sqlite", False, True),
        ("postgresql", True, False),
    ],
)
def test_what_was_owed_to_either_is_written_on_the_survivor(
    world: World,
    creates: bool,  # noqa: FBT001 - a parameter of the test
    pushes: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    world.cycle()
    assert len([row for row in world.rows("alert") if row.channel == "task"]) == 1
    world.wait()
    world.edit("companies", LOSER, potentiel_annuel="99999.99")
    world.edit("companies", WINNER, potentiel_annuel="")
    decide(world)
    burden(world, LOSER)
    assert {company for company, _ in owed(world)} == {LOSER, WINNER}
    survivor = merge(world, creates=creates)
    place = len(world.portal.history())
    if pushes:
        world.push()

    world.wait()
    world.cycle()

    written = world.writes(place)
    assert {row["id"] for row in written if row["objectType"] == "companies"} == {survivor}
    kept = account(world, survivor)
    for table in ("override", "challenge", "alert"):
        assert {row.account_id for row in world.rows(table)} == {kept.id}
    (decided,) = [row for row in world.rows("tag") if row.account_id == kept.id]
    shown = world.record(survivor)
    # The decision of a person on the loser goes before the rules on the survivor.
    assert decided.tier == "gold"
    for name in ("tier", "priority", "why", "segment", "quadrant", "contact_status"):
        assert shown[f"arpent_{name}"] == getattr(decided, name)
    assert {company for company, _ in owed(world)} <= {LOSER}
    task, others = task_of(world)
    assert others == {survivor}
    (told,) = [row for row in world.rows("alert") if row.channel == "task"]
    assert told.task_id == task
    world.wait()
    world.pull()
    world.check()
    assert [row for row in world.rows("challenge") if row.value is not None] == []
    assert world.cycle().pushed[VENDOR].calls == 0


@pytest.mark.parametrize(
    ("database", "creates", "was_in_plan"),
    [("sqlite", True, True), ("sqlite", False, False), ("postgresql", False, True)],
)
def test_values_of_ours_that_a_merge_brings_are_nobody_s_edit(
    world: World,
    creates: bool,  # noqa: FBT001 - a parameter of the test
    was_in_plan: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """HubSpot fills what is empty on the survivor with the values of the other record."""
    if was_in_plan:
        world.cycle()
    world.edit("companies", WINNER, lifecyclestage="other")
    world.wait()
    world.cycle()
    assert "arpent_tier" not in world.record(WINNER)
    survivor = merge(world, creates=creates)
    assert world.record(survivor)["arpent_tier"] == "gold"
    world.wait()

    report = world.cycle()

    assert report.pushed[VENDOR].read_back == {}
    shown = world.record(survivor)
    assert [name for name in shown if name.startswith("arpent_")] == []
    assert world.rows("challenge") == []
    world.wait()
    assert world.cycle().pushed[VENDOR].calls == 0
    world.check()


def task_of(world: World) -> tuple[str, set[str]]:
    """The newest task of the CRM, and the companies that it is on."""
    state = world.portal.portal.state
    newest = str(max(state.tables["tasks"].live))
    return newest, set(state.linked("tasks", newest, "companies"))
