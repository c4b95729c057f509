"""Records that go and come back, same labels in two pipelines, several companies and currencies."""

import pytest

from connectors.base import Binding
from connectors.sandbox.hubspot import HubSpotSandbox
from rules.records import Account, FieldType, Kind
from tests.scenarios.bustle import linked
from tests.scenarios.world import World

PRIMARY = 5
RATES = {"USD": "1.37", "EUR": "1.5"}
on_sqlite = pytest.mark.parametrize("database", ["sqlite"])


def companies(portal: HubSpotSandbox, count: int) -> list[str]:
    """The first companies of the portal."""
    return [str(key) for key in portal.portal.state.tables["companies"].live[:count]]


def deal(world: World, *associations: tuple[str, int], **properties: str) -> str:
    """A new deal on companies, each with the number of its association."""
    body = {
        "properties": {"dealname": "Projet", "pipeline": "default", **properties},
        "associations": [linked(company, number) for company, number in associations],
    }
    return str(world.call("POST", "/crm/objects/2026-09/deals", body)["id"])


@on_sqlite
def test_companies_that_go_and_come_back(world: World) -> None:
    world.pull()
    gone, back, brief = companies(world.portal, 3)
    for company in (gone, back):
        world.archive("companies", company)
    world.wait()
    world.pull()
    world.check()

    world.portal.act("restore", objectType="companies", id=back)
    # What goes and comes back between two pulls has not moved.
    world.archive("companies", brief)
    world.portal.act("restore", objectType="companies", id=brief)
    world.wait()
    world.pull()
    # HubSpot's search does not show that a record came back: the weekly reading does.
    (left,) = {line.split(" is ")[0] for line in world.differences() if " is live " in line}
    assert left == f"account {back}"
    world.pull(full=True)

    world.check()


@on_sqlite
def test_a_company_that_comes_back_is_seen_at_its_next_change(world: World) -> None:
    world.pull()
    (company,) = companies(world.portal, 1)
    world.archive("companies", company)
    world.wait()
    world.pull()
    world.portal.act("restore", objectType="companies", id=company)
    world.edit("companies", company, name="Revenue")
    world.wait()

    world.pull()

    world.check()


def test_a_deal_whose_main_company_goes_belongs_to_the_one_that_stays(world: World) -> None:
    first, second, third = companies(world.portal, 3)
    deal(world, (first, PRIMARY), (second, 341), amount="10")
    deal(world, (first, PRIMARY), (second, 341), (third, 341), amount="10")
    world.wait()
    world.pull()
    world.archive("companies", first)
    world.wait()

    world.pull()

    world.check()


@pytest.mark.parametrize(
    ("database", "creates"), [("sqlite", True), ("sqlite", False), ("postgresql", True)]
)
def test_a_deal_of_two_companies_that_become_one(
    world: World,
    creates: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    world.portal.switches.change({"merge_creates_new_id": creates})
    winner, loser, other = companies(world.portal, 3)
    deal(world, (loser, PRIMARY), (winner, 341), amount="10")
    deal(world, (loser, PRIMARY), (winner, 341), (other, 341), amount="20")
    deal(world, (winner, PRIMARY), (loser, 341), (other, 341), amount="30")
    deal(world, (other, PRIMARY), (loser, 341), amount="40")
    world.wait()
    world.pull()
    world.portal.act("merge", objectType="companies", primaryObjectId=winner, objectIdToMerge=loser)
    world.wait()

    world.pull()

    world.check()


@on_sqlite
def test_the_same_label_in_two_pipelines_is_two_stages(world: World) -> None:
    labels = [("Qualification", "0.1"), ("Gagnée", "1.0"), ("Perdue", "0.0")]
    stages = [
        {"label": label, "displayOrder": place, "metadata": {"probability": probability}}
        for place, (label, probability) in enumerate(labels)
    ]
    made = world.portal.act("add_pipeline", label="Renouvellements", stages=stages)
    for stage in made["stages"]:
        deal(world, amount="5000.05", pipeline=made["id"], dealstage=stage["id"])
    world.portal.act(
        "rename_stage", stage=made["stages"][0]["id"], pipeline=made["id"], label="Découverte"
    )

    world.pull()

    world.check()
    same = [row for row in world.rows("stage") if row.label == "Gagnée"]
    assert len({row.id for row in same}) == len({row.pipeline_id for row in same}) == 2
    assert {row.kind for row in same} == {"won"}


@pytest.mark.parametrize("database", ["postgresql"])
def test_companies_and_currencies_of_deals(world: World) -> None:
    world.portal.switches.change({"exchange_rates": RATES})
    first, second, third = companies(world.portal, 3)
    deal(world, amount="10")
    deal(world, (first, 341), amount="20", deal_currency_code="CAD")
    deal(
        world,
        (first, 341),
        (second, PRIMARY),
        (third, 341),
        amount="1000",
        deal_currency_code="USD",
    )
    rising = deal(world, (third, PRIMARY), amount="99.99", deal_currency_code="EUR")
    # Nobody told a rate: the amount is unknown in dollars, never one for one.
    deal(world, (third, PRIMARY), amount="77", deal_currency_code="JPY")
    world.pull()
    world.check()
    world.edit("deals", rising, amount="150")
    world.edit("deals", rising, amount="120.01")
    world.wait()

    world.pull()

    world.check()
    amounts = {row.currency: row.team_amount for row in world.rows("opportunity")}
    assert (amounts["USD"], amounts["EUR"], amounts["JPY"]) == (137_000, 18_002, None)


@on_sqlite
def test_more_properties_than_an_address_can_hold(world: World) -> None:
    names = [f"caracteristique_du_compte_{number:03}_{'x' * 40}" for number in range(240)]
    assert sum(len(name) + 1 for name in names) > 15_000
    for name in names:
        field = {"name": name, "label": name, "type": "string", "fieldType": "text"}
        path = "/crm/properties/2026-09/companies"
        world.call("POST", path, {**field, "groupName": "companyinformation"})
    some = companies(world.portal, 30)
    for place, company in enumerate(some):
        world.edit("companies", company, **{names[place]: f"valeur {place}"})
    world.archive("companies", some[-1])
    bindings = [
        Binding(kind=Kind.ACCOUNT, name=name, crm_field=name, type=FieldType.TEXT) for name in names
    ]

    pages = list(world.connector.pull(Kind.ACCOUNT, None, bindings, ()))
    world.wait()
    world.edit("companies", some[0], **{names[-1]: "la dernière"})
    changed = list(world.connector.pull(Kind.ACCOUNT, pages[-1].cursor, bindings, ()))

    read: dict[str, Account] = {}
    for page in [*pages, *changed]:
        assert page.quarantined == []
        read |= {one.external_id: one for one in page.records if isinstance(one, Account)}
    table = world.portal.portal.state.tables["companies"].records
    assert read.keys() == table.keys()
    for key, record in table.items():
        expected = {name: record.values.get(name) for name in names}
        assert read[key].fields == expected
        assert (read[key].archived_at is not None) is record.archived
    asked = world.portal.statistics()["requests"]
    assert sum(count for name, count in asked.items() if name.endswith("/batch/read")) >= 4


@on_sqlite
def test_the_long_way_round_fills_the_same_store(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.hubspot.source.LONGEST_URL", 510)
    gone = companies(world.portal, 2)
    world.archive("companies", gone[0])
    world.portal.generate(companies=150, deals=120)
    world.pull()
    world.check()
    world.archive("companies", gone[1])
    world.portal.act("touch_all", objectType="deals")
    world.wait()

    world.pull()

    world.check()
