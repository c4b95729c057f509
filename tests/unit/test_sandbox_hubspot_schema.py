"""The sandbox's properties, groups, pipelines, owners, associations and account."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.sandbox.hubspot import SANDBOX_PORTAL, SANDBOX_TOKEN, HubSpotSandbox

PROPERTIES = "/crm/properties/2026-09/companies"
COMPANIES = "/crm/objects/2026-09/companies"
DEALS = "/crm/objects/2026-09/deals"


@pytest.fixture
def sandbox() -> HubSpotSandbox:
    made = HubSpotSandbox(now=datetime(2026, 11, 23, 13, 0, tzinfo=UTC))
    made.switches.ten_second_limit = 100_000
    return made


def options(*values: str) -> list[dict[str, object]]:
    return [
        {"label": value.title(), "value": value, "displayOrder": order}
        for order, value in enumerate(values)
    ]


def tier(**changes: object) -> dict[str, object]:
    return {
        "name": "arpent_tier",
        "label": "Niveau",
        "type": "enumeration",
        "fieldType": "select",
        "groupName": "arpent",
        "options": options("gold", "silver"),
    } | changes


@pytest.fixture
def grouped(sandbox: HubSpotSandbox) -> HubSpotSandbox:
    body = {"name": "arpent", "label": "Plan de territoire"}
    assert sandbox.call("POST", f"{PROPERTIES}/groups", body)[0] == 201
    return sandbox


def test_a_created_property_can_be_read_and_written(grouped: HubSpotSandbox) -> None:
    assert grouped.call("POST", PROPERTIES, tier())[0] == 201
    read = grouped.call("GET", f"{PROPERTIES}/arpent_tier")[1]
    assert [row["value"] for row in read["options"]] == ["gold", "silver"]
    assert read["hubspotDefined"] is False
    assert read["modificationMetadata"]["archivable"] is True
    body = {"properties": {"name": "A", "arpent_tier": "gold"}}
    assert grouped.call("POST", COMPANIES, body)[0] == 201


def test_a_taken_name_is_a_conflict_and_changes_nothing(grouped: HubSpotSandbox) -> None:
    grouped.call("POST", PROPERTIES, tier())
    status, body = grouped.call("POST", PROPERTIES, tier(label="Autre"))
    assert status == 409
    assert body["category"] == "OBJECT_ALREADY_EXISTS"
    assert body["subCategory"] == "Properties.PROPERTY_WITH_NAME_EXISTS"
    assert grouped.call("GET", f"{PROPERTIES}/arpent_tier")[1]["label"] == "Niveau"


def test_options_are_kept_by_a_patch_without_them_and_replaced_by_one_with(
    grouped: HubSpotSandbox,
) -> None:
    grouped.call("POST", PROPERTIES, tier())
    kept = grouped.call("PATCH", f"{PROPERTIES}/arpent_tier", {"label": "Rang"})[1]
    assert (kept["label"], len(kept["options"])) == ("Rang", 2)
    body = {"options": options("gold", "bronze")}
    replaced = grouped.call("PATCH", f"{PROPERTIES}/arpent_tier", body)[1]
    assert [row["value"] for row in replaced["options"]] == ["gold", "bronze"]


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Arpent Tier"},
        {"label": ""},
        {"type": "money"},
        {"fieldType": "text"},
        {"groupName": "nowhere"},
        {"options": []},
        {"options": options("gold", "gold")},
        {"options": [{"label": "Or", "value": "gold"}]},  # displayOrder is required
    ],
)
def test_a_definition_that_makes_no_sense_is_refused(
    grouped: HubSpotSandbox, changes: dict[str, object]
) -> None:
    status, body = grouped.call("POST", PROPERTIES, tier(**changes))
    assert (status, body["category"]) == (400, "VALIDATION_ERROR")


def test_a_type_cannot_change(grouped: HubSpotSandbox) -> None:
    grouped.call("POST", PROPERTIES, tier())
    assert grouped.call("PATCH", f"{PROPERTIES}/arpent_tier", {"type": "string"})[0] == 400


def test_an_archived_property_vanishes_and_its_name_brings_the_values_back(
    grouped: HubSpotSandbox,
) -> None:
    grouped.call("POST", PROPERTIES, tier())
    body = {"properties": {"name": "A", "arpent_tier": "gold"}}
    record_id = grouped.call("POST", COMPANIES, body)[1]["id"]
    assert grouped.call("DELETE", f"{PROPERTIES}/arpent_tier")[0] == 204
    path = f"{COMPANIES}/{record_id}?properties=arpent_tier"
    assert "arpent_tier" not in grouped.call("GET", path)[1]["properties"]
    assert grouped.call("GET", f"{PROPERTIES}/arpent_tier")[0] == 404
    assert grouped.call("GET", f"{PROPERTIES}/arpent_tier?archived=true")[1]["archived"] is True
    assert grouped.call("POST", PROPERTIES, tier())[0] == 201
    assert grouped.call("GET", path)[1]["properties"]["arpent_tier"] == "gold"


def test_a_property_in_use_or_of_hubspots_own_cannot_be_archived(grouped: HubSpotSandbox) -> None:
    grouped.call("POST", PROPERTIES, tier())
    grouped.switches.properties_in_use = ["companies.arpent_tier"]
    status, body = grouped.call("DELETE", f"{PROPERTIES}/arpent_tier")
    assert status == 400
    assert body["subCategory"] == "PropertyValidationError.CANNOT_DELETE_PROPERTY_IN_USE"
    assert grouped.call("DELETE", f"{PROPERTIES}/name")[0] == 400


def test_a_group_with_properties_cannot_be_archived(grouped: HubSpotSandbox) -> None:
    grouped.call("POST", PROPERTIES, tier())
    status, body = grouped.call("DELETE", f"{PROPERTIES}/groups/arpent")
    assert (status, body["subCategory"]) == (400, "PropertyGroupError.GROUP_WITH_ACTIVE_PROPERTIES")
    grouped.call("DELETE", f"{PROPERTIES}/arpent_tier")
    assert grouped.call("DELETE", f"{PROPERTIES}/groups/arpent")[0] == 204
    assert grouped.call("GET", f"{PROPERTIES}/groups/arpent")[0] == 404


def test_a_new_property_may_be_readable_only_after_a_while(grouped: HubSpotSandbox) -> None:
    grouped.switches.property_delay_seconds = 5
    grouped.call("POST", PROPERTIES, tier())
    assert grouped.call("GET", f"{PROPERTIES}/arpent_tier")[0] == 404
    grouped.clock.advance(timedelta(seconds=6))
    assert grouped.call("GET", f"{PROPERTIES}/arpent_tier")[0] == 200


def test_the_limits_count_custom_properties(grouped: HubSpotSandbox) -> None:
    grouped.switches.custom_property_limit = 10
    grouped.call("POST", PROPERTIES, tier())
    body = grouped.call("GET", "/crm/limits/2026-09/custom-properties")[1]
    assert body["overallUsage"] == 1
    rows = {row["objectTypeId"]: row for row in body["byObjectType"]}
    assert (rows["0-2"]["limit"], rows["0-2"]["usage"], rows["0-2"]["percentage"]) == (10, 1, 10.0)


def test_a_property_is_refused_where_there_is_no_room(grouped: HubSpotSandbox) -> None:
    grouped.switches.custom_property_limit = 1
    assert grouped.call("POST", PROPERTIES, tier())[0] == 201
    status, body = grouped.call("POST", PROPERTIES, tier(name="arpent_priority"))
    assert (status, body["category"]) == (400, "VALIDATION_ERROR")
    assert "limit of 1 custom properties for companies" in body["message"]
    # Archiving makes room, and an archived name needs room to come back.
    assert grouped.call("DELETE", f"{PROPERTIES}/arpent_tier")[0] == 204
    assert grouped.call("POST", PROPERTIES, tier(name="arpent_priority"))[0] == 201
    assert grouped.call("POST", PROPERTIES, tier())[0] == 400


def test_all_object_types_share_the_overall_room(grouped: HubSpotSandbox) -> None:
    grouped.switches.change({"custom_property_limit": 5, "custom_property_overall_limit": 1})
    assert grouped.call("POST", PROPERTIES, tier())[0] == 201
    other = tier(groupName="dealinformation")
    assert grouped.call("POST", "/crm/properties/2026-09/deals", other)[0] == 400
    body = grouped.call("GET", "/crm/limits/2026-09/custom-properties")[1]
    assert (body["overallLimit"], body["overallUsage"]) == (1, 1)
    assert body["overallPercentage"] == 100.0


def linked(sandbox: HubSpotSandbox, deal: str) -> dict[str, set[int]]:
    path = "/crm/associations/2026-09/deals/companies/batch/read"
    body = sandbox.call("POST", path, {"inputs": [{"id": deal}]})[1]
    rows = body["results"][0]["to"] if body["results"] else []
    return {
        str(row["toObjectId"]): {kind["typeId"] for kind in row["associationTypes"]} for row in rows
    }


def make(sandbox: HubSpotSandbox, path: str) -> str:
    return str(sandbox.call("POST", path, {"properties": {}})[1]["id"])


def test_a_deals_first_company_is_its_primary_until_another_is(sandbox: HubSpotSandbox) -> None:
    deal, first, second = make(sandbox, DEALS), make(sandbox, COMPANIES), make(sandbox, COMPANIES)
    path = f"{DEALS}/{deal}/associations"
    for company in (first, second):
        assert sandbox.call("PUT", f"{path}/default/companies/{company}")[0] == 200
    assert linked(sandbox, deal) == {first: {341, 5}, second: {341}}
    primary = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 5}]
    assert sandbox.call("PUT", f"{path}/companies/{second}", primary)[0] == 201
    assert linked(sandbox, deal) == {first: {341}, second: {341, 5}}
    back = sandbox.call("GET", f"{COMPANIES}/{second}/associations/deals")[1]["results"][0]
    assert {kind["typeId"] for kind in back["associationTypes"]} == {342, 6}
    assert {kind["label"] for kind in back["associationTypes"]} == {None, "Primary"}
    assert sandbox.call("DELETE", f"{path}/companies/{second}")[0] == 204
    assert linked(sandbox, deal) == {first: {341}}


def test_a_company_is_the_primary_one_of_many_deals(sandbox: HubSpotSandbox) -> None:
    company, deals = make(sandbox, COMPANIES), [make(sandbox, DEALS) for _ in range(3)]
    pairs = [{"from": {"id": deal}, "to": {"id": company}} for deal in deals]
    path = "/crm/associations/2026-09/deals/companies/batch/associate/default"
    assert sandbox.call("POST", path, {"inputs": pairs})[0] == 200
    for deal in deals:
        assert linked(sandbox, deal) == {company: {341, 5}}


def test_associations_are_read_in_pages_and_ids_may_be_texts(sandbox: HubSpotSandbox) -> None:
    company, deals = make(sandbox, COMPANIES), [make(sandbox, DEALS) for _ in range(3)]
    for deal in deals:
        sandbox.call("PUT", f"{DEALS}/{deal}/associations/default/companies/{company}")
    sandbox.switches.association_page_size = 2
    sandbox.switches.numeric_to_object_id = False
    path = "/crm/associations/2026-09/companies/deals/batch/read"
    first = sandbox.call("POST", path, {"inputs": [{"id": company}]})[1]["results"][0]
    assert [row["toObjectId"] for row in first["to"]] == deals[:2]
    after = first["paging"]["next"]["after"]
    rest = sandbox.call("POST", path, {"inputs": [{"id": company, "after": after}]})[1]
    assert [row["toObjectId"] for row in rest["results"][0]["to"]] == deals[2:]
    assert "paging" not in rest["results"][0]


def test_a_record_without_links_is_an_error_or_left_out(sandbox: HubSpotSandbox) -> None:
    deal = make(sandbox, DEALS)
    path = "/crm/associations/2026-09/deals/companies/batch/read"
    status, body = sandbox.call("POST", path, {"inputs": [{"id": deal}]})
    assert (status, body["results"]) == (207, [])
    assert body["errors"][0]["subCategory"] == "crm.associations.NO_ASSOCIATIONS_FOUND"
    sandbox.switches.unlinked_as_errors = False
    status, body = sandbox.call("POST", path, {"inputs": [{"id": deal}]})
    assert (status, body["results"], "errors" in body) == (200, [], False)


def test_an_association_of_another_pair_of_types_is_refused(sandbox: HubSpotSandbox) -> None:
    deal, company = make(sandbox, DEALS), make(sandbox, COMPANIES)
    kind = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 192}]
    path = f"{DEALS}/{deal}/associations/companies/{company}"
    assert sandbox.call("PUT", path, kind)[0] == 400


def test_an_archived_record_is_no_longer_linked(sandbox: HubSpotSandbox) -> None:
    deal, company = make(sandbox, DEALS), make(sandbox, COMPANIES)
    sandbox.call("PUT", f"{DEALS}/{deal}/associations/default/companies/{company}")
    sandbox.act("archive", objectType="companies", id=company)
    assert linked(sandbox, deal) == {}
    sandbox.act("restore", objectType="companies", id=company)
    assert linked(sandbox, deal) == {company: {341, 5}}


def test_the_default_pipeline_says_which_stages_are_closed(sandbox: HubSpotSandbox) -> None:
    body = sandbox.call("GET", "/crm/pipelines/2026-09/deals")[1]
    stages = {row["id"]: row["metadata"] for row in body["results"][0]["stages"]}
    assert stages["closedwon"] == {"isClosed": "true", "probability": "1.0"}
    assert stages["closedlost"] == {"isClosed": "true", "probability": "0.0"}
    assert stages["appointmentscheduled"]["isClosed"] == "false"


def test_editing_a_stage_touches_its_deals(sandbox: HubSpotSandbox) -> None:
    deal = sandbox.call("POST", DEALS, {"properties": {"dealstage": "contractsent"}})[1]["id"]
    before = sandbox.values_of("deals", deal)["hs_lastmodifieddate"]
    sandbox.clock.advance(timedelta(minutes=1))
    path = "/crm/pipelines/2026-09/deals/default/stages/contractsent"
    body = {"label": "Contrat envoyé", "metadata": {"probability": "1"}}
    changed = sandbox.call("PATCH", path, body)[1]
    assert changed["metadata"] == {"isClosed": "true", "probability": "1.0"}
    values = sandbox.values_of("deals", deal)
    assert values["hs_lastmodifieddate"] > before
    assert values["hs_is_closed_won"] == "true"


def test_the_account_says_its_portal_zone_and_currency(sandbox: HubSpotSandbox) -> None:
    body = sandbox.call("GET", "/account-info/2026-09/details")[1]
    assert (body["portalId"], body["companyCurrency"]) == (SANDBOX_PORTAL, "CAD")
    assert (body["timeZone"], body["utcOffset"]) == ("America/Toronto", "-05:00")


def test_the_usage_of_the_day_ends_at_midnight_in_the_portals_zone(sandbox: HubSpotSandbox) -> None:
    path = "/account-info/2026-09/api-usage/daily/private-apps"
    row = sandbox.call("GET", path)[1]["results"][0]
    assert (row["usageLimit"], row["currentUsage"]) == (625_000, 1)
    assert row["resetsAt"] == "2026-11-24T05:00:00Z"
    sandbox.clock.advance(timedelta(days=1))
    assert sandbox.call("GET", path)[1]["results"][0]["currentUsage"] == 1


def test_a_key_tells_its_scopes(sandbox: HubSpotSandbox) -> None:
    path = "/oauth/v2/private-apps/get/access-token-info"
    status, body = sandbox.call("POST", path, {"tokenKey": SANDBOX_TOKEN})
    assert (status, body["hubId"]) == (200, SANDBOX_PORTAL)
    assert "crm.objects.companies.write" in body["scopes"]
    assert sandbox.call("POST", path, {"tokenKey": "pat-unknown"})[0] == 401
