"""The versions of the sandbox's API: administrators' rules and warnings, and older shapes."""

from datetime import UTC, datetime

import pytest

from connectors.sandbox.hubspot import HubSpotSandbox
from connectors.sandbox.hubspot.versions import VERSIONS

ENFORCING = "/crm/objects/2026-09"
LENIENT = ("/crm/v3/objects", "/crm/objects/2026-03")
PROPERTIES = "/crm/properties/2026-09/companies"


@pytest.fixture
def sandbox() -> HubSpotSandbox:
    made = HubSpotSandbox(now=datetime(2026, 11, 23, 13, 0, tzinfo=UTC))
    made.switches.ten_second_limit = 100_000
    return made


@pytest.fixture
def strict(sandbox: HubSpotSandbox) -> HubSpotSandbox:
    """A portal where an administrator requires a city, and a postal code in Alma."""
    sandbox.act("make_required", objectType="companies", property="city")
    rule = {"property": "zip", "basis": "city", "value": "Alma"}
    sandbox.act("require_when", objectType="companies", **rule)
    return sandbox


def create(sandbox: HubSpotSandbox, root: str, **values: str) -> tuple[int, dict[str, object]]:
    return sandbox.call("POST", f"{root}/companies", {"properties": values})


def codes(body: object) -> list[tuple[str, list[str]]]:
    assert isinstance(body, dict)
    return [(row["code"], row["context"]["propertyName"]) for row in body["errors"]]


def test_a_create_that_lacks_a_required_property_is_refused(strict: HubSpotSandbox) -> None:
    status, body = create(strict, ENFORCING, name="Roc")
    assert (status, body["category"]) == (400, "VALIDATION_ERROR")
    assert codes(body) == [("MISSING_REQUIRED_PROPERTY", ["city"])]


def test_a_conditional_rule_names_what_is_missing_and_why(strict: HubSpotSandbox) -> None:
    status, body = create(strict, ENFORCING, city="Alma")
    assert status == 400
    assert codes(body) == [("MISSING_CONDITIONAL_REQUIRED_PROPERTY", ["zip"])]
    assert body["message"] == (
        "zip is required because of a conditional property rule based on [city]"
    )
    assert create(strict, ENFORCING, city="Alma", zip="G8B 1A1")[0] == 201
    assert create(strict, ENFORCING, city="Amos")[0] == 201


@pytest.mark.parametrize("root", LENIENT)
def test_older_versions_do_not_enforce_administrators_rules(
    strict: HubSpotSandbox, root: str
) -> None:
    status, body = create(strict, root, name="Roc")
    assert status == 201
    write = {"properties": {"city": "Alma"}}
    assert strict.call("PATCH", f"{root}/companies/{body['id']}", write)[0] == 200


def test_an_update_meets_conditions_but_not_what_only_a_create_needs(
    strict: HubSpotSandbox,
) -> None:
    _, made = create(strict, LENIENT[0], name="Roc")
    path = f"{ENFORCING}/companies/{made['id']}"
    assert strict.call("PATCH", path, {"properties": {"name": "Roche"}})[0] == 200
    assert strict.call("PATCH", path, {"properties": {"city": "Alma"}})[0] == 400
    both = {"properties": {"city": "Alma", "zip": "G8B"}}
    assert strict.call("PATCH", path, both)[0] == 200
    assert strict.call("PATCH", path, {"properties": {"zip": ""}})[0] == 400
    # A write that has nothing to do with the rule is not held up by it.
    assert strict.call("PATCH", path, {"properties": {"phone": "1"}})[0] == 200


@pytest.mark.parametrize("traced", [True, False])
def test_a_batch_meets_the_rules_row_by_row_or_not_at_all(
    strict: HubSpotSandbox,
    traced: bool,  # noqa: FBT001 - a pytest parameter
) -> None:
    ids = [str(create(strict, LENIENT[0], name=name)[1]["id"]) for name in ("A", "B")]
    inputs = [
        {"id": record_id, "properties": {"city": city}}
        | ({"objectWriteTraceId": f"t{number}"} if traced else {})
        for number, (record_id, city) in enumerate(zip(ids, ("Alma", "Amos"), strict=True))
    ]
    status, body = strict.call("POST", f"{ENFORCING}/companies/batch/update", {"inputs": inputs})
    written = [strict.values_of("companies", record_id).get("city") for record_id in ids]
    if traced:
        assert (status, written) == (207, [None, "Amos"])
        assert codes(body["errors"][0]) == [("MISSING_CONDITIONAL_REQUIRED_PROPERTY", ["zip"])]
        assert body["errors"][0]["context"]["objectWriteTraceId"] == ["t0"]
    else:
        assert (status, written) == (400, [None, None])


def test_an_upsert_that_creates_needs_what_a_create_needs(strict: HubSpotSandbox) -> None:
    unique = {"name": "code", "label": "Code", "type": "string", "fieldType": "text"}
    group = {"groupName": "companyinformation", "hasUniqueValue": True}
    assert strict.call("POST", PROPERTIES, unique | group)[0] == 201
    row = {"id": "1", "idProperty": "code", "properties": {"name": "Roc"}}
    body = {"inputs": [row | {"objectWriteTraceId": "t"}]}
    status, answer = strict.call("POST", f"{ENFORCING}/companies/batch/upsert", body)
    assert status == 207
    assert codes(answer["errors"][0]) == [("MISSING_REQUIRED_PROPERTY", ["city"])]
    status, answer = strict.call("POST", f"{LENIENT[0]}/companies/batch/upsert", body)
    assert (status, answer["results"][0]["new"]) == (200, True)


def test_a_rule_can_be_taken_back_and_a_person_is_bound_too(strict: HubSpotSandbox) -> None:
    with pytest.raises(Exception, match="city is required"):
        strict.act("create", objectType="companies", properties={"name": "Roc"})
    strict.act("make_required", objectType="companies", property="city", required=False)
    assert strict.act("create", objectType="companies", properties={"name": "Roc"})["id"]


def test_a_normalised_value_comes_with_a_warning_in_2026_09_only(sandbox: HubSpotSandbox) -> None:
    sandbox.switches.change({"normalised_properties": {"companies.phone": "digits"}})
    expected = {"propertyName": "phone", "rawValue": "+1 418 555", "normalizedValue": "+1418555"}
    for root in (*LENIENT, ENFORCING):
        _, body = create(sandbox, root, phone="+1 418 555")
        properties = body["properties"]
        assert isinstance(properties, dict)
        assert properties["phone"] == "+1418555"
        if root == ENFORCING:
            warnings = body["warnings"]
            assert isinstance(warnings, list)
            assert warnings[0]["category"] == "PROPERTY_VALUE_NORMALIZED"
            assert warnings[0]["context"] == expected
        else:
            assert "warnings" not in body


def test_warnings_come_with_their_row_of_a_batch(sandbox: HubSpotSandbox) -> None:
    inputs = [{"properties": {"email": name}} for name in ("Ana@Example.com", "bo@example.com")]
    _, body = sandbox.call("POST", f"{ENFORCING}/contacts/batch/create", {"inputs": inputs})
    warned = {row["properties"]["email"]: "warnings" in row for row in body["results"]}
    assert warned == {"ana@example.com": True, "bo@example.com": False}


def test_a_date_written_otherwise_is_not_a_normalisation(sandbox: HubSpotSandbox) -> None:
    write = {"properties": {"dealname": "A", "closedate": "1782000000000"}}
    status, body = sandbox.call("POST", f"{ENFORCING}/deals", write)
    assert (status, "warnings" in body) == (201, False)


@pytest.mark.parametrize(
    ("root", "status"),
    [("/crm/v3/properties", 201), ("/crm/properties/2026-03", 400), (PROPERTIES[:-10], 400)],
)
def test_only_version_3_gives_options_an_order_of_its_own(
    sandbox: HubSpotSandbox, root: str, status: int
) -> None:
    body = {
        "name": "tier",
        "label": "Niveau",
        "type": "enumeration",
        "fieldType": "select",
        "groupName": "companyinformation",
        "options": [{"label": "Or", "value": "a"}, {"label": "Argent", "value": "b"}],
    }
    answered, made = sandbox.call("POST", f"{root}/companies", body)
    assert answered == status
    if status == 201:
        assert [row["displayOrder"] for row in made["options"]] == [0, 1]
    else:
        assert "displayOrder" in made["message"]


def test_links_are_made_by_name_in_version_3_and_by_number_since(sandbox: HubSpotSandbox) -> None:
    company = sandbox.call("POST", f"{ENFORCING}/companies", {"properties": {}})[1]["id"]
    deal = sandbox.call("POST", f"{ENFORCING}/deals", {"properties": {}})[1]["id"]
    pair = {"from": {"id": deal}, "to": {"id": company}}
    named = {"inputs": [pair | {"type": "deal_to_company"}]}
    for root in ("/crm/associations/2026-09", "/crm/v4/associations"):
        assert sandbox.call("POST", f"{root}/deals/companies/batch/create", named)[0] == 400
    made = sandbox.call("POST", "/crm/v3/associations/deals/companies/batch/create", named)
    assert made[0] == 201
    listed = sandbox.call("GET", f"{ENFORCING}/deals/{deal}/associations/companies")[1]
    kinds = listed["results"][0]["associationTypes"]
    assert [kind["typeId"] for kind in kinds] == [5, 341]


def test_a_version_has_only_the_paths_of_its_families(sandbox: HubSpotSandbox) -> None:
    assert "properties" not in VERSIONS["v4"].families
    assert sandbox.call("GET", "/crm/v4/properties/companies")[0] == 404
    assert sandbox.call("GET", "/crm/v3/limits/custom-properties")[0] == 200
    assert sandbox.call("GET", "/crm/limits/2026-03/custom-properties")[0] == 200
    assert sandbox.call("GET", "/crm/limits/v1/custom-properties")[0] == 404


def test_the_labels_of_a_pair_of_types_are_listed(sandbox: HubSpotSandbox) -> None:
    path = "/crm/associations/2026-09/deals/companies/labels"
    rows = sandbox.call("GET", path)[1]["results"]
    assert {row["typeId"]: row["label"] for row in rows} == {5: "Primary", 341: None}
