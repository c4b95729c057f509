"""Custom fields through the Tooling API of the emulated Salesforce."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from connectors.sandbox.salesforce import SANDBOX_SESSION, SANDBOX_USERNAME, SalesforceSandbox

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
FIELDS = "/tooling/sobjects/CustomField"
TIER = {
    "label": "Niveau",
    "type": "Picklist",
    "required": False,
    "valueSet": {
        "restricted": True,
        "valueSetDefinition": {
            "sorted": False,
            "value": [
                {"valueName": "gold", "label": "Or", "default": False},
                {"valueName": "silver", "label": "Argent", "default": False},
            ],
        },
    },
}


@pytest.fixture
def sandbox() -> Iterator[SalesforceSandbox]:
    with SalesforceSandbox(now=NOW) as running:
        yield running


@pytest.fixture
def http(sandbox: SalesforceSandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {SANDBOX_SESSION}"}
    root = f"{sandbox.url}/services/data/v68.0"
    with httpx.Client(base_url=root, headers=headers, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def unchanged() -> Iterator[httpx.Client]:
    """A client of an org that no test changes: refusals alone need no org of their own."""
    with SalesforceSandbox(now=NOW) as running:
        headers = {"Authorization": f"Bearer {SANDBOX_SESSION}"}
        root = f"{running.url}/services/data/v68.0"
        with httpx.Client(base_url=root, headers=headers, timeout=60) as client:
            yield client


def make(http: httpx.Client, name: str, metadata: dict[str, Any]) -> httpx.Response:
    return http.post(FIELDS, json={"FullName": name, "Metadata": metadata})


def open_to(http: httpx.Client, sandbox: SalesforceSandbox, *fields: str) -> None:
    parent = http.post("/sobjects/PermissionSet", json={"Name": "A", "Label": "A"}).json()["id"]
    for field in fields:
        right = {"ParentId": parent, "SobjectType": field.partition(".")[0], "Field": field,
                 "PermissionsRead": True, "PermissionsEdit": True}  # fmt: skip
        assert http.post("/sobjects/FieldPermissions", json=right).status_code == 201
    given = {"PermissionSetId": parent, "AssigneeId": sandbox.user_id(SANDBOX_USERNAME)}
    assert http.post("/sobjects/PermissionSetAssignment", json=given).status_code == 201


def test_a_picklist_is_made_found_opened_and_used(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    answer = make(http, "Account.Tier__c", TIER)
    assert answer.status_code == 201
    made = answer.json()
    assert set(made) == {"id", "success", "errors", "warnings", "infos"}
    assert made["id"].startswith("00N")
    text = (
        "SELECT Id, DeveloperName, TableEnumOrId, NamespacePrefix FROM CustomField "
        "WHERE TableEnumOrId = 'Account' AND DeveloperName = 'Tier'"
    )
    rows = http.get("/tooling/query", params={"q": text}).json()["records"]
    assert [(row["Id"], row["NamespacePrefix"]) for row in rows] == [(made["id"], None)]
    assert http.get("/query", params={"q": text}).json()[0]["errorCode"] == "INVALID_TYPE"
    open_to(http, sandbox, "Account.Tier__c")
    fields = http.get("/sobjects/Account/describe").json()["fields"]
    shown = next(row for row in fields if row["name"] == "Tier__c")
    assert [(row["value"], row["label"]) for row in shown["picklistValues"]] == [
        ("gold", "Or"),
        ("silver", "Argent"),
    ]
    refused = http.post("/sobjects/Account", json={"Name": "a", "Tier__c": "bronze"}).json()
    assert refused[0]["errorCode"] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    assert http.post("/sobjects/Account", json={"Name": "a", "Tier__c": "gold"}).status_code == 201


def test_a_field_of_activity_is_one_of_tasks_and_events(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    key = {"label": "Clé", "type": "Text", "length": 80, "externalId": True, "unique": True}
    assert make(http, "Activity.Key__c", key).status_code == 201
    open_to(http, sandbox, "Task.Key__c", "Event.Key__c")
    for kind in ("Task", "Event"):
        names = [row["name"] for row in http.get(f"/sobjects/{kind}/describe").json()["fields"]]
        assert "Key__c" in names


def test_a_second_field_of_the_name_is_refused(http: httpx.Client) -> None:
    make(http, "Account.Tier__c", TIER)
    entry = make(http, "Account.Tier__c", TIER).json()[0]
    assert entry["errorCode"] == "DUPLICATE_DEVELOPER_NAME"
    assert entry["message"] == "There is already a field named Tier on Account."


def test_a_change_sends_everything_and_keeps_the_type(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    made = make(http, "Account.Score__c", {"label": "Score", "type": "Number", "precision": 5,
                                           "scale": 2}).json()["id"]  # fmt: skip
    shown = http.get(f"{FIELDS}/{made}").json()
    assert (shown["FullName"], shown["Metadata"]["precision"]) == ("Account.Score__c", 5)
    metadata = shown["Metadata"] | {"label": "Pointage"}
    assert http.patch(f"{FIELDS}/{made}", json={"Metadata": metadata}).status_code == 204
    open_to(http, sandbox, "Account.Score__c")
    fields = http.get("/sobjects/Account/describe").json()["fields"]
    assert {row["name"]: row["label"] for row in fields}["Score__c"] == "Pointage"
    other = {"Metadata": {"label": "Score", "type": "Date"}}
    entry = http.patch(f"{FIELDS}/{made}", json=other).json()[0]
    assert entry["errorCode"] == "FIELD_INTEGRITY_EXCEPTION"
    too_large = http.post("/sobjects/Account", json={"Name": "a", "Score__c": 1000})
    assert too_large.json()[0]["errorCode"] == "NUMBER_OUTSIDE_VALID_RANGE"
    assert http.delete(f"{FIELDS}/{made}").status_code == 204
    assert http.get(f"{FIELDS}/{made}").status_code == 404


@pytest.mark.parametrize(
    ("name", "metadata", "code"),
    [
        ("Account.A__c", {"label": "A"}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Account.A__c", {"label": "A", "type": "Text"}, "REQUIRED_FIELD_MISSING"),
        ("Account.A__c", {"label": "A", "type": "Checkbox"}, "REQUIRED_FIELD_MISSING"),
        ("Account.A__c", {"type": "Date"}, "REQUIRED_FIELD_MISSING"),
        ("Account.A__c", {"label": "A", "type": "Date", "colour": 1}, "JSON_PARSER_ERROR"),
        ("Nothing.A__c", {"label": "A", "type": "Date"}, "INVALID_TYPE"),
        ("Account.A", {"label": "A", "type": "Date"}, "INVALID_FIELD"),
        (
            "Account.A__c",
            {"label": "A", "type": "Picklist", "valueSet": {"restricted": True}},
            "FIELD_INTEGRITY_EXCEPTION",
        ),
    ],
)
def test_metadata_that_makes_no_sense_is_refused(
    unchanged: httpx.Client, name: str, metadata: dict[str, Any], code: str
) -> None:
    answer = make(unchanged, name, metadata)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


def test_the_room_for_fields_and_the_right_to_make_them_end(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    sandbox.switches.custom_field_limit = 1
    day = {"label": "Jour", "type": "Date"}
    assert make(http, "Account.A__c", day).status_code == 201
    assert make(http, "Account.B__c", day).json()[0]["errorCode"] == "LIMIT_EXCEEDED"
    sandbox.act("create_user", username="r@arpent.example", first_name="R", last_name="R")
    token = sandbox.open_session("r@arpent.example")
    body = {"FullName": "Contact.A__c", "Metadata": day}
    refused = http.post(FIELDS, json=body, headers={"Authorization": f"Bearer {token}"})
    assert refused.status_code == 403


def test_a_field_made_in_the_pages_is_listed_too(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    sandbox.act("create_field", object="Account", name="Rang__c", type="picklist", values=["A"])
    rows = http.get("/tooling/query", params={"q": "SELECT Id FROM CustomField"}).json()["records"]
    shown = http.get(f"{FIELDS}/{rows[0]['Id']}").json()["Metadata"]
    assert (shown["type"], shown["valueSet"]["valueSetDefinition"]["value"]) == (
        "Picklist",
        [{"valueName": "A", "label": "A", "default": False}],
    )
