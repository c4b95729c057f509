"""The emulated Zoho CRM: lists, pages, one record, what was deleted, search, external fields."""

from datetime import timedelta

import pytest

from connectors.sandbox.exchange import JsonObject
from tests.unit.sandbox_zoho_caller import Caller


@pytest.fixture
def zoho() -> Caller:
    return Caller()


def filled(zoho: Caller, number: int) -> list[str]:
    rows: list[JsonObject] = [{"Account_Name": f"A{place}"} for place in range(number)]
    ids = []
    for start in range(0, number, 100):
        answer = zoho.write("Accounts", *rows[start : start + 100])
        ids += [item["details"]["id"] for item in answer.data]
    return ids


def test_a_list_has_the_documented_shape(zoho: Caller) -> None:
    first, second = filled(zoho, 2)
    zoho.sandbox.act("edit", id=second, values={"Annual_Revenue": 12.5, "Parent_Account": first})
    page = zoho.get(
        "Accounts", fields="Account_Name,Owner,Annual_Revenue,Parent_Account,Modified_Time"
    )
    row = page.data[0]
    assert (page.status, row["id"], row["Annual_Revenue"]) == (200, second, 12.5)
    assert row["Parent_Account"] == {"name": "A0", "id": first}
    assert row["Owner"]["email"] == "integration@arpent.example"
    assert row["Modified_Time"] == "2026-11-23T08:00:00-05:00"
    assert page.data[1]["Annual_Revenue"] is None
    assert page.json["info"] == {
        "per_page": 200, "count": 2, "page": 1, "sort_by": "id", "sort_order": "desc",
        "more_records": False, "call": False, "email": False, "next_page_token": None,
        "previous_page_token": None, "page_token_expiry": None,
    }  # fmt: skip


def test_a_list_wants_its_fields(zoho: Caller) -> None:
    missing = zoho.get("Accounts")
    assert (missing.status, missing.code) == (400, "REQUIRED_PARAM_MISSING")
    assert missing.json["details"] == {"param_name": "fields"}
    many = zoho.get("Accounts", fields=",".join(f"F{place}" for place in range(51)))
    assert (many.code, many.json["details"]["limit"]) == ("LIMIT_EXCEEDED", 50)
    assert zoho.get("Accounts", fields="id", frobnicate="1").code == "EXTRA_PARAM_FOUND"
    assert zoho.get("Nothings", fields="id").code == "INVALID_MODULE"
    assert zoho.get("Accounts", fields="id").status == 204


def test_pages_end_at_two_thousand_and_tokens_go_on(zoho: Caller) -> None:
    filled(zoho, 3)
    too_far = zoho.get("Accounts", fields="id", page=11, per_page=200)
    assert too_far.code == "DISCRETE_PAGINATION_LIMIT_EXCEEDED"
    assert zoho.get("Accounts", fields="id", per_page=201).code == "LIMIT_EXCEEDED"
    first = zoho.get("Accounts", fields="id", per_page=2)
    token = first.json["info"]["next_page_token"]
    both = zoho.get("Accounts", fields="id", per_page=2, page=2, page_token=token)
    assert both.code == "AMBIGUITY_DURING_PROCESSING"
    other = zoho.get("Accounts", fields="id,Account_Name", per_page=2, page_token=token)
    assert other.code == "TOKEN_BOUND_DATA_MISMATCH"
    second = zoho.get("Accounts", fields="id", per_page=2, page_token=token)
    assert [len(first.data), len(second.data)] == [2, 1]
    assert second.json["info"]["more_records"] is False
    assert not {row["id"] for row in first.data} & {row["id"] for row in second.data}
    zoho.sandbox.clock.advance(timedelta(hours=25))
    zoho.token = zoho.sandbox.open_session()
    late = zoho.get("Accounts", fields="id", per_page=2, page_token=token)
    assert (late.status, late.code) == (400, "EXPIRED_VALUE")
    assert zoho.get("Accounts", fields="id", page_token=token[::-1]).code == "INVALID_DATA"


def test_page_tokens_lead_so_far(zoho: Caller) -> None:
    filled(zoho, 5)
    zoho.sandbox.switches.longest_list = 4
    page = zoho.get("Accounts", fields="id", per_page=2)
    for _ in range(2):
        token = page.json["info"]["next_page_token"]
        page = zoho.get("Accounts", fields="id", per_page=2, page_token=token)
    assert (page.status, page.code) == (400, "PAGINATION_LIMIT_EXCEEDED")


def test_pages_may_be_shorter_than_asked_for(zoho: Caller) -> None:
    filled(zoho, 5)
    zoho.sandbox.switches.short_pages = 2
    page = zoho.get("Accounts", fields="id", per_page=200)
    assert (len(page.data), page.json["info"]["more_records"]) == (2, True)
    answer = zoho.coql("select id from Accounts where id is not null limit 2000")
    assert answer.json["info"] == {"count": 2, "more_records": True}


def test_a_page_token_is_its_users_own(zoho: Caller) -> None:
    filled(zoho, 2)
    token = zoho.get("Accounts", fields="id", per_page=1).json["info"]["next_page_token"]
    zoho.sandbox.add_refresh_token("other", user="admin@arpent.example")
    other = Caller(zoho.sandbox, zoho.sandbox.open_session("other"))
    assert other.get("Accounts", fields="id", per_page=1, page_token=token).code == "INVALID_DATA"


def test_only_what_changed_since_a_moment_is_sent(zoho: Caller) -> None:
    first, second = filled(zoho, 2)
    zoho.sandbox.clock.advance(timedelta(minutes=10))
    zoho.sandbox.act("edit", id=first, values={"Phone": "1"})
    since = {"If-Modified-Since": "2026-11-23T08:05:00-05:00"}
    assert [row["id"] for row in zoho.get("Accounts", since, fields="id").data] == [first]
    later = {"If-Modified-Since": "2026-11-23T09:00:00-05:00"}
    assert zoho.get("Accounts", later, fields="id").status == 304
    assert zoho.get(f"Accounts/{second}", later).status == 304
    wrong = zoho.get("Accounts", {"If-Modified-Since": "yesterday"}, fields="id")
    assert (wrong.status, wrong.code) == (400, "INVALID_DATA")


def test_lists_are_sorted_by_three_fields_only(zoho: Caller) -> None:
    first, second = filled(zoho, 2)
    asked = zoho.get("Accounts", fields="id", sort_by="id", sort_order="asc")
    assert [row["id"] for row in asked.data] == [first, second]
    assert zoho.get("Accounts", fields="id", sort_by="Account_Name").code == "INVALID_DATA"
    assert zoho.get("Accounts", fields="id", cvid="1").code == "INVALID_DATA"
    assert zoho.get("Accounts", fields="id", territory_id="1").code == "FEATURE_NOT_ENABLED"
    assert [row["id"] for row in zoho.get("Accounts", fields="id", ids=first).data] == [first]


def test_long_texts_are_cut_in_lists_only(zoho: Caller) -> None:
    record_id = zoho.insert("Accounts", Account_Name="A", Description="x" * 600)
    [row] = zoho.get("Accounts", fields="Description").data
    assert len(row["Description"]) == 500
    [row] = zoho.get(f"Accounts/{record_id}").data
    assert len(row["Description"]) == 600
    assert row["Layout"]["name"] == "Standard"
    assert row["$approval_state"] == "approved"


def test_a_record_that_is_not_there_has_no_body(zoho: Caller) -> None:
    assert zoho.get("Accounts/5843104000000000999").status == 204
    assert zoho.get("Accounts/not-an-id").code == "INVALID_DATA"


def test_deleted_records_are_told_by_kind(zoho: Caller) -> None:
    first, second = filled(zoho, 2)
    assert zoho.get("Accounts/deleted").code == "REQUIRED_PARAM_MISSING"
    assert zoho.get("Accounts/deleted", type="all").status == 204
    zoho.delete("Accounts", ids=f"{first},{second}", wf_trigger="false")
    zoho.sandbox.act("purge", id=second)
    kinds = {row["id"]: row["type"] for row in zoho.get("Accounts/deleted", type="all").data}
    assert kinds == {first: "recycle", second: "permanent"}
    assert [row["id"] for row in zoho.get("Accounts/deleted", type="recycle").data] == [first]
    zoho.sandbox.act("restore", id=first)
    assert zoho.get("Accounts/deleted", type="recycle").status == 204
    assert zoho.get(f"Accounts/{first}").status == 200
    since = {"If-Modified-Since": "2026-11-24T00:00:00-05:00"}
    assert zoho.get("Accounts/deleted", since, type="all").status == 304
    assert zoho.get("Accounts/deleted", type="gone").code == "INVALID_DATA"


def test_the_feed_of_deleted_records_forgets(zoho: Caller) -> None:
    [gone] = filled(zoho, 1)
    zoho.sandbox.act("delete", id=gone)
    for days, kinds in ((61, ["permanent"]), (121, [])):
        zoho.sandbox.clock.advance(timedelta(days=days))
        zoho.token = zoho.sandbox.open_session()
        answer = zoho.get("Accounts/deleted", type="all")
        found = answer.data if answer.status == 200 else []
        assert [row["type"] for row in found] == kinds


def test_search_understands_its_criteria(zoho: Caller) -> None:
    zoho.insert("Accounts", Account_Name="Roc (nord)", Employees=5)
    zoho.insert("Accounts", Account_Name="Roche", Employees=50, Phone="819")
    cases = {
        "(Account_Name:equals:roche)": ["Roche"],
        "((Account_Name:starts_with:Roc)and(Employees:less_than:10))": ["Roc (nord)"],
        r"(Account_Name:equals:Roc \(nord\))": ["Roc (nord)"],
        "((Employees:greater_equal:50)or(Employees:in:5,6))": ["Roche", "Roc (nord)"],
        "(Employees:between:1,6)": ["Roc (nord)"],
        "(Phone:equals:${EMPTY})": ["Roc (nord)"],
    }
    for criteria, names in cases.items():
        found = zoho.get("Accounts/search", criteria=criteria, fields="Account_Name").data
        assert [row["Account_Name"] for row in found] == names, criteria
    assert [row["Phone"] for row in zoho.get("Accounts/search", phone="819").data] == ["819"]
    assert len(zoho.get("Accounts/search", word="nord").data) == 1
    assert zoho.get("Accounts/search", criteria="(Nothing:equals:1)").code == "INVALID_QUERY"
    recent = zoho.get(
        "Accounts/search", criteria="(Modified_Time:greater_equal:2026-11-23T00:00:00Z)"
    )
    assert recent.json["message"] == "the field is not available for search"
    assert zoho.get("Accounts/search", criteria="Account_Name:equals:1").code == "INVALID_QUERY"
    assert zoho.get("Accounts/search", criteria="(Employees:near:1)").code == "INVALID_DATA"
    assert zoho.get("Accounts/search").code == "REQUIRED_PARAM_MISSING"
    assert zoho.get("Accounts/actions/count").json == {"count": 2}
    assert zoho.get("Accounts/actions/count", word="nord").json == {"count": 1}


def test_records_are_found_by_an_external_field(zoho: Caller) -> None:
    made = {"field_label": "ERP Number", "data_type": "text", "external": {"type": "org"}}
    zoho.post("settings/fields", {"fields": [made]}, module="Accounts")
    record_id = zoho.insert("Accounts", Account_Name="Roc", ERP_Number="E7")
    by_number = {"X-EXTERNAL": "Accounts.ERP_Number"}
    assert zoho.get("Accounts/E7", by_number).data[0]["id"] == record_id
    row = {"ERP_Number": "E7", "Phone": "1"}
    changed = zoho.put("Accounts", {"data": [row], "trigger": []}, by_number)
    assert changed.codes == ["SUCCESS"]
    assert zoho.sandbox.values_of(record_id)["Phone"] == "1"
    assert zoho.get("Accounts/E7", {"X-EXTERNAL": "Accounts.Phone"}).code == "INVALID_DATA"


def test_a_deal_tells_its_stages_and_its_people(zoho: Caller) -> None:
    contact = zoho.insert("Contacts", First_Name="Ève", Last_Name="Roy")
    deal = zoho.insert("Deals", Deal_Name="Scie", Stage="Qualification", Amount=100)
    zoho.sandbox.clock.advance(timedelta(days=3))
    zoho.token = zoho.sandbox.open_session()
    zoho.put("Deals", {"data": [{"id": deal, "Stage": "Closed Won"}], "trigger": []})
    asked = "Stage,Moved_To__s,Modified_Time,Stage_Duration_Calendar_Days"
    won, qualified = zoho.get(f"Deals/{deal}/Stage_History", fields=asked).data
    assert (qualified["Stage"], qualified["Moved_To__s"]) == ("Qualification", "Closed Won")
    assert qualified["Stage_Duration_Calendar_Days"] == 3
    assert (won["Moved_To__s"], won["Modified_Time"][:10]) == (None, "2026-11-26")
    [row] = zoho.get(f"Deals/{deal}").data
    assert (row["Probability"], row["Expected_Revenue"]) == (100, 100)
    names = [role["name"] for role in zoho.get("Contacts/roles").json["contact_roles"]]
    assert "Decision Maker" in names
    link = {"data": [{"Contact_Role": {"name": "Decision Maker"}}]}
    assert zoho.put(f"Deals/{deal}/Contact_Roles/{contact}", link).status == 200
    [person] = zoho.get(f"Deals/{deal}/Contact_Roles", fields="Full_Name").data
    assert (person["Full_Name"], person["Contact_Role"]["name"]) == ("Ève Roy", "Decision Maker")
    assert zoho.delete(f"Deals/{deal}/Contact_Roles/{contact}").status == 200
    assert zoho.get(f"Deals/{deal}/Contact_Roles", fields="id").status == 204
    zoho.sandbox.act("delete", id=deal)
    assert zoho.rows("select id from DealHistory where id is not null") == []
    zoho.sandbox.act("restore", id=deal)
    assert len(zoho.rows("select id from DealHistory where id is not null")) == 2


def test_what_is_not_there_is_refused(zoho: Caller) -> None:
    assert (zoho.get("nothing/here").status, zoho.get("nothing").code) == (
        404, "INVALID_URL_PATTERN",
    )  # fmt: skip
    assert zoho.send("GET", "/crm/v2/Accounts").code == "INVALID_URL_PATTERN"
    assert zoho.patch("Accounts", {}).code == "INVALID_REQUEST_METHOD"
    assert zoho.get("actions/watch").code == "FEATURE_NOT_ENABLED"
    assert zoho.get("settings/territories").code == "FEATURE_NOT_ENABLED"
    record_id = zoho.insert("Accounts", Account_Name="A")
    assert zoho.get(f"Accounts/{record_id}/Nothing", fields="id").code == "INVALID_DATA"
