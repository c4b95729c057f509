"""The sandbox's records: what a write stores, what it refuses, what a read shows."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.sandbox.hubspot import HubSpotSandbox
from connectors.sandbox.hubspot.routes import ENDPOINTS, Endpoint

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
COMPANIES = "/crm/objects/2026-09/companies"
DEALS = "/crm/objects/2026-09/deals"


@pytest.fixture
def sandbox() -> HubSpotSandbox:
    made = HubSpotSandbox(now=NOW)
    made.switches.ten_second_limit = 100_000
    made.switches.search_per_second = 100_000
    return made


def company(sandbox: HubSpotSandbox, **properties: str) -> str:
    status, body = sandbox.call("POST", COMPANIES, {"properties": {"name": "Roc"} | properties})
    assert status == 201, body
    return str(body["id"])


def test_a_created_record_carries_the_portals_clock_and_its_defaults(
    sandbox: HubSpotSandbox,
) -> None:
    record_id = company(sandbox)
    _, body = sandbox.call("GET", f"{COMPANIES}/{record_id}")
    assert set(body["properties"]) == {
        *("name", "domain", "createdate", "hs_lastmodifieddate", "hs_object_id")
    }
    assert body["properties"]["domain"] is None
    assert body["properties"]["hs_object_id"] == record_id
    assert body["createdAt"].startswith("2026-11-23T13:00:0")
    assert body["archived"] is False
    assert "archivedAt" not in body


def test_undefined_properties_are_omitted_and_empty_ones_are_null(sandbox: HubSpotSandbox) -> None:
    record_id = company(sandbox)
    _, body = sandbox.call("GET", f"{COMPANIES}/{record_id}?properties=city,nowhere,name")
    assert body["properties"]["city"] is None
    assert "nowhere" not in body["properties"]
    assert "domain" not in body["properties"]


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"nowhere": "1"}, "PROPERTY_DOESNT_EXIST"),
        ({"numberofemployees": "many"}, "INVALID_INTEGER"),
        ({"numberofemployees": "NaN"}, "INVALID_INTEGER"),
        ({"numberofemployees": " 12"}, "INVALID_WHITESPACE"),
        ({"industry": "manufacturing"}, "INVALID_OPTION"),  # choices are case-sensitive
        ({"hs_object_id": "1"}, "READ_ONLY_VALUE"),
        ({"hubspot_owner_id": "404"}, "INVALID_OWNER_ID"),
    ],
)
def test_a_bad_value_is_refused_with_its_code_and_nothing_is_written(
    sandbox: HubSpotSandbox, properties: dict[str, str], code: str
) -> None:
    record_id = company(sandbox)
    status, body = sandbox.call(
        "PATCH", f"{COMPANIES}/{record_id}", {"properties": {"city": "Amos"} | properties}
    )
    assert status == 400
    assert body["category"] == "VALIDATION_ERROR"
    assert body["message"].startswith("Property values were not valid: [{")
    assert body["errors"][0]["code"] == code
    assert body["correlationId"]
    assert "city" not in sandbox.values_of("companies", record_id)


@pytest.mark.parametrize("value", [12, 1.5, True, None, ["a"]])
def test_json_values_that_are_not_strings_are_refused(
    sandbox: HubSpotSandbox, value: object
) -> None:
    status, body = sandbox.call("POST", COMPANIES, {"properties": {"numberofemployees": value}})
    assert status == 400
    assert "a string is expected" in body["message"]


def test_a_number_comes_back_as_it_was_written(sandbox: HubSpotSandbox) -> None:
    record_id = company(sandbox, numberofemployees="24.00")
    assert sandbox.values_of("companies", record_id)["numberofemployees"] == "24.00"


def test_an_empty_text_clears_a_property(sandbox: HubSpotSandbox) -> None:
    record_id = company(sandbox, city="Amos")
    sandbox.call("PATCH", f"{COMPANIES}/{record_id}", {"properties": {"city": ""}})
    _, body = sandbox.call("GET", f"{COMPANIES}/{record_id}?properties=city")
    assert body["properties"]["city"] is None


def test_dates_are_taken_as_iso_or_milliseconds_and_kept_as_iso(sandbox: HubSpotSandbox) -> None:
    created = {"properties": {"dealname": "A", "closedate": "1793491200000"}}
    _, body = sandbox.call("POST", DEALS, created)
    assert body["properties"]["closedate"] == "2026-11-01T00:00:00Z"
    sandbox.call("PATCH", f"{DEALS}/{body['id']}", {"properties": {"closedate": "2026-11-02"}})
    assert sandbox.values_of("deals", body["id"])["closedate"] == "2026-11-02T00:00:00Z"


def test_a_day_property_refuses_an_hour(sandbox: HubSpotSandbox) -> None:
    definition = {
        "name": "arpent_next_contact",
        "label": "Prochain contact",
        "type": "date",
        "fieldType": "date",
        "groupName": "companyinformation",
    }
    assert sandbox.call("POST", "/crm/properties/2026-09/companies", definition)[0] == 201
    record_id = company(sandbox, arpent_next_contact="2026-12-01")
    assert sandbox.values_of("companies", record_id)["arpent_next_contact"] == "2026-12-01"
    write = {"properties": {"arpent_next_contact": "2026-12-01T05:00:00Z"}}
    status, body = sandbox.call("PATCH", f"{COMPANIES}/{record_id}", write)
    assert status == 400
    assert body["errors"][0]["code"] == "INVALID_DATE"


def test_a_leading_semicolon_appends_to_a_choice_of_several(sandbox: HubSpotSandbox) -> None:
    path = "/crm/objects/2026-09/contacts"
    _, body = sandbox.call("POST", path, {"properties": {"hs_buying_role": "CHAMPION"}})
    write = {"properties": {"hs_buying_role": ";DECISION_MAKER"}}
    sandbox.call("PATCH", f"{path}/{body['id']}", write)
    assert sandbox.values_of("contacts", body["id"])["hs_buying_role"] == "CHAMPION;DECISION_MAKER"


def test_only_a_real_change_moves_the_modified_stamp(sandbox: HubSpotSandbox) -> None:
    record_id = company(sandbox, city="Amos")
    before = sandbox.values_of("companies", record_id)["hs_lastmodifieddate"]
    sandbox.clock.advance(timedelta(minutes=1))
    sandbox.call("PATCH", f"{COMPANIES}/{record_id}", {"properties": {"city": "Amos"}})
    assert sandbox.values_of("companies", record_id)["hs_lastmodifieddate"] == before
    sandbox.call("PATCH", f"{COMPANIES}/{record_id}", {"properties": {"city": "Alma"}})
    assert sandbox.values_of("companies", record_id)["hs_lastmodifieddate"] > before


def test_archiving_leaves_the_modified_stamp_and_hides_the_record(sandbox: HubSpotSandbox) -> None:
    record_id = company(sandbox)
    before = sandbox.values_of("companies", record_id)["hs_lastmodifieddate"]
    sandbox.clock.advance(timedelta(minutes=1))
    assert sandbox.call("DELETE", f"{COMPANIES}/{record_id}")[0] == 204
    assert sandbox.call("DELETE", f"{COMPANIES}/{record_id}")[0] == 204
    assert sandbox.values_of("companies", record_id)["hs_lastmodifieddate"] == before
    assert sandbox.call("GET", f"{COMPANIES}/{record_id}")[0] == 404
    assert sandbox.call("GET", COMPANIES)[1]["results"] == []
    assert sandbox.call("POST", f"{COMPANIES}/search", {})[1]["total"] == 0
    archived = sandbox.call("GET", f"{COMPANIES}?archived=true")[1]["results"]
    assert [row["id"] for row in archived] == [record_id]
    assert archived[0]["archivedAt"] > before


def test_a_restored_record_keeps_its_id(sandbox: HubSpotSandbox) -> None:
    record_id = company(sandbox)
    sandbox.act("archive", objectType="companies", id=record_id)
    sandbox.act("restore", objectType="companies", id=record_id)
    assert sandbox.call("GET", f"{COMPANIES}/{record_id}")[1]["archived"] is False


def test_history_says_who_wrote_each_value_newest_first(sandbox: HubSpotSandbox) -> None:
    record_id = company(sandbox, city="Amos")
    edit = {"objectType": "companies", "id": record_id, "properties": {"city": "Alma"}}
    sandbox.act("edit", user="elise@example.com", **edit)
    _, body = sandbox.call("GET", f"{COMPANIES}/{record_id}?propertiesWithHistory=city")
    past = body["propertiesWithHistory"]["city"]
    assert [(entry["value"], entry["sourceType"]) for entry in past] == [
        ("Alma", "CRM_UI"),
        ("Amos", "INTEGRATION"),
    ]
    assert past[0]["sourceId"] == "elise@example.com"


def test_a_deal_that_closes_gets_its_date_and_its_flags(sandbox: HubSpotSandbox) -> None:
    created = {"properties": {"dealname": "A", "dealstage": "qualifiedtobuy", "amount": "10"}}
    _, deal = sandbox.call("POST", DEALS, created)
    values = sandbox.values_of("deals", deal["id"])
    assert (values["hs_is_closed"], values["hs_is_closed_won"]) == ("false", "false")
    assert "closedate" not in values
    sandbox.clock.advance(timedelta(days=3))
    sandbox.call("PATCH", f"{DEALS}/{deal['id']}", {"properties": {"dealstage": "closedwon"}})
    values = sandbox.values_of("deals", deal["id"])
    assert (values["hs_is_closed"], values["hs_is_closed_won"]) == ("true", "true")
    assert values["closedate"].startswith("2026-11-26T13:00:0")
    sandbox.call("PATCH", f"{DEALS}/{deal['id']}", {"properties": {"dealstage": "closedlost"}})
    values = sandbox.values_of("deals", deal["id"])
    assert (values["hs_is_closed_won"], values["hs_is_closed_lost"]) == ("false", "true")


def test_an_amount_in_another_currency_has_no_amount_at_home(sandbox: HubSpotSandbox) -> None:
    _, deal = sandbox.call("POST", DEALS, {"properties": {"dealname": "A", "amount": "10"}})
    assert sandbox.values_of("deals", deal["id"])["amount_in_home_currency"] == "10"
    write = {"properties": {"deal_currency_code": "USD"}}
    sandbox.call("PATCH", f"{DEALS}/{deal['id']}", write)
    assert "amount_in_home_currency" not in sandbox.values_of("deals", deal["id"])


def test_a_stage_must_belong_to_the_pipeline(sandbox: HubSpotSandbox) -> None:
    status, body = sandbox.call("POST", DEALS, {"properties": {"dealstage": "somewhere"}})
    assert status == 400
    assert body["errors"][0]["context"]["propertyName"] == ["dealstage"]


def test_paging_by_id_reaches_every_record_even_while_some_are_added(
    sandbox: HubSpotSandbox,
) -> None:
    made = [company(sandbox) for _ in range(7)]
    seen, after = [], ""
    while True:
        _, body = sandbox.call("GET", f"{COMPANIES}?limit=3{after}")
        seen += [row["id"] for row in body["results"]]
        if len(seen) == 3:
            made.append(company(sandbox))
        if "paging" not in body:
            break
        after = f"&after={body['paging']['next']['after']}"
        assert body["paging"]["next"]["link"].endswith(after)
    assert seen == made


@pytest.mark.parametrize(
    "query", ["limit=101", "limit=0", "limit=x", "limit=51&propertiesWithHistory=name", "after=x"]
)
def test_a_list_beyond_its_limits_is_refused(sandbox: HubSpotSandbox, query: str) -> None:
    assert sandbox.call("GET", f"{COMPANIES}?{query}")[0] == 400


def test_a_merge_makes_a_new_record_and_the_old_ids_lead_to_it(sandbox: HubSpotSandbox) -> None:
    kept, lost = company(sandbox, name="Kept"), company(sandbox, name="Lost", city="Amos")
    _, deal = sandbox.call("POST", DEALS, {"properties": {"dealname": "A"}})
    path = f"{DEALS}/{deal['id']}/associations"
    sandbox.call("PUT", f"{path}/default/companies/{lost}")
    merge = {"primaryObjectId": kept, "objectIdToMerge": lost}
    status, survivor = sandbox.call("POST", f"{COMPANIES}/merge", merge)
    assert status == 200
    assert survivor["id"] not in {kept, lost}
    assert survivor["properties"]["name"] == "Kept"
    assert survivor["properties"]["city"] == "Amos"
    assert survivor["properties"]["hs_merged_object_ids"] == f"{kept};{lost}"
    for old in (kept, lost):
        assert sandbox.call("GET", f"{COMPANIES}/{old}")[1]["id"] == survivor["id"]
    listed = sandbox.call("GET", COMPANIES)[1]["results"]
    assert [row["id"] for row in listed] == [survivor["id"]]
    linked = sandbox.call("GET", f"{path}/companies")[1]["results"]
    assert [str(row["toObjectId"]) for row in linked] == [survivor["id"]]
    assert {kind["typeId"] for kind in linked[0]["associationTypes"]} == {5, 341}
    update = {"inputs": [{"id": lost, "properties": {"city": "Alma"}}]}
    status, body = sandbox.call("POST", f"{COMPANIES}/batch/update", update)
    assert (status, body["results"]) == (207, [])


def test_a_merge_may_keep_the_primary_id_instead(sandbox: HubSpotSandbox) -> None:
    sandbox.switches.merge_creates_new_id = False
    kept, lost = company(sandbox), company(sandbox)
    merge = {"primaryObjectId": kept, "objectIdToMerge": lost}
    assert sandbox.call("POST", f"{COMPANIES}/merge", merge)[1]["id"] == kept
    assert sandbox.call("GET", f"{COMPANIES}/{lost}")[1]["id"] == kept


def test_an_activity_needs_its_instant(sandbox: HubSpotSandbox) -> None:
    path = "/crm/objects/2026-09/tasks"
    status, body = sandbox.call("POST", path, {"properties": {"hs_task_subject": "A"}})
    assert status == 400
    assert "hs_timestamp" in body["message"]


def test_administrators_rules_bind_api_writes(sandbox: HubSpotSandbox) -> None:
    sandbox.switches.required_properties = {"companies": ["city"]}
    status, body = sandbox.call("POST", COMPANIES, {"properties": {"name": "A"}})
    assert (status, body["errors"][0]["code"]) == (400, "MISSING_REQUIRED_PROPERTY")
    record_id = company(sandbox, city="Amos")
    sandbox.switches.conditional_rules = [
        {"objectType": "companies", "property": "city", "value": "Alma", "required": "zip"}
    ]
    write = {"properties": {"city": "Alma"}}
    status, body = sandbox.call("PATCH", f"{COMPANIES}/{record_id}", write)
    assert (status, body["errors"][0]["code"]) == (400, "MISSING_CONDITIONAL_REQUIRED_PROPERTY")
    assert body["errors"][0]["context"]["propertyName"] == ["zip"]


def test_a_known_address_of_a_contact_is_a_conflict(sandbox: HubSpotSandbox) -> None:
    path = "/crm/objects/2026-09/contacts"
    _, first = sandbox.call("POST", path, {"properties": {"email": "Ana@Example.com"}})
    assert first["properties"]["email"] == "ana@example.com"
    status, body = sandbox.call("POST", path, {"properties": {"email": "ana@example.com"}})
    assert status == 409
    assert body["message"] == f"Contact already exists. Existing ID: {first['id']}"


@pytest.mark.parametrize("alias", ["companies", "company", "0-2"])
@pytest.mark.parametrize("root", ["/crm/v3/objects", "/crm/objects/2026-03", "/crm/objects/v3"])
def test_every_version_and_alias_leads_to_the_same_records(
    sandbox: HubSpotSandbox, root: str, alias: str
) -> None:
    record_id = company(sandbox)
    _, body = sandbox.call("GET", f"{root}/{alias}")
    assert [row["id"] for row in body["results"]] == [record_id]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/crm/objects/2025-01/companies", 404),
        ("/crm/nothing", 404),
        ("/crm/objects/companies", 404),
        ("/crm/objects/2026-09/unicorns", 400),
        ("/crm/objects/2026-09/companies/999", 404),
    ],
)
def test_what_does_not_exist_is_answered_in_json(
    sandbox: HubSpotSandbox, path: str, status: int
) -> None:
    answered, body = sandbox.call("GET", path)
    assert answered == status
    assert body["status"] == "error"
    assert body["message"]


def test_the_history_names_every_write_and_its_author(sandbox: HubSpotSandbox) -> None:
    record_id = company(sandbox, city="Amos")
    sandbox.call("PATCH", f"{COMPANIES}/{record_id}", {"properties": {"city": "Alma"}})
    last = sandbox.history()[-1]
    assert last["at"].startswith("2026-11-23T13:00:0")
    assert {name: last[name] for name in last if name != "at"} == {
        "seq": 3,
        "method": "PATCH",
        "objectType": "companies",
        "id": record_id,
        "property": "city",
        "before": "Amos",
        "after": "Alma",
        "source": "Arpent",
    }


_WORDS = (
    *("inputs", "properties", "filterGroups", "filters", "sorts", "limit", "after", "query"),
    *("id", "idProperty", "from", "to", "types", "associationTypeId", "name", "label", "type"),
    *("fieldType", "groupName", "options", "associations", "propertyName", "operator", "value"),
    *("values", "highValue", "metadata", "probability", "displayOrder", "objectWriteTraceId"),
)
_ATOMS = st.sampled_from(
    [None, True, 0, -1, 2.5, "", "x", "²", "9" * 5000, "name", "IN", "EQ", "select", "text"]
)
_JSON = st.recursive(
    _ATOMS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_WORDS), inner, max_size=5)
    ),
    max_leaves=12,
)
_PORTAL = HubSpotSandbox(now=NOW)
_PORTAL.switches.ten_second_limit = _PORTAL.switches.search_per_second = 1_000_000
_PORTAL.switches.daily_limit = 10_000_000


@settings(max_examples=400, deadline=None)
@given(
    endpoint=st.sampled_from(ENDPOINTS),
    body=st.dictionaries(st.sampled_from(_WORDS), _JSON, max_size=5),
    query=st.sampled_from(
        ["", "?limit=²", "?after=²", "?limit=1&after=" + "9" * 5000, "?associations=deals,x"]
    ),
)
def test_no_request_makes_the_sandbox_stumble(
    endpoint: Endpoint, body: dict[str, object], query: str
) -> None:
    path = endpoint.template.replace("{type}", "companies").replace("{from}", "deals")
    for name in ("to", "id", "other", "name", "pipeline", "stage"):
        path = path.replace(f"{{{name}}}", "deals" if name == "to" else "1")
    for root in (
        *("/crm/objects", "/crm/properties", "/crm/associations", "/crm/pipelines"),
        *("/crm/owners", "/crm/limits", "/account-info"),
    ):
        path = path.replace(root, f"{root}/2026-09")
    status, answer = _PORTAL.call(endpoint.method, path + query, body)
    assert 200 <= status < 500
    assert status < 300 or answer["message"]
