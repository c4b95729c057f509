"""Our own fields in Salesforce: made once, widened, shown to people, removed, and nobody else's."""

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.base import Connector, Fatal, OwnField, Provision, Removal
from connectors.salesforce.connector import Salesforce
from rules.records import FieldType
from tests.unit.test_pace import Time
from tests.unit.test_salesforce_client import ACCESS, Call, Said, error
from tests.unit.test_salesforce_reading import Crm, key, rows

TIER = OwnField(
    name="tier",
    type=FieldType.CHOICE,
    label="Niveau",
    description="Calculé par Arpent.",
    options=(("gold", "Or"), ("silver", "Argent")),
)
CHALLENGE = OwnField(name="challenge", type=FieldType.CHOICE, label="Contester", description="")
NEXT_CONTACT = OwnField(
    name="next_contact", type=FieldType.DATE, label="Prochain contact", description=""
)
TOOLING = "tooling/sobjects/CustomField"
# The user of the login, in `tests.unit.test_salesforce_client.token`.
OURSELVES = "0055g000003abcDAAQ"


class Setup:
    """An org that remembers fields, permission sets and who has them."""

    def __init__(self, crm: Crm) -> None:
        self.fields: dict[str, dict[str, Any]] = {}
        self.sets: dict[str, str] = {}
        self.said_of_sets: dict[str, str] = {}
        self.permissions: list[dict[str, Any]] = []
        self.assigned: list[tuple[str, str]] = []
        self.refusal: Said | None = None
        self.limits: list[dict[str, Any]] = []
        # Who may not have a permission set, and what is said of that.
        self.unfit: dict[str, str] = {}
        crm.answers.append(("", self.answer))
        self.crm = crm

    @property
    def of_accounts(self) -> list[dict[str, Any]]:
        return [each for each in self.fields.values() if each["FullName"].startswith("Account.")]

    def declare(self, name: str, **metadata: object) -> None:
        self.fields[key("00N", len(self.fields) + 1)] = {
            "FullName": f"Account.{name}__c",
            "Metadata": metadata,
        }

    def answer(self, call: Call) -> Said:
        if "FROM EntityLimit" in call.soql:
            return rows(*self.limits)
        if call.method == "GET":
            return self.told(call)
        if self.refusal is not None:
            return self.refusal
        return self.written(call, call.path.rpartition("/")[2])

    def told(self, call: Call) -> Said:
        text = call.soql
        if "FROM CustomField" in text:
            assert call.is_at("tooling/query")
            return rows(*(
                {"Id": one, "DeveloperName": field["FullName"].split(".")[1].removesuffix("__c")}
                for one, field in self.fields.items()
                if f"'{field['FullName'].partition('.')[0]}'" in text
            ))  # fmt: skip
        if "FROM PermissionSetAssignment" in text:
            return rows(*(
                {"Id": f"{one}-{user}", "AssigneeId": user}
                for one, user in self.assigned if one in text
            ))  # fmt: skip
        if "FROM PermissionSet " in text:
            return rows(*(
                {"Id": one, "Description": self.said_of_sets.get(one)}
                for name, one in self.sets.items() if f"'{name}'" in text
            ))  # fmt: skip
        if "FROM FieldPermissions" in text:
            return rows(*(
                row for row in self.permissions
                if row["ParentId"] in text
                and ("SobjectType" not in text or f"'{row['SobjectType']}'" in text)
            ))  # fmt: skip
        if "FROM User" in text:
            users = ((1, True), (2, True), (3, False))
            return rows(*({"Id": key("005", one), "IsActive": is_on} for one, is_on in users))
        found = self.fields.get(call.path.rpartition("/")[2])
        return Said(found) if found else error(404, "NOT_FOUND", "?")

    def assign(self, row: dict[str, Any]) -> dict[str, Any]:
        said = self.unfit.get(row["AssigneeId"])
        if said is not None:
            errors = [{"statusCode": "FIELD_INTEGRITY_EXCEPTION", "message": said, "fields": []}]
            return {"success": False, "errors": errors}
        self.assigned.append((row["PermissionSetId"], row["AssigneeId"]))
        return {"success": True, "errors": []}

    def deleted(self, call: Call, last: str) -> Said:
        if call.is_at(f"sobjects/PermissionSetAssignment/{last}"):
            self.assigned = [each for each in self.assigned if "-".join(each) != last]
        elif call.is_at(f"sobjects/PermissionSet/{last}"):
            if any(last == one for one, _ in self.assigned):
                return error(400, "DELETE_FAILED", "assigned to users")
            self.sets = {name: one for name, one in self.sets.items() if one != last}
        else:
            name = self.fields.pop(last)["FullName"].replace("Activity.", "Task.")
            self.permissions = [each for each in self.permissions if each["Field"] != name]
        return Said(status=204)

    def written(self, call: Call, last: str) -> Said:
        if call.method == "DELETE":
            return self.deleted(call, last)
        body = call.json
        if call.method == "PATCH":
            self.fields[last]["Metadata"] = body["Metadata"]
            return Said(status=204)
        if call.is_at("composite/sobjects"):
            return Said([self.assign(one) for one in body["records"]])
        if call.is_at(TOOLING):
            self.fields[key("00N", len(self.fields) + 1)] = body
        elif call.is_at("sobjects/PermissionSet"):
            made = key("0PS", len(self.sets) + 1)
            self.sets[body["Name"]] = made
            self.said_of_sets[made] = body["Description"]
            return Said({"id": made, "success": True}, 201)
        else:
            self.permissions.append({"Id": key("01k", len(self.permissions)), **body})
        return Said({"id": key("00N", len(self.fields)), "success": True}, 201)


@pytest.fixture
def crm() -> Iterator[Crm]:
    made = Crm()
    yield made
    made.org.close()


@pytest.fixture
def org(crm: Crm) -> Setup:
    return Setup(crm)


@pytest.fixture
def connector(crm: Crm) -> Iterator[Salesforce]:
    made = Salesforce(ACCESS, base_url=crm.org.url, clock=Time().clock)
    yield made
    made.close()


def ensured(connector: Connector, *fields: OwnField, dry_run: bool = False) -> list[Provision]:
    return [one.state for one in connector.ensure("Planification", fields, dry_run=dry_run)]


def removed(connector: Connector, *fields: OwnField) -> list[Removal]:
    return [one.state for one in connector.remove(fields, dry_run=False)]


def writes(crm: Crm) -> int:
    return sum(call.method != "GET" for call in crm.org.calls)


def test_own_fields_are_made_once(connector: Salesforce, org: Setup) -> None:
    assert ensured(connector, TIER, NEXT_CONTACT) == [Provision.CREATED] * 2
    before = writes(org.crm)

    assert ensured(connector, TIER, NEXT_CONTACT) == [Provision.PRESENT] * 2
    assert writes(org.crm) == before
    tier, next_contact = org.of_accounts
    assert tier["FullName"] == "Account.arpent_tier__c"
    assert tier["Metadata"]["label"] == "Niveau"
    assert tier["Metadata"]["valueSet"] == {
        "restricted": False,
        "valueSetDefinition": {
            "sorted": False,
            "value": [
                {"valueName": "gold", "label": "Or", "default": False},
                {"valueName": "silver", "label": "Argent", "default": False},
            ],
        },
    }
    assert next_contact["Metadata"]["type"] == "Date"


def test_people_read_our_fields_and_edit_their_own(connector: Salesforce, org: Setup) -> None:
    ensured(connector, TIER, CHALLENGE)

    people, ours = org.sets["Arpent"], org.sets["Arpent_Integration"]
    may_edit = {(row["ParentId"], row["Field"]): row["PermissionsEdit"] for row in org.permissions}
    assert may_edit == {
        (people, "Account.arpent_tier__c"): False,
        (people, "Account.arpent_challenge__c"): True,
        (ours, "Account.arpent_tier__c"): True,
        (ours, "Account.arpent_challenge__c"): True,
        (ours, "Task.arpent_alert_key__c"): True,
    }
    assert all(row["PermissionsRead"] for row in org.permissions)
    assert org.assigned == [
        (ours, OURSELVES),
        (people, key("005", 1)),
        (people, key("005", 2)),
    ]


def test_people_whose_licence_rules_our_fields_out_are_named(
    connector: Salesforce, org: Setup
) -> None:
    org.unfit[key("005", 2)] = "The user license doesn't allow the permission"

    (tier,) = connector.ensure("Planification", [TIER], dry_run=False)

    assert tier.state is Provision.CREATED
    assert tier.note is not None
    assert "user license" in tier.note.en
    assert key("005", 2) in tier.note.en
    assert (org.sets["Arpent"], key("005", 1)) in org.assigned


def test_without_our_own_set_nothing_could_be_written(connector: Salesforce, org: Setup) -> None:
    org.unfit[OURSELVES] = "no"

    with pytest.raises(Fatal, match="Manage Permission Sets"):
        ensured(connector, TIER)


def test_the_key_of_tasks_is_an_external_id_of_activities(
    connector: Salesforce, org: Setup
) -> None:
    ensured(connector, TIER)

    (found,) = [each for each in org.fields.values() if each not in org.of_accounts]
    assert found["FullName"] == "Activity.arpent_alert_key__c"
    assert found["Metadata"]["externalId"] is True
    assert found["Metadata"]["unique"] is True
    assert removed(connector, TIER) == [Removal.REMOVED]
    assert org.fields == {}


def test_ours_are_made_together_or_not_at_all(connector: Salesforce, org: Setup) -> None:
    org.declare("arpent_next_contact", type="Date", label="X")
    org.limits = [{"Max": 100, "Remaining": 1}]

    found = connector.ensure("Planification", [TIER, CHALLENGE, NEXT_CONTACT], dry_run=False)

    assert [one.state for one in found] == [Provision.NO_ROOM] * 2 + [Provision.PRESENT]
    assert found[0].note is not None
    assert "room for 1 more" in found[0].note.en
    assert len(org.of_accounts) == 1
    room = connector.headroom()
    assert room is not None
    assert (room.limit, room.usage, room.left) == (100, 99, 1)


def test_a_dry_run_writes_nothing(connector: Salesforce, org: Setup) -> None:
    assert ensured(connector, TIER, dry_run=True) == [Provision.CREATED]
    assert writes(org.crm) == 0


def test_a_new_option_joins_those_there(connector: Salesforce, org: Setup) -> None:
    there = {"valueName": "bronze", "label": "Bronze d'avant", "default": True}
    value_set = {"restricted": True, "valueSetDefinition": {"sorted": True, "value": [there]}}
    org.declare(
        "arpent_tier", type="Picklist", label="Niveau", trackHistory=True, valueSet=value_set
    )

    assert ensured(connector, TIER) == [Provision.UPDATED]

    (field,) = org.of_accounts
    assert field["Metadata"]["trackHistory"] is True
    definition = field["Metadata"]["valueSet"]["valueSetDefinition"]
    assert [value["valueName"] for value in definition["value"]] == ["bronze", "gold", "silver"]
    assert definition["value"][0] == there
    assert definition["sorted"] is True


def test_a_field_of_another_type_is_left_alone(connector: Salesforce, org: Setup) -> None:
    org.declare("arpent_next_contact", type="Text", label="X", length=80)

    (state,) = connector.ensure("Planification", [NEXT_CONTACT], dry_run=False)

    assert state.state is Provision.CONFLICT
    assert state.note is not None
    assert "arpent_next_contact__c" in state.note.fr
    assert removed(connector, NEXT_CONTACT) == [Removal.FOREIGN]
    assert writes(org.crm) == 0


@pytest.mark.parametrize(
    ("code", "state", "match"),
    [
        ("DUPLICATE_DEVELOPER_NAME", Provision.CONFLICT, "Deleted Fields"),
        ("CUSTOM_FIELD_LIMIT_EXCEEDED", Provision.NO_ROOM, "no room left"),
        ("INSUFFICIENT_ACCESS", Provision.CONFLICT, "Customize Application"),
    ],
)
def test_a_field_that_is_not_made_says_why(
    code: str, state: Provision, match: str, connector: Salesforce, org: Setup
) -> None:
    org.refusal = error(400, code, "…")

    (found,) = connector.ensure("Planification", [TIER], dry_run=False)

    assert found.state is state
    assert found.note is not None
    assert match in found.note.en


def test_who_may_not_manage_permission_sets_is_told_so(connector: Salesforce, org: Setup) -> None:
    org.declare("arpent_next_contact", type="Date", label="X")
    org.refusal = error(400, "INSUFFICIENT_ACCESS_OR_READONLY", "no")

    with pytest.raises(Fatal, match="Manage Permission Sets"):
        ensured(connector, NEXT_CONTACT)


def test_our_fields_are_removed_and_what_is_not_there_is_no_failure(
    connector: Salesforce, org: Setup
) -> None:
    ensured(connector, TIER)

    assert removed(connector, TIER, CHALLENGE) == [Removal.REMOVED, Removal.ABSENT]
    assert org.fields == {}


def test_with_the_last_of_our_fields_go_the_sets_that_we_made(
    connector: Salesforce, org: Setup
) -> None:
    ensured(connector, TIER, CHALLENGE)
    removed(connector, TIER)
    assert set(org.sets) == {"Arpent", "Arpent_Integration"}
    people = org.sets["Arpent"]
    org.permissions.append({"ParentId": people, "SobjectType": "Account", "Field": "Account.X__c"})

    removed(connector, CHALLENGE)

    assert list(org.sets) == ["Arpent"], "somebody shows a field of theirs by it"
    assert {one for one, _ in org.assigned} == {people}


def test_a_set_of_our_name_that_an_administrator_made_stays(
    connector: Salesforce, org: Setup
) -> None:
    ensured(connector, TIER)
    org.said_of_sets[org.sets["Arpent_Integration"]] = "API"

    removed(connector, TIER)

    assert list(org.sets) == ["Arpent_Integration"]


def test_a_field_that_a_flow_uses_stays(connector: Salesforce, org: Setup) -> None:
    ensured(connector, TIER)
    org.refusal = error(400, "DELETE_FAILED", "This custom field is referenced elsewhere")

    (found,) = connector.remove([TIER], dry_run=False)

    assert found.state is Removal.REFUSED
    assert found.note is not None
    assert "referenced elsewhere" in found.note.fr
