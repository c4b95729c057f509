"""A rep leaves, and comes back as somebody new under the same address: the deals stay theirs."""

import pytest

from service import measure
from tests.scenarios.world import World

OWNER, ADDRESS = "501", "elise@arpent.example"


def open_cents(world: World) -> int:
    """The open pipeline, in cents, of the owners with Élise's address, as the CRM has it."""
    state = world.portal.portal.state
    hers = {key for key, row in state.owners.items() if row.get("email") == ADDRESS}
    deals = [record.values for record in state.tables["deals"].records.values()]
    return sum(
        round(float(deal["amount"]) * 100)
        for deal in deals
        if deal.get("hubspot_owner_id") in hers
        and deal["hs_is_closed"] == "false"
        and deal.get("amount")
    )


def counted_cents(world: World) -> int:
    """The same in the store: what the definition of a rep makes of it."""
    owners = {row.id for row in world.rows("owner") if row.rep_key == "elise"}
    stages = {row.id for row in world.rows("stage") if row.kind == "open"}
    return sum(
        row.team_amount or 0
        for row in world.rows("opportunity")
        if row.owner_id in owners and row.stage_id in stages and row.archived_at is None
    )


def figures(world: World) -> dict[tuple[str, str], tuple[float | None, float | None]]:
    """The KPIs of the present periods: value and target."""
    app = world.app
    report = measure.run(app.store, app.published().rulebook, now=app.clock())
    return {
        (row.kpi.value, report.period): (row.value, row.target)
        for row in report.rows
        if row.rep == "elise"
    }


@pytest.mark.parametrize("database", ["sqlite"])
def test_the_deals_of_a_rep_who_left_stay_counted_under_the_rep(world: World) -> None:
    world.cycle()
    before, measured = open_cents(world), figures(world)
    assert before > 0
    assert any(value for value, _ in measured.values())

    world.portal.act("deactivate_owner", id=OWNER)
    world.wait()
    world.cycle()

    world.check()
    (gone,) = [row for row in world.rows("owner") if row.external_id == OWNER]
    assert (gone.is_active, gone.rep_key) == (False, "elise")
    assert counted_cents(world) == open_cents(world) == before
    assert figures(world) == measured

    # The address is given again, in another case, to somebody new, who takes over some deals.
    fresh = world.portal.act(
        "create_owner", firstName="Élise", lastName="Gagnon-Roy", email=" Elise@Arpent.example"
    )["id"]
    for deal in world.portal.portal.state.tables["deals"].live[-20:]:
        world.edit("deals", str(deal), hubspot_owner_id=fresh)
    world.wait()
    world.cycle()

    world.check()
    reps = {row.external_id: row.rep_key for row in world.rows("owner")}
    assert (reps[OWNER], reps[fresh]) == ("elise", "elise")
    assert counted_cents(world) == before
    assert figures(world) == measured


@pytest.mark.parametrize("database", ["sqlite"])
def test_an_owner_who_is_back_and_one_whose_address_went_to_a_colleague(world: World) -> None:
    world.pull()
    world.portal.act("deactivate_owner", id=OWNER)
    world.wait()
    world.pull()
    fresh = world.portal.act("readmit_owner", id=OWNER)["id"]
    world.portal.act("reactivate_owner", id=OWNER)
    world.portal.act("create_owner", firstName="File d'attente", type="QUEUE")
    world.portal.act("create_owner", firstName="Sans", lastName="Adresse")
    world.wait()

    world.pull()

    world.check()
    active = {row.external_id for row in world.rows("owner") if row.is_active}
    assert {OWNER, fresh} <= active
