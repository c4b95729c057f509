"""The words of people who sell: the same word means the same, whichever CRM it comes from."""

from typing import Any

import pytest

from connectors.hubspot.mapping import Mapper as HubspotMapper
from connectors.hubspot.objects import CONTACTS as HUBSPOT_CONTACTS
from connectors.sales_words import strongest
from connectors.salesforce import activities as salesforce
from connectors.zoho import activities as zoho
from connectors.zoho import people as zoho_people
from rules.records import ActivityKind, Contact, ContactRole

NOW = 1_800_000_000_000
BEFORE = NOW - 1


def is_told_by_salesforce(kind: ActivityKind, **row: Any) -> bool:
    return salesforce.is_contact(kind, {"IsClosed": True, **row}, BEFORE, NOW)


def is_told_by_zoho(module: str, kind: ActivityKind, **row: Any) -> bool:
    done = {"Status": "Terminé"} if module == "Tasks" else {}
    return zoho.is_contact(module, kind, {**done, **row}, BEFORE, NOW)


@pytest.mark.parametrize(
    ("word", "kind", "is_contact"),
    [
        ("Appel", ActivityKind.CALL, True),
        ("Send_Email", ActivityKind.EMAIL, True),
        ("COURRIEL", ActivityKind.EMAIL, True),
        ("Courriel recu", ActivityKind.EMAIL, False),
        ("E-mail  REÇU", ActivityKind.EMAIL, False),
        ("Reunion", ActivityKind.MEETING, True),
        ("Re\u0301union", ActivityKind.MEETING, True),
        ("Déjeuner", ActivityKind.NOTE, False),
        (None, ActivityKind.NOTE, False),
    ],
)
def test_a_type_of_task_is_judged_alike(
    word: str | None,
    kind: ActivityKind,
    is_contact: bool,  # noqa: FBT001 - of a table
) -> None:
    assert salesforce.kind_of({"Type": word}) is kind
    assert zoho.kind_of({"Task_Type": word}) is kind
    assert is_told_by_salesforce(kind, Type=word) is is_contact
    assert is_told_by_zoho("Tasks", kind, Task_Type=word) is is_contact


@pytest.mark.parametrize(
    ("word", "is_reached"),
    [
        ("Unanswered", False),
        ("No Response", False),
        ("Invalid number", False),
        ("Numéro non valide", False),
        ("Pas de reponse", False),
        ("BOÎTE VOCALE", False),
        ("Ligne occupée", False),
        ("Intéressé", True),
        (None, True),
    ],
)
def test_the_result_of_a_call_is_judged_alike(
    word: str | None,
    is_reached: bool,  # noqa: FBT001 - of a table
) -> None:
    call = ActivityKind.CALL

    assert is_told_by_salesforce(call, CallDisposition=word) is is_reached
    assert is_told_by_zoho("Calls", call, Call_Result=word) is is_reached


@pytest.mark.parametrize(
    ("word", "is_held"),
    [("No_show", False), ("no-show", False), ("Annulee", False), ("REPORTÉ", False), ("Vu", True)],
)
def test_a_meeting_that_was_not_held_is_judged_alike(
    word: str,
    is_held: bool,  # noqa: FBT001 - of a table
) -> None:
    meeting = ActivityKind.MEETING

    assert is_told_by_salesforce(meeting, StartDateTime="-", Type=word) is is_held
    assert is_told_by_zoho("Events", meeting, Meeting_Outcome=word) is is_held


@pytest.mark.parametrize(
    ("word", "role"),
    [
        ("Budget Holder", ContactRole.DECISION_MAKER),
        ("DECISION_MAKER", ContactRole.DECISION_MAKER),
        ("Décideur économique", ContactRole.DECISION_MAKER),
        ("acheteur", ContactRole.DECISION_MAKER),
        ("Champion", ContactRole.INFLUENCER),
        ("Technical Buyer", ContactRole.INFLUENCER),
        ("LEGAL_AND_COMPLIANCE", ContactRole.INFLUENCER),
        ("Evaluateur", ContactRole.INFLUENCER),
        ("Stagiaire", ContactRole.OTHER),
        ("", None),
    ],
)
def test_a_role_is_judged_alike(word: str, role: ContactRole | None) -> None:
    hubspot = HubspotMapper(HUBSPOT_CONTACTS, (), (), "CAD")
    (contact,) = hubspot.records([{"id": "1", "properties": {"hs_buying_role": word}}])

    assert strongest([word]) is role
    assert zoho_people.strongest([word]) is role
    assert isinstance(contact, Contact)
    assert contact.role is role


def test_a_connector_adds_the_words_of_its_crm() -> None:
    assert zoho_people.strongest(["Developer/Evaluator"]) is ContactRole.INFLUENCER
    assert not is_told_by_zoho("Calls", ActivityKind.CALL, Call_Result="Pas de réponse/occupé")
