"""Our properties: what is decided from what exists, and the exact requests that add the rest."""

from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.base import OwnField, Provision
from connectors.hubspot.client import Client
from connectors.hubspot.errors import Refused
from connectors.hubspot.objects import API_VERSION, COMPANIES, paths_of
from connectors.hubspot.provisioning import Provisioner, decide, definition, merged_options
from connectors.pace import Clock
from rules.records import FieldType

TIER = OwnField(
    name="tier",
    type=FieldType.CHOICE,
    label="Niveau",
    description="Calculé.",
    options=(("gold", "Or"), ("silver", "Argent")),
)
WHY = OwnField(name="why", type=FieldType.TEXT, label="Pourquoi", description="")
NEXT = OwnField(name="next_contact", type=FieldType.DATE, label="Prochain contact", description="")

PATH = "/crm/properties/2026-09/companies"
GOLD = {"value": "gold", "label": "Or massif", "displayOrder": 4, "hidden": True}


class Portal(Client):
    """HubSpot as far as properties go; what exists is what it is made with."""

    def __init__(self, *existing: dict[str, Any], archived: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__(SecretStr("token"), base_url="http://127.0.0.1:1", clock=Clock())
        self.existing = list(existing)
        self.meanwhile = {"name": "arpent_why", "type": "string", "fieldType": "text"}
        self.delay = 0
        self.pauses = 0
        self.archived = archived
        self.groups: list[dict[str, Any]] = [{"name": "companyinformation"}]
        self.written: list[tuple[str, str, dict[str, Any]]] = []
        self.refusal: Refused | None = None
        self.room: dict[str, Any] | None = None
        self.revived: dict[str, Any] | None = None

    def find(self, path: str) -> dict[str, Any] | None:
        assert path == "/crm/limits/2026-09/custom-properties"
        return self.room

    def get(self, path: str, query: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
        if path.endswith("/groups"):
            return {"results": self.groups}
        if query:
            return {"results": list(self.archived)}
        known = self.existing if self.pauses >= self.delay else []
        return {"results": known}

    def pause(self, seconds: float) -> None:
        assert seconds > 0
        self.pauses += 1

    def write(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        assert body is not None
        self.written.append((method, path, body))
        if self.refusal is not None:
            self.existing.append(self.meanwhile)
            raise self.refusal
        if path == PATH:
            self.existing.append(self.revived or body)
        return {}


def ensure(portal: Portal, *fields: OwnField, dry_run: bool = False) -> list[Provision]:
    found = Provisioner(portal, paths_of(API_VERSION)).ensure("Plan", fields, dry_run=dry_run)
    return [one.state for one in found]


def test_what_is_missing_is_created_in_a_group_of_our_own() -> None:
    portal = Portal()

    assert ensure(portal, TIER, WHY, NEXT) == [Provision.CREATED] * 3
    assert [(method, path, body.get("name")) for method, path, body in portal.written] == [
        ("POST", f"{PATH}/groups", "arpent"),
        ("POST", PATH, "arpent_tier"),
        ("POST", PATH, "arpent_why"),
        ("POST", PATH, "arpent_next_contact"),
    ]
    assert portal.written[0][2] == {"name": "arpent", "label": "Plan", "displayOrder": -1}
    assert portal.written[1][2] == {
        "name": "arpent_tier",
        "label": "Niveau",
        "description": "Calculé.",
        "groupName": "arpent",
        "type": "enumeration",
        "fieldType": "select",
        "formField": False,
        "options": [
            {"value": "gold", "label": "Or", "displayOrder": 0, "hidden": False},
            {"value": "silver", "label": "Argent", "displayOrder": 1, "hidden": False},
        ],
    }


def test_the_group_is_not_created_twice() -> None:
    portal = Portal()
    portal.groups.append({"name": "arpent"})

    ensure(portal, WHY)

    assert [path for _, path, _ in portal.written] == [PATH]


def test_a_dry_run_writes_nothing() -> None:
    portal = Portal()

    assert ensure(portal, TIER, dry_run=True) == [Provision.CREATED]
    assert portal.written == []


def test_each_type_has_its_property() -> None:
    def shape(kind: FieldType, name: str = "segment") -> tuple[str, str]:
        made = definition(OwnField(name=name, type=kind, label="", description=""))
        return made["type"], made["fieldType"]

    assert {kind: shape(kind) for kind in FieldType} == {
        FieldType.NUMBER: ("number", "number"),
        FieldType.MONEY: ("number", "number"),
        FieldType.TEXT: ("string", "text"),
        FieldType.CHOICE: ("enumeration", "select"),
        FieldType.DATE: ("date", "date"),
        FieldType.YES_NO: ("bool", "booleancheckbox"),
    }
    assert shape(FieldType.TEXT, "why") == ("string", "textarea")


def test_an_admin_s_options_survive_and_ours_follow() -> None:
    theirs = {"value": "platinum", "label": "Platine", "displayOrder": 9}
    existing = {"options": [GOLD, theirs]}

    assert merged_options(TIER, existing) == [
        GOLD,
        {"value": "platinum", "label": "Platine", "displayOrder": 9, "hidden": False},
        {"value": "silver", "label": "Argent", "displayOrder": 10, "hidden": False},
    ]


def test_missing_options_are_added_by_one_patch() -> None:
    tier = {"name": "arpent_tier", "type": "enumeration", "fieldType": "radio", "options": [GOLD]}
    portal = Portal(tier)

    assert ensure(portal, TIER) == [Provision.UPDATED]
    ((method, path, body),) = portal.written
    assert (method, path) == ("PATCH", f"{PATH}/arpent_tier")
    assert [option["value"] for option in body["options"]] == ["gold", "silver"]


def test_what_is_there_is_left_alone() -> None:
    why = {"name": "arpent_why", "type": "string", "fieldType": "text", "label": "Renommé"}
    portal = Portal(why)

    assert ensure(portal, WHY) == [Provision.PRESENT]
    assert portal.written == []


def test_another_type_is_a_conflict_with_the_next_step() -> None:
    existing = {"arpent_tier": {"name": "arpent_tier", "type": "string", "fieldType": "text"}}

    decided = decide(TIER, existing, {})

    assert decided.state is Provision.CONFLICT
    assert decided.note is not None
    assert "string/text" in decided.note.en
    assert "enumeration/select" in decided.note.en
    assert "Settings" in decided.note.en


def test_several_choices_at_once_are_a_conflict() -> None:
    existing = {"arpent_tier": {"type": "enumeration", "fieldType": "checkbox", "options": [GOLD]}}

    assert decide(TIER, existing, {}).state is Provision.CONFLICT


def test_a_deleted_name_is_revived_and_said_to_be() -> None:
    portal = Portal(archived=[{"name": "arpent_why"}])

    (found,) = Provisioner(portal, paths_of(API_VERSION)).ensure("Plan", [WHY], dry_run=False)

    assert found.state is Provision.REVIVED
    assert found.note is not None
    assert "revives" in found.note.en


def test_what_comes_back_with_old_options_is_given_the_new_ones() -> None:
    portal = Portal(archived=[{"name": "arpent_tier"}])
    portal.revived = {"name": "arpent_tier", "type": "enumeration", "options": [GOLD]}

    assert ensure(portal, TIER) == [Provision.REVIVED]
    method, path, body = portal.written[-1]
    assert (method, path) == ("PATCH", f"{PATH}/arpent_tier")
    assert [option["value"] for option in body["options"]] == ["gold", "silver"]


def test_what_comes_back_as_another_type_is_a_conflict() -> None:
    portal = Portal(archived=[{"name": "arpent_tier"}])
    portal.revived = {"name": "arpent_tier", "type": "string", "fieldType": "text"}

    assert ensure(portal, TIER) == [Provision.CONFLICT]


def room(limit: int, usage: int) -> dict[str, Any]:
    return {
        "overallLimit": 99,
        "byObjectType": [
            {"objectTypeId": "0-1", "limit": 1, "usage": 1},
            {"objectTypeId": "0-2", "limit": limit, "usage": usage},
        ],
    }


@pytest.mark.parametrize("dry_run", [True, False])
def test_without_room_for_all_none_is_created_and_the_sentence_counts(dry_run: bool) -> None:  # noqa: FBT001 - a parameter of the test
    why = {"name": "arpent_why", "type": "string", "fieldType": "text"}
    portal = Portal(why)
    portal.room = room(10, 9)

    found = Provisioner(portal, paths_of(API_VERSION)).ensure(
        "Plan", [WHY, TIER, NEXT], dry_run=dry_run
    )

    assert [one.state for one in found] == [
        Provision.PRESENT,
        Provision.NO_ROOM,
        Provision.NO_ROOM,
    ]
    note = found[1].note
    assert note is not None
    for number in ("10", "9", "2"):
        assert f" {number} " in note.en
    assert portal.written == []


def test_the_last_room_is_taken() -> None:
    portal = Portal()
    portal.room = room(10, 8)

    assert ensure(portal, TIER, NEXT) == [Provision.CREATED] * 2


@pytest.mark.parametrize(
    "told", [{}, {"byObjectType": [{"objectTypeId": "0-2", "limit": None}]}, None]
)
def test_where_hubspot_does_not_tell_the_room_it_is_the_judge(told: dict[str, Any] | None) -> None:
    portal = Portal()
    portal.room = told

    assert ensure(portal, TIER) == [Provision.CREATED]


def test_the_legacy_paths_tell_no_room() -> None:
    portal = Portal()

    assert Provisioner(portal, paths_of("v3")).room() is None


def test_what_somebody_else_has_just_created_is_no_failure() -> None:
    portal = Portal()
    portal.refusal = Refused(409, "OBJECT_ALREADY_EXISTS", "exists", [])

    assert ensure(portal, WHY) == [Provision.CREATED]


def test_what_somebody_else_has_just_created_otherwise_is_a_conflict() -> None:
    portal = Portal()
    portal.refusal = Refused(409, "OBJECT_ALREADY_EXISTS", "exists", [])
    portal.meanwhile = {"name": "arpent_why", "type": "number", "fieldType": "number"}

    assert ensure(portal, WHY) == [Provision.CONFLICT]


def test_a_new_property_is_waited_for_until_it_can_be_used() -> None:
    portal = Portal()
    portal.delay = 3

    ensure(portal, WHY)

    assert portal.pauses == 3


def test_hidden_properties_are_not_listed() -> None:
    shown = {"name": "cycle", "type": "enumeration", "options": [{"value": "Court"}]}
    portal = Portal(shown, {"name": "secret", "hidden": True}, {"label": "sans nom"})

    (field,) = Provisioner(portal, paths_of(API_VERSION)).fields(COMPANIES)

    assert (field.name, field.label, field.type, field.options) == (
        "cycle",
        "cycle",
        "enumeration",
        ["Court"],
    )


@pytest.mark.parametrize(
    ("declared", "kind", "can_be_read"),
    [
        ("string", FieldType.NUMBER, True),
        ("enumeration", FieldType.NUMBER, True),
        ("number", FieldType.MONEY, True),
        ("number", FieldType.DATE, True),
        ("number", FieldType.YES_NO, False),
        ("date", FieldType.DATE, True),
        ("date", FieldType.MONEY, False),
        ("datetime", FieldType.DATE, True),
        ("datetime", FieldType.NUMBER, False),
        ("bool", FieldType.YES_NO, True),
        ("bool", FieldType.CHOICE, True),
        ("bool", FieldType.DATE, False),
        ("something new", FieldType.MONEY, True),
    ],
)
def test_a_property_says_as_what_it_cannot_be_read(
    declared: str,
    kind: FieldType,
    can_be_read: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    portal = Portal({"name": "potentiel", "type": declared})

    (field,) = Provisioner(portal, paths_of(API_VERSION)).fields(COMPANIES)

    assert (kind not in field.never) is can_be_read
