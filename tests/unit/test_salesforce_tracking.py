"""Who changed a field of ours in Salesforce: what its history tells, and how it is kept."""

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.base import Edit, OwnField, Provision
from connectors.salesforce.connector import Salesforce
from rules.records import FieldType
from tests.unit.test_pace import Time
from tests.unit.test_salesforce_client import ACCESS, Call, Said, error
from tests.unit.test_salesforce_provisioning import TIER, TOOLING, Setup
from tests.unit.test_salesforce_reading import Crm, key, rows

ONE = key("001", 1)
# 2026-11-23T07:00:00Z
SEVEN = 1_795_417_200_000
OWNED = [
    TIER,
    OwnField(name="why", type=FieldType.TEXT, label="Pourquoi", description=""),
    OwnField(name="challenge", type=FieldType.CHOICE, label="Contester", description=""),
    OwnField(name="imposed_until", type=FieldType.DATE, label="Imposé jusqu'au", description=""),
    OwnField(name="imposed_tier", type=FieldType.CHOICE, label="Niveau imposé", description=""),
]


@pytest.fixture
def crm() -> Iterator[Crm]:
    made = Crm()
    made.describe = Said({
        "fields": [
            {"name": "Id", "type": "id"},
            {
                "name": "arpent_tier__c", "type": "picklist",
                "picklistValues": [{"value": "gold", "label": "Or", "active": True}],
            },
            {"name": "arpent_imposed_until__c", "type": "date"},
        ]
    })  # fmt: skip
    yield made
    made.org.close()


@pytest.fixture
def connector(crm: Crm) -> Iterator[Salesforce]:
    made = Salesforce(ACCESS, base_url=crm.org.url, clock=Time().clock)
    yield made
    made.close()


def change(value: object, author: str | None, second: int = 0, **more: object) -> dict[str, Any]:
    return {
        "AccountId": ONE,
        "Field": "arpent_tier__c",
        "NewValue": value,
        "CreatedDate": f"2026-11-23T07:00:{second:02}.000+0000",
        "CreatedById": key("005", 9),
        "CreatedBy": None if author is None else {"Name": author, "Email": "x@example.org"},
        **more,
    }


def read(connector: Salesforce, crm: Crm, *history: object, **held: object) -> Edit:
    """The first of the fields of the account that are asked for."""
    crm.on("FROM AccountHistory", rows(*history))
    crm.on("FROM Account ", rows({"Id": ONE, **{f"arpent_{k}__c": v for k, v in held.items()}}))
    return connector.edits([ONE], [*held])[0]


def test_the_last_change_tells_who_and_when(connector: Salesforce, crm: Crm) -> None:
    told = read(
        connector, crm, change("gold", "Marc Lavoie", 2), change("silver", "Élise Gagnon", 1),
        change(None, "Élise Gagnon", 0), tier="gold",
    )  # fmt: skip

    assert (told.value, told.author, told.at) == ("gold", "Marc Lavoie", SEVEN + 2_000)
    (text,) = crm.texts("FROM AccountHistory")
    assert text.endswith(f"WHERE AccountId IN ('{ONE}') AND Field IN ('arpent_tier__c')")


def test_all_accounts_are_asked_about_at_once(connector: Salesforce, crm: Crm) -> None:
    connector.edits([key("001", number) for number in range(100)], ["tier", "imposed_until"])

    assert len(crm.texts("FROM AccountHistory")) == 1


@pytest.mark.parametrize(
    ("history", "author"),
    [
        # Nobody tracked the field when it got its value.
        ([], None),
        ([change("silver", "Marc Lavoie")], None),
        # A label in place of a value.
        ([change("Or", "Marc Lavoie")], "Marc Lavoie"),
        # Within one second, whoever wrote what is there; nobody where two people did.
        ([change("silver", "Élise Gagnon"), change("gold", "Marc Lavoie")], "Marc Lavoie"),
        ([change("gold", "Élise Gagnon"), change("gold", "Marc Lavoie")], None),
        # A user without a name that we may see.
        ([change("gold", "")], "x@example.org"),
        ([change("gold", None)], key("005", 9)),
        # What can't be read tells nothing.
        ([change("gold", "Marc Lavoie", CreatedDate="?")], None),
        ([change("gold", "Marc Lavoie", AccountId=None)], None),
        ([change(["gold"], "Marc Lavoie")], None),
        ([None, "x"], None),
    ],
)
def test_an_author_is_named_only_for_the_value_that_is_there(
    connector: Salesforce, crm: Crm, history: list[object], author: str | None
) -> None:
    told = read(connector, crm, *history, tier="gold")

    assert (told.value, told.author) == ("gold", author)


def test_who_emptied_a_field_is_told(connector: Salesforce, crm: Crm) -> None:
    told = read(connector, crm, change(None, "Marc Lavoie"), tier=None)

    assert (told.value, told.author) == (None, "Marc Lavoie")


def test_a_day_is_compared_as_a_day(connector: Salesforce, crm: Crm) -> None:
    field = "arpent_imposed_until__c"
    told = read(
        connector, crm, change("2026-12-31", "Marc Lavoie", Field=field),
        imposed_until="2026-12-31",
    )  # fmt: skip

    assert (told.value, told.author) == ("2026-12-31", "Marc Lavoie")


@pytest.mark.parametrize(
    "refusal",
    [
        error(400, "INVALID_TYPE", "sObject type 'AccountHistory' is not supported."),
        error(403, "INSUFFICIENT_ACCESS", "no"),
    ],
)
def test_without_a_history_the_author_is_nobody(
    connector: Salesforce, crm: Crm, refusal: Said
) -> None:
    crm.on("FROM AccountHistory", refusal)

    told = read(connector, crm, tier="gold")

    assert (told.value, told.author, told.at) == ("gold", None, None)


# How it is kept.


def test_fields_are_made_with_their_history_those_first_that_need_it_most(
    connector: Salesforce, crm: Crm
) -> None:
    org = Setup(crm)

    found = connector.ensure("Planification", OWNED, dry_run=False)

    made = [(each["FullName"], "trackHistory" in each["Metadata"]) for each in org.of_accounts]
    assert made == [
        ("Account.arpent_challenge__c", True),
        ("Account.arpent_imposed_tier__c", True),
        ("Account.arpent_imposed_until__c", True),
        ("Account.arpent_tier__c", True),
        ("Account.arpent_why__c", False),
    ]
    assert [each.field for each in found] == [each.name for each in OWNED]
    assert {each.note for each in found} == {None}
    assert not any("historique" in step.fr for step in connector.setup_steps())


def test_where_no_more_may_be_tracked_fields_are_made_without_it_and_named(
    connector: Salesforce, crm: Crm
) -> None:
    org = Setup(crm)
    crm.answers.insert(0, (f"POST /services/data/v68.0/{TOOLING}", lambda call: full(org, call)))

    found = connector.ensure("Planification", OWNED, dry_run=False)

    assert {each.state for each in found} == {Provision.CREATED}
    tier, *others = found
    assert tier.note is not None
    assert "Niveau, Imposé jusqu'au." in tier.note.fr
    assert {each.note for each in others} == {None}
    # The same the next time, until an administrator has done it.
    again = connector.ensure("Planification", OWNED, dry_run=False)
    assert [each.note for each in again] == [each.note for each in found]
    assert any("Niveau, Imposé jusqu'au" in step.fr for step in connector.setup_steps())
    for field in org.fields.values():
        field["Metadata"]["trackHistory"] = True
    assert {each.note for each in connector.ensure("Planification", OWNED, dry_run=False)} == {None}


def full(org: Setup, call: Call) -> Said:
    """An org where two more fields may be tracked."""
    tracked = sum(bool(each["Metadata"].get("trackHistory")) for each in org.fields.values())
    if call.json["Metadata"].get("trackHistory") and tracked == 2:
        return error(400, "FIELD_INTEGRITY_EXCEPTION", "exceeded the number of fields to track")
    return org.answer(call)
