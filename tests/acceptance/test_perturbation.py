"""What changes in the CRM moves the accounts that it concerns, and writes nothing else.

Expected tiers are worked out by hand from `segments.yaml` and the case's CSV files, as of Monday
29 June 2026 in Toronto: a contact is active from 1 April on, dormant back to 29 June 2025.
"""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from service import tag
from service.store.tables import tag as tag_table
from tests.acceptance.territory import VENDOR, Territory

GOLD = "Or : client au potentiel de 100 k$ et plus, contacté au cours des 90 derniers jours"
BIG = "Argent : potentiel de plus de 500 k$, relation à bâtir ou à réveiller"
MEDIUM = "Argent : potentiel de 100 à 500 k$, contacté il y a moins d'un an"
SMALL = "Bronze : potentiel de moins de 100 k$, ou relation froide"
UNRATED = "À qualifier : il manque potentiel"

CALL, DEAL = 182, 341

# What the database can't change: once is enough.
on_sqlite = pytest.mark.parametrize("database", ["sqlite"])


def call_a_customer(territory: Territory, company: str, **values: str) -> None:
    territory.create("calls", company, CALL, hs_timestamp="2026-06-29T11:30:00Z", **values)


def win(territory: Territory, company: str) -> None:
    territory.create(
        "deals",
        company,
        DEAL,
        dealname="Commande",
        pipeline="default",
        dealstage=won_stage(territory),
        amount="25000",
        closedate="2026-06-29T11:30:00Z",
        hubspot_owner_id="501",
    )


def won_stage(territory: Territory) -> str:
    pipelines = territory.call("GET", "/crm/pipelines/2026-09/deals")["results"]
    (found,) = [
        stage["id"]
        for pipeline in pipelines
        for stage in pipeline["stages"]
        if stage["label"] == "Gagnée"
    ]
    return str(found)


def archive_activities(territory: Territory, kind: str, *loaded: str) -> None:
    for each in loaded:
        territory.archive(kind, territory.portal.id_of(kind, each))


def potential(amount: str) -> Callable[[Territory, str], None]:
    def change(territory: Territory, company: str) -> None:
        territory.edit("companies", company, potentiel_annuel=amount)

    return change


MOVES: list[tuple[str, Callable[[Territory, str], None], str, str, str]] = [
    # Never contacted; 660,000 → 500,000 is no longer "more than 500,000", and medium and cold.
    ("20106", potential("500000"), "silver", "bronze", SMALL),
    # Last contact 416 days ago; 230,000 → one dollar above 500,000.
    ("20046", potential("500001"), "bronze", "silver", BIG),
    # 1,040,000 → one cent below 100,000, however recent the last call.
    ("20009", potential("99999.99"), "gold", "bronze", SMALL),
    # A customer since March, called 18 days ago; 36,000 → exactly 100,000, which is medium.
    ("20101", potential("100000"), "bronze", "gold", GOLD),
    # 390,000 → nothing: nobody knows, and the reason says what is missing.
    ("20018", potential(""), "gold", "unrated", UNRATED),
    # A customer of 240,000, 235 days without contact, then a completed call this morning.
    (
        "20006",
        lambda territory, company: call_a_customer(
            territory, company, hs_call_status="COMPLETED", hs_call_direction="OUTBOUND"
        ),
        "silver",
        "gold",
        GOLD,
    ),
    # 1,090,000, whose only contacts since April are two e-mails, both deleted.
    (
        "20084",
        lambda territory, _: archive_activities(territory, "emails", "50809", "50917"),
        "gold",
        "silver",
        BIG,
    ),
    # A prospect of 340,000, called 12 days ago, who buys today.
    ("20102", win, "silver", "gold", GOLD),
    # A prospect of 155,000 → far below 100,000.
    ("20098", potential("15500"), "silver", "bronze", SMALL),
    # Last contact 412 days ago, 175,000: cold; a call this morning makes it active, no customer.
    (
        "20034",
        lambda territory, company: call_a_customer(
            territory, company, hs_call_status="COMPLETED", hs_call_direction="OUTBOUND"
        ),
        "bronze",
        "silver",
        MEDIUM,
    ),
]


def leave_as_they_are(territory: Territory) -> None:
    """Changes that matter to no rule."""
    territory.edit("companies", "20061", name="Charpentes Grange-aux-Frênes (Québec)")
    territory.edit("companies", "20005", potentiel_annuel="195000.00")
    territory.edit("companies", "20086", city="Gaspé")
    call_a_customer(territory, "20007", hs_call_status="NO_ANSWER", hs_call_direction="OUTBOUND")
    territory.create(
        "emails",
        "20003",
        186,
        hs_timestamp="2026-06-29T11:30:00Z",
        hs_email_direction="INCOMING_EMAIL",
    )


def tags(territory: Territory) -> list[Any]:
    """Every tag without the marks of when it was made."""
    shown = [
        column
        for column in tag_table.c
        if column.name not in {"evaluated_at", "since_at", "rulebook_id", "is_owed"}
    ]
    with territory.app.store.read() as connection:
        return list(connection.execute(select(*shown).order_by(tag_table.c.account_id)))


def test_ten_changes_move_exactly_those_ten_accounts(territory: Territory) -> None:
    territory.cycle()
    before = territory.tiers()
    territory.wait()
    for company, change, was, _, _ in MOVES:
        assert before[company] == was
        change(territory, company)
    leave_as_they_are(territory)
    place = len(territory.portal.history())
    territory.wait()

    report = territory.cycle()

    (accounts,) = [s for s in report.pulled[VENDOR].streams if s.kind.value == "account"]
    assert not accounts.is_full
    assert report.tagged.moved == len(MOVES)
    expected = {company: now for company, _, _, now, _ in MOVES}
    assert territory.tiers() == {**before, **expected}

    written = territory.writes(place)
    assert {row["id"] for row in written} == expected.keys()
    assert {row["objectType"] for row in written} == {"companies"}
    assert all(row["property"].startswith("arpent_") for row in written)
    assert all(row["before"] != row["after"] for row in written)
    for company, _, _, now, why in MOVES:
        shown = territory.record(company)
        assert (shown["arpent_tier"], shown["arpent_why"]) == (now, why)

    incremental = tags(territory)
    tag.run(territory.app.store, territory.app.published(), territory.app.clock(), full=True)
    assert tags(territory) == incremental
    territory.wait()
    assert territory.cycle().pushed[VENDOR].calls == 0


@on_sqlite
def test_a_tier_that_a_person_edits_is_left_to_them_and_becomes_a_challenge(
    territory: Territory,
) -> None:
    territory.cycle()
    territory.portal.act(
        "edit", objectType="companies", id="20009", properties={"arpent_tier": "bronze"}
    )
    territory.wait()
    place = len(territory.portal.history())

    report = territory.cycle()

    assert report.pushed[VENDOR].read_back == {"drift": 1}
    assert territory.writes(place) == []
    (challenge,) = territory.rows("challenge")
    assert (challenge.field, challenge.value, challenge.state) == ("tier", "bronze", "open")
    # Even when the rule says something new of that account, the person's value stays.
    territory.edit("companies", "20009", potentiel_annuel="")
    territory.wait()
    territory.cycle()
    shown = territory.record("20009")
    assert shown["arpent_tier"] == "bronze"
    assert shown["arpent_why"].startswith(f"{UNRATED} (contestation reçue le ")
    assert len(territory.rows("challenge")) == 1


@on_sqlite
def test_an_archived_company_leaves_the_plan_and_comes_back_when_it_is_restored(
    territory: Territory,
) -> None:
    territory.cycle()
    territory.archive("companies", "20009")
    place = len(territory.portal.history())
    # What is archived is looked at once an hour.
    territory.wait()
    territory.wait()

    territory.cycle()

    assert "20009" not in territory.tiers()
    assert len(territory.tiers()) == 114
    assert territory.writes(place) == []
    territory.portal.act("restore", objectType="companies", id="20009")
    territory.wait()
    # HubSpot's search does not show that a record came back: a whole reading does.
    territory.cycle(full=True)
    assert territory.tiers()["20009"] == "gold"


@on_sqlite
def test_a_partner_that_becomes_a_customer_enters_the_plan(territory: Territory) -> None:
    territory.cycle()
    assert "20011" not in territory.tiers()
    assert "arpent_tier" not in territory.record("20011")
    territory.wait()
    territory.edit("companies", "20011", lifecyclestage="customer", potentiel_annuel="120000")
    territory.wait()

    territory.cycle()

    # Met on 5 June, and never bought: medium, active, no customer yet.
    assert territory.tiers()["20011"] == "silver"
    shown = territory.record("20011")
    assert (shown["arpent_tier"], shown["arpent_why"]) == ("silver", MEDIUM)


@on_sqlite
def test_an_account_that_leaves_the_plan_has_its_fields_cleared(territory: Territory) -> None:
    territory.cycle()
    assert territory.record("20009")["arpent_tier"] == "gold"
    territory.edit("companies", "20009", lifecyclestage="other")
    place = len(territory.portal.history())
    territory.wait()

    territory.cycle()

    assert "20009" not in territory.tiers()
    shown = territory.record("20009")
    assert not [name for name in shown if name.startswith("arpent_") and shown[name]]
    assert {row["id"] for row in territory.writes(place)} == {"20009"}
    territory.wait()
    assert territory.cycle().pushed[VENDOR].calls == 0


@on_sqlite
def test_a_field_that_vanishes_from_the_crm_demotes_nobody(territory: Territory) -> None:
    territory.cycle()
    before = territory.tiers()
    territory.wait()
    territory.portal.act("remove_property", objectType="companies", property="potentiel_annuel")
    territory.edit("companies", "20009", city="Gaspé")
    place = len(territory.portal.history())
    territory.wait()

    report = territory.cycle(full=True)

    (notice,) = report.pulled[VENDOR].notices
    assert "« potentiel_annuel »" in notice.reason.fr
    assert territory.tiers() == before
    assert territory.writes(place) == []
