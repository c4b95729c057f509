"""The emulated Zoho CRM: each record's own outcome, refusals of values, locks, merges."""

from datetime import timedelta
from typing import Any

import pytest

from tests.unit.sandbox_zoho_caller import Caller


@pytest.fixture
def zoho() -> Caller:
    return Caller()


def test_outcomes_stand_in_the_order_of_the_request(zoho: Caller) -> None:
    answer = zoho.write("Accounts", {"Account_Name": "A"}, {"Phone": "1"}, {"Account_Name": "B"})
    assert (answer.status, answer.codes) == (207, ["SUCCESS", "MANDATORY_NOT_FOUND", "SUCCESS"])
    assert answer.data[1]["details"] == {
        "api_name": "Account_Name",
        "json_path": "$.data[1].Account_Name",
    }
    made = answer.data[0]
    assert (made["message"], made["status"]) == ("record added", "success")
    assert set(made["details"]) == {
        "id", "Created_Time", "Modified_Time", "Created_By", "Modified_By", "$approval_state",
    }  # fmt: skip
    failed = zoho.write("Accounts", {"Phone": "1"})
    assert (failed.status, failed.codes) == (400, ["MANDATORY_NOT_FOUND"])


# A value that a field does not take, and what the refusal says beside the field.
@pytest.mark.parametrize(
    ("field", "value", "details"),
    [
        ("Employees", "12", {"expected_data_type": "integer"}),
        ("Employees", 12.5, {"expected_data_type": "integer"}),
        ("Employees", 10**9, {"maximum_length": 9}),
        ("Annual_Revenue", "12", {"expected_data_type": "double"}),
        ("Annual_Revenue", True, {"expected_data_type": "double"}),
        ("Phone", 12, {"expected_data_type": "string"}),
        ("Phone", "1" * 31, {"maximum_length": 30}),
        ("Owner", "me", {"expected_data_type": "jsonobject"}),
        ("Owner", {"id": "12"}, {}),
        ("Parent_Account", {"id": "12"}, {}),
    ],
)
def test_values_of_the_wrong_type_are_refused(
    zoho: Caller, field: str, value: object, details: dict[str, Any]
) -> None:
    answer = zoho.write("Accounts", {"Account_Name": "A", field: value})
    assert answer.codes == ["INVALID_DATA"]
    place = {"api_name": field, "json_path": f"$.data[0].{field}"}
    assert answer.data[0]["details"] == place | details


def test_days_and_instants_are_read_strictly(zoho: Caller) -> None:
    base = {"Deal_Name": "D", "Stage": "Qualification"}
    good = zoho.insert("Deals", **base, Closing_Date="2026-12-01")
    assert zoho.sandbox.values_of(good)["Closing_Date"] == "2026-12-01"
    for wrong in ("2026-12-01T00:00:00-05:00", "01/12/2026", "2026-02-30", 20261201):
        assert zoho.write("Deals", base | {"Closing_Date": wrong}).codes == ["INVALID_DATA"]
    event = {"Event_Title": "E", "End_DateTime": "2026-12-01T10:00:00-05:00"}
    assert (
        zoho.write("Events", event | {"Start_DateTime": "2026-12-01T09:00:00-05:00"}).status == 201
    )
    assert zoho.write("Events", event | {"Start_DateTime": "2026-12-01T09:00:00"}).status == 400


def test_several_mistakes_are_told_together(zoho: Caller) -> None:
    answer = zoho.write("Accounts", {"Employees": "x", "Phone": 1})
    assert answer.codes == ["MULTIPLE_OR_MULTI_ERRORS"]
    errors = answer.data[0]["details"]["errors"]
    assert [error["details"]["api_name"] for error in errors] == [
        "Employees", "Phone", "Account_Name",
    ]  # fmt: skip


def test_bodies_that_are_no_request_are_refused_whole(zoho: Caller) -> None:
    row = {"Account_Name": "A"}
    assert zoho.post("Accounts", b"{").code == "INVALID_DATA"
    assert zoho.post("Accounts", {"trigger": []}).code == "MANDATORY_NOT_FOUND"
    assert zoho.post("Accounts", {"data": row}).code == "INVALID_DATA"
    assert zoho.post("Accounts", {"data": []}).code == "INVALID_DATA"
    many = zoho.post("Accounts", {"data": [row] * 101})
    assert (many.code, many.json["details"]["maximum_length"]) == ("INVALID_DATA", 100)
    assert zoho.post("Accounts", {"data": [row], "frobnicate": 1}).code == "INVALID_DATA"
    assert zoho.post("Accounts", {"data": [row], "trigger": ["everything"]}).code == "INVALID_DATA"
    assert zoho.post("DealHistory", {"data": [row]}).code == "INVALID_MODULE"
    assert zoho.sandbox.is_empty


def test_what_a_write_sets_off_is_counted(zoho: Caller) -> None:
    zoho.write("Accounts", {"Account_Name": "A"})
    assert zoho.sandbox.statistics()["fired"] == {}
    zoho.post("Accounts", {"data": [{"Account_Name": "B"}, {"Account_Name": "C"}, {}]})
    assert zoho.sandbox.statistics()["fired"] == {"workflow": 2, "approval": 2, "blueprint": 2}
    zoho.post("Accounts", {"data": [{"Account_Name": "D"}], "trigger": ["workflow"]})
    assert zoho.sandbox.statistics()["fired"]["workflow"] == 3


def test_updates_name_a_record_that_is_there(zoho: Caller) -> None:
    record_id = zoho.insert("Accounts", Account_Name="A")
    rows = [{"id": record_id, "Account_Name": None}, {"Phone": "1"}, {"id": "12"}]
    answer = zoho.put("Accounts", {"data": rows, "trigger": []})
    assert answer.codes == ["MANDATORY_NOT_FOUND", "MANDATORY_NOT_FOUND", "INVALID_DATA"]
    assert answer.data[2]["message"] == "the id given seems to be invalid"
    single = zoho.put(f"Accounts/{record_id}", {"data": [{"Phone": "1"}], "trigger": []})
    assert (single.status, single.data[0]["message"]) == (200, "record updated")
    cleared = zoho.put(f"Accounts/{record_id}", {"data": [{"Phone": None}], "trigger": []})
    assert cleared.codes == ["SUCCESS"]
    assert "Phone" not in zoho.sandbox.values_of(record_id)


def test_a_record_that_changed_since_is_kept(zoho: Caller) -> None:
    old, new = (zoho.insert("Accounts", Account_Name=name) for name in "AB")
    zoho.sandbox.clock.advance(timedelta(minutes=10))
    zoho.sandbox.act("edit", id=new, values={"Phone": "theirs"})
    since = {"If-Unmodified-Since": "2026-11-23T08:05:00-05:00"}
    rows = [{"id": old, "Phone": "ours"}, {"id": new, "Phone": "ours"}]
    mixed = zoho.put("Accounts", {"data": rows, "trigger": []}, since)
    assert (mixed.status, mixed.codes) == (207, ["SUCCESS", "ALREADY_MODIFIED"])
    assert mixed.data[1]["details"]["Modified_Time"] == "2026-11-23T08:10:00-05:00"
    alone = zoho.put("Accounts", {"data": rows[1:], "trigger": []}, since)
    assert (alone.status, alone.codes) == (412, ["ALREADY_MODIFIED"])
    assert zoho.sandbox.values_of(new)["Phone"] == "theirs"


def test_locked_and_unapproved_records_are_closed(zoho: Caller) -> None:
    locked, waiting = (zoho.insert("Accounts", Account_Name=name) for name in "AB")
    zoho.sandbox.act("lock", id=locked)
    zoho.sandbox.act("send_for_approval", id=waiting)
    rows = [{"id": locked, "Phone": "1"}, {"id": waiting, "Phone": "1"}]
    answer = zoho.put("Accounts", {"data": rows, "trigger": []})
    assert answer.codes == ["RECORD_LOCKED", "NOT_APPROVED"]
    assert zoho.delete("Accounts", ids=locked).codes == ["RECORD_LOCKED"]
    zoho.sandbox.act("unlock", id=locked)
    zoho.sandbox.act("approve", id=waiting)
    assert zoho.put("Accounts", {"data": rows, "trigger": []}).codes == ["SUCCESS", "SUCCESS"]


def test_tasks_say_what_they_are_about(zoho: Caller) -> None:
    account = zoho.insert("Accounts", Account_Name="A")
    task = {"Subject": "Call", "What_Id": {"id": account}}
    missing = zoho.write("Tasks", task)
    assert missing.codes == ["DEPENDENT_FIELD_MISSING"]
    assert missing.data[0]["details"]["dependee"]["api_name"] == "What_Id"
    assert zoho.write("Tasks", task | {"$se_module": "Deals"}).codes == ["DEPENDENT_MISMATCH"]
    task_id = zoho.insert("Tasks", **task, **{"$se_module": "Accounts"})
    [row] = zoho.get("Tasks", fields="What_Id,Status,Priority,Closed_Time").data
    assert (row["$se_module"], row["What_Id"]["id"]) == ("Accounts", account)
    assert (row["Status"], row["Priority"], row["Closed_Time"]) == ("Not Started", "Normal", None)
    zoho.sandbox.act("complete_task", id=task_id)
    assert zoho.sandbox.values_of(task_id)["Closed_Time"]


def test_activities_touch_what_they_are_about_without_changing_it(zoho: Caller) -> None:
    account = zoho.insert("Accounts", Account_Name="A")
    zoho.sandbox.clock.advance(timedelta(minutes=45))
    at = "2026-11-23T08:30:00-05:00"
    about = {"What_Id": {"id": account}, "$se_module": "Accounts"}
    zoho.write("Calls", {"Call_Type": "Outbound", "Call_Start_Time": at} | about)
    values = zoho.sandbox.values_of(account)
    assert values["Last_Activity_Time"] == at
    assert values["Modified_Time"] == "2026-11-23T08:00:00-05:00"


def test_a_deal_has_a_stage_of_its_pipeline(zoho: Caller) -> None:
    deal = {"Deal_Name": "D", "Stage": "Closed Won", "Pipeline": "Standard (Standard)"}
    assert zoho.write("Deals", deal).codes == ["SUCCESS"]
    for change, field in (({"Stage": "Elsewhere"}, "Stage"), ({"Pipeline": "Other"}, "Pipeline")):
        refused = zoho.write("Deals", deal | change)
        assert refused.codes == ["MAPPING_MISMATCH"]
        assert refused.data[0]["details"]["api_name"] == field


def test_an_administrators_rule_refuses_a_record(zoho: Caller) -> None:
    rule = {"module": "Accounts", "field": "Phone", "condition": "Phone = 'no'",
            "message": "Pas ce numéro"}  # fmt: skip
    zoho.sandbox.switches.change({"validation_rules": [rule]})
    refused = zoho.write("Accounts", {"Account_Name": "A", "Phone": "no"})
    assert (refused.codes, refused.data[0]["message"]) == (["INVALID_DATA"], "Pas ce numéro")
    assert refused.data[0]["details"]["json_path"] == "$.data[0].Phone"
    record_id = zoho.insert("Accounts", Account_Name="A", Phone="yes")
    row = {"id": record_id, "Phone": "no"}
    assert zoho.put("Accounts", {"data": [row], "trigger": []}).codes == ["INVALID_DATA"]


def test_a_workflow_may_change_what_is_kept(zoho: Caller) -> None:
    zoho.sandbox.switches.change({"before_save": {"Accounts.Phone": "upper"}})
    record_id = zoho.insert("Accounts", Account_Name="a", Phone="poste b")
    values = zoho.sandbox.values_of(record_id)
    assert (values["Account_Name"], values["Phone"]) == ("a", "POSTE B")


def test_notes_hang_on_records(zoho: Caller) -> None:
    account = zoho.insert("Accounts", Account_Name="A")
    parent = {"module": {"api_name": "Accounts"}, "id": account}
    zoho.insert("Notes", Note_Title="T", Note_Content="…", Parent_Id=parent)
    [note] = zoho.get(f"Accounts/{account}/Notes", fields="Note_Title").data
    assert note["Note_Title"] == "T"
    assert zoho.write("Notes", {"Note_Title": "T"}).codes == ["MANDATORY_NOT_FOUND"]


def test_upserts_insert_once(zoho: Caller) -> None:
    rows = {"data": [{"Account_Name": "A", "Phone": "1"}], "trigger": []}
    first, again = (zoho.post("Accounts/upsert", rows) for _ in range(2))
    assert [answer.data[0]["action"] for answer in (first, again)] == ["insert", "update"]
    assert (first.status, again.data[0]["duplicate_field"]) == (200, "Account_Name")
    by_phone = rows | {"duplicate_check_fields": ["Phone"]}
    assert zoho.post("Accounts/upsert", by_phone).code == "INVALID_DATA"
    assert zoho.post("Tasks/upsert", {"data": [{"Subject": "S"}]}).code == "NOT_SUPPORTED"


def test_unique_fields_are_kept_unique(zoho: Caller) -> None:
    made = {"field_label": "NEQ", "data_type": "text", "unique": {"casesensitive": False}}
    zoho.post("settings/fields", {"fields": [made]}, module="Accounts")
    first = zoho.insert("Accounts", Account_Name="A", NEQ="7")
    answer = zoho.write("Accounts", {"Account_Name": "B", "NEQ": "7"})
    assert answer.codes == ["DUPLICATE_DATA"]
    duplicate = answer.data[0]["details"]["duplicate_record"]
    assert (duplicate["id"], duplicate["module"]["api_name"]) == (first, "Accounts")
    other = zoho.insert("Accounts", Account_Name="B", NEQ="8")
    rows = [{"id": other, "NEQ": "7"}, {"id": first, "NEQ": "7"}]
    changed = zoho.put("Accounts", {"data": rows, "trigger": []})
    assert changed.codes == ["DUPLICATE_DATA", "SUCCESS"]


def test_merged_accounts_leave_one(zoho: Caller) -> None:
    winner, loser = (zoho.insert("Accounts", Account_Name=name) for name in "AB")
    contact = zoho.insert("Contacts", Last_Name="Roy", Account_Name={"id": loser})
    body = {"merge": [{"data": [{"id": loser, "_fields": [{"api_name": "Account_Name"}]}]}]}
    answer = zoho.post(f"Accounts/{winner}/actions/merge", body)
    assert (answer.status, answer.json["merge"][0]["code"]) == (201, "SUCCESS")
    assert zoho.sandbox.values_of(contact)["Account_Name"] == {"name": "B", "id": winner}
    assert [row["id"] for row in zoho.get("Accounts/deleted", type="permanent").data] == [loser]
    again = zoho.post(f"Accounts/{winner}/actions/merge", body)
    assert (again.status, again.code) == (400, "INVALID_DATA")


def test_a_deleted_account_takes_what_hangs_on_it(zoho: Caller) -> None:
    account = zoho.insert("Accounts", Account_Name="A")
    deal = zoho.insert("Deals", Deal_Name="D", Stage="Qualification", Account_Name={"id": account})
    assert zoho.delete(f"Accounts/{account}").codes == ["SUCCESS"]
    assert zoho.get(f"Deals/{deal}").status == 204
    zoho.sandbox.act("restore", id=account)
    assert zoho.sandbox.values_of(deal)["Account_Name"]["id"] == account
    unknown = zoho.delete("Accounts", ids="12,13")
    assert (unknown.status, unknown.codes) == (400, ["INVALID_DATA", "INVALID_DATA"])


def test_several_currencies_bring_their_fields(zoho: Caller) -> None:
    zoho.insert("Accounts", Account_Name="A")
    assert zoho.get("org/currencies").status == 204
    zoho.sandbox.act("set_currencies", rates={"USD": 0.75})
    deal = zoho.insert("Deals", Deal_Name="D", Stage="Qualification", Amount=75, Currency="USD")
    dear = {"Deal_Name": "E", "Stage": "Qualification", "Currency": "EUR"}
    assert zoho.write("Deals", dear).codes == ["INVALID_DATA"]
    values = zoho.sandbox.values_of(deal)
    assert (values["Currency"], values["Exchange_Rate"]) == ("USD", 0.75)
    [row] = zoho.get("Accounts", fields="Currency,Exchange_Rate").data
    assert (row["Currency"], row["Exchange_Rate"]) == ("CAD", 1.0)
    codes = {one["iso_code"]: one for one in zoho.get("org/currencies").json["currencies"]}
    assert codes["CAD"]["is_base"] is True
    assert codes["USD"]["exchange_rate"] == "0.750000000"
    assert zoho.get("org").json["org"][0]["mc_status"] is True
