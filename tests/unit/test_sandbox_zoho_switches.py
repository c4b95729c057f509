"""The emulated Zoho CRM: each open question under both answers."""

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta

import pytest

from connectors.sandbox.exchange import ImpossibleError
from connectors.sandbox.zoho import ZohoSandbox
from connectors.sandbox.zoho.switches import OTHER_ANSWERS, ZohoSwitches
from tests.unit.sandbox_zoho_caller import NOW, Caller, question

Look = Callable[[Caller], object]


def strict_picklists(zoho: Caller) -> object:
    return zoho.write("Accounts", {"Account_Name": "A", "Industry": "Alchemy"}).codes


def option_name(zoho: Caller) -> object:
    zoho.sandbox.act("relabel_choice", module="Accounts", field="Industry", value="Retail",
                     label="Détail")  # fmt: skip
    zoho.insert("Accounts", Account_Name="A", Industry="Détail")
    zoho.insert("Accounts", Account_Name="B", Industry="Retail")
    listed = zoho.get("Accounts", fields="Industry", sort_order="asc").data
    return [row["Industry"] for row in listed]


def unknown_field_in_list(zoho: Caller) -> object:
    zoho.insert("Accounts", Account_Name="A")
    return zoho.get("Accounts", fields="Account_Name,Nope").status


def unknown_key_in_write(zoho: Caller) -> object:
    return zoho.write("Accounts", {"Account_Name": "A", "Nope": 1}).codes


def closed_field_in_write(zoho: Caller) -> object:
    zoho.sandbox.act("set_permission", module="Accounts", field="Phone", permission="read_only")
    return zoho.write("Accounts", {"Account_Name": "A", "Phone": "1"}).codes


def coql_lookup(zoho: Caller) -> object:
    zoho.insert("Accounts", Account_Name="A")
    return sorted(zoho.find("Owner", "Accounts", "id is not null")[0]["Owner"])


def coql_columns(zoho: Caller) -> object:
    return zoho.coql(question(", ".join(["id"] * 51), "Accounts", "id = 1")).status


def coql_textarea(zoho: Caller) -> object:
    return zoho.coql("select Description from Accounts where id = 1").status


def coql_user_fields(zoho: Caller) -> object:
    return zoho.coql("select Owner.email from Accounts where id = 1").status


def coql_negation_finds_nulls(zoho: Caller) -> object:
    for name, phone in (("A", None), ("B", "1"), ("C", "2")):
        zoho.insert("Accounts", Account_Name=name, Phone=phone)
    conditions = ("Phone != '1'", "Phone not in ('1')", "Phone not like '%1%'")
    rows = [zoho.find("Account_Name", "Accounts", condition) for condition in conditions]
    return [[row["Account_Name"] for row in found] for found in rows]


def coql_stage_modified_time(zoho: Caller) -> object:
    return zoho.coql("select Stage_Modified_Time from Deals where id = 1").status


def accents_in_api_names(zoho: Caller) -> object:
    row = {"field_label": "Priorité", "data_type": "text"}
    zoho.post("settings/fields", {"fields": [row]}, module="Accounts")
    return zoho.sandbox.org.modules["Accounts"].custom_fields[0].api_name


def fields_per_call(zoho: Caller) -> object:
    rows = [{"field_label": f"F{number}", "data_type": "text"} for number in range(6)]
    return zoho.post("settings/fields", {"fields": rows}, module="Accounts").status


def field_name_in_answer(zoho: Caller) -> object:
    row = {"field_label": "My Field", "data_type": "text"}
    answer = zoho.post("settings/fields", {"fields": [row]}, module="Accounts")
    return answer.json["fields"][0]["details"].get("api_name")


def mixed_outcome(zoho: Caller) -> object:
    return zoho.write("Accounts", {"Account_Name": "A"}, {}).status


def all_failed_status(zoho: Caller) -> object:
    return zoho.write("Accounts", {}).status


def scope_mismatch_status(zoho: Caller) -> object:
    zoho.sandbox.add_refresh_token("narrow", scope="ZohoCRM.org.READ")
    zoho.token = zoho.sandbox.open_session("narrow")
    return zoho.get("users").status


def throttled_status(zoho: Caller) -> object:
    answers = [zoho.token_for() for _ in range(11)]
    return answers[-1].status, answers[-1].json["error"]


def too_many_requests(zoho: Caller) -> object:
    zoho.sandbox.switches.credits_exhausted = True
    return zoho.get("org").code


def retry_after_seconds(zoho: Caller) -> object:
    zoho.sandbox.switches.credits_exhausted = True
    return zoho.get("org").headers.get("Retry-After")


def touch_on_same_value(zoho: Caller) -> object:
    record_id = zoho.insert("Accounts", Account_Name="A", Phone="1")
    zoho.sandbox.clock.advance(timedelta(minutes=5))
    zoho.put("Accounts", {"data": [{"id": record_id, "Phone": "1"}], "trigger": []})
    return zoho.sandbox.values_of(record_id)["Modified_Time"]


def modified_since_is_inclusive(zoho: Caller) -> object:
    zoho.insert("Accounts", Account_Name="A")
    since = {"If-Modified-Since": "2026-11-23T08:00:00-05:00"}
    return zoho.get("Accounts", since, fields="id").status


def page_position(zoho: Caller) -> object:
    """Which records a second page shows when one of the first is gone."""
    ids = [zoho.insert("Accounts", Account_Name=name) for name in "ABCD"]
    first = zoho.get("Accounts", fields="id", per_page=2)
    zoho.sandbox.act("delete", id=ids[3])
    token = first.json["info"]["next_page_token"]
    second = zoho.get("Accounts", fields="id", per_page=2, page_token=token)
    return [ids.index(row["id"]) for row in second.data]


def nulls_last_when_descending(zoho: Caller) -> object:
    for name, number in (("A", None), ("B", 1)):
        zoho.insert("Accounts", Account_Name=name, Employees=number)
    rows = zoho.find("Account_Name", "Accounts", "id is not null", "order by Employees desc")
    return [row["Account_Name"] for row in rows]


def late_commit_seconds(zoho: Caller) -> object:
    zoho.sandbox.create("Accounts", Account_Name="A")
    seen = [zoho.get("Accounts", fields="id").status]
    zoho.sandbox.clock.advance(timedelta(seconds=3))
    return [*seen, zoho.get("Accounts", fields="id").status]


def search_lag_seconds(zoho: Caller) -> object:
    zoho.insert("Accounts", Account_Name="A")
    return zoho.get("Accounts/search", criteria="(Account_Name:equals:A)").status


def delete_cascades(zoho: Caller) -> object:
    account = zoho.insert("Accounts", Account_Name="A")
    contact = zoho.insert("Contacts", Last_Name="Roy", Account_Name={"id": account})
    zoho.delete("Accounts", ids=account)
    answer = zoho.get(f"Contacts/{contact}")
    return answer.data[0]["Account_Name"] if answer.status == 200 else "gone"


def merged_records(zoho: Caller) -> object:
    winner, loser = (zoho.insert("Accounts", Account_Name=name) for name in "AB")
    zoho.sandbox.act("merge", id=winner, losers=[loser])
    return zoho.get("Accounts/deleted", type="all").data[0]["type"]


def bulk(zoho: Caller) -> str:
    query = {"query": {"module": {"api_name": "Accounts"}, "fields": ["Account_Name"]}}
    answer = zoho.send("POST", "/crm/bulk/v8/read", query)
    return f"/crm/bulk/v8/read/{answer.data[0]['details']['id']}/result"


def bulk_id_header(zoho: Caller) -> object:
    zoho.insert("Accounts", Account_Name="A")
    return b"Id,Account_Name" in unpacked(zoho)


def unpacked(zoho: Caller) -> bytes:
    with zipfile.ZipFile(io.BytesIO(zoho.send("GET", bulk(zoho)).content)) as archive:
        return archive.read(archive.namelist()[0])


def bulk_empty_result(zoho: Caller) -> object:
    return zoho.send("GET", bulk(zoho)).status


def external_fields(zoho: Caller) -> object:
    row = {"field_label": "ERP", "data_type": "text", "external": {"type": "org"}}
    zoho.post("settings/fields", {"fields": [row]}, module="Accounts")
    zoho.insert("Accounts", Account_Name="A", ERP="E7")
    return zoho.get("Accounts/E7", {"X-EXTERNAL": "Accounts.ERP"}).status


def rotates_refresh_token(zoho: Caller) -> object:
    return ["error" in zoho.token_for().json for _ in range(2)]


LONG = "é" * 600


def coql_cuts_texts(zoho: Caller) -> object:
    zoho.insert("Accounts", Account_Name="A", Description=LONG)
    return len(zoho.find("Description", "Accounts", "id is not null")[0]["Description"])


def coql_parent_module(zoho: Caller) -> object:
    return zoho.coql(question("'$se_module'", "Tasks", "id = 1")).status


def coql_deal_history(zoho: Caller) -> object:
    return zoho.coql(question("Stage", "DealHistory", "id = 1")).status


def coql_what_id(zoho: Caller) -> object:
    return zoho.coql(question("Subject", "Tasks", "What_Id = 1")).status


def deleted_feed_keeps_restored(zoho: Caller) -> object:
    account = zoho.insert("Accounts", Account_Name="A")
    zoho.sandbox.act("delete", id=account)
    zoho.sandbox.act("restore", id=account)
    with pytest.raises(ImpossibleError):
        zoho.sandbox.act("restore", id=account)
    return zoho.get("Accounts/deleted", type="all").status


def duplicate_value(zoho: Caller) -> object:
    row = {"field_label": "ERP", "data_type": "text", "external": {"type": "org"}}
    zoho.post("settings/fields", {"fields": [row]}, module="Accounts")
    held = zoho.insert("Accounts", Account_Name="A", ERP="E7")
    [item] = zoho.write("Accounts", {"Account_Name": "B", "ERP": "E7"}).data
    assert item["code"] == "DUPLICATE_DATA"
    return [name for name, value in item["details"].items() if held in str(value)]


def already_modified(zoho: Caller) -> object:
    row = {"id": zoho.insert("Accounts", Account_Name="A"), "Phone": "1"}
    before = {"If-Unmodified-Since": "2026-11-23T07:00:00-05:00"}
    answer = zoho.put("Accounts", {"data": [row], "trigger": []}, before)
    return answer.status, "data" in answer.json


def taken_api_name(zoho: Caller) -> object:
    fields = zoho.sandbox.org.modules["Accounts"].custom_fields
    for label in ("My Field", "My-Field"):
        zoho.post("settings/fields", {"fields": [{"field_label": label, "data_type": "text"}]},
                  module="Accounts")  # fmt: skip
    assert fields == []
    return [one.api_name for one in zoho.sandbox.org.modules["Accounts"].custom_fields]


def patched_pick_list(zoho: Caller) -> object:
    industry = zoho.sandbox.org.modules["Accounts"].fields["Industry"]
    values = [{"display_value": "Alchemy", "actual_value": "Alchemy"}]
    zoho.patch(f"settings/fields/{industry.id}", {"fields": [{"pick_list_values": values}]},
               module="Accounts")  # fmt: skip
    choices = zoho.sandbox.org.modules["Accounts"].fields["Industry"].choices
    return len([one for one in choices if one.is_used])


def role_touches_deal(zoho: Caller) -> object:
    deal = zoho.insert("Deals", Deal_Name="D", Stage="Qualification")
    contact = zoho.insert("Contacts", Last_Name="Roy")
    zoho.sandbox.clock.advance(timedelta(minutes=5))
    zoho.sandbox.act("set_contact_role", deal=deal, contact=contact, role="Purchasing")
    return zoho.sandbox.values_of(deal)["Modified_Time"][14:16]


def token_refusal_status(zoho: Caller) -> object:
    return zoho.token_for(refresh_token="none").status  # noqa: S106 - no secret


# What the other answer shows in place of the likelier one.
LOOKS: dict[str, tuple[Look, object, object]] = {
    "strict_picklists": (strict_picklists, ["SUCCESS"], ["INVALID_DATA"]),
    "unknown_field_in_list": (unknown_field_in_list, 200, 400),
    "unknown_key_in_write": (unknown_key_in_write, ["SUCCESS"], ["INVALID_DATA"]),
    "closed_field_in_write": (closed_field_in_write, ["SUCCESS"], ["NO_PERMISSION"]),
    "option_name": (option_name, ["Détail", "Détail"], ["Détail", "Retail"]),
    "coql_lookup": (coql_lookup, ["id", "name"], ["id"]),
    "coql_columns": (coql_columns, 400, 204),
    "coql_textarea": (coql_textarea, 204, 400),
    "coql_negation_finds_nulls": (coql_negation_finds_nulls, [["C"]] * 3, [["A", "C"]] * 3),
    "coql_user_fields": (coql_user_fields, 204, 400),
    "coql_stage_modified_time": (coql_stage_modified_time, 400, 204),
    "accents_in_api_names": (accents_in_api_names, "Priorite", "Priorit"),
    "fields_per_call": (fields_per_call, 400, 201),
    "field_name_in_answer": (field_name_in_answer, None, "My_Field"),
    "mixed_outcome": (mixed_outcome, 207, 202),
    "all_failed_status": (all_failed_status, 400, 200),
    "scope_mismatch_status": (scope_mismatch_status, 401, 403),
    "throttled_status": (throttled_status, (400, "Access Denied"), (200, "Access Denied")),
    "too_many_requests": (too_many_requests, "TOO_MANY_REQUESTS", "RATE_LIMIT_EXCEEDED"),
    "retry_after_seconds": (retry_after_seconds, None, "1"),
    "touch_on_same_value": (
        touch_on_same_value, "2026-11-23T08:05:00-05:00", "2026-11-23T08:00:00-05:00",
    ),
    "modified_since_is_inclusive": (modified_since_is_inclusive, 200, 304),
    "page_position": (page_position, [0], [1, 0]),
    "nulls_last_when_descending": (nulls_last_when_descending, ["B", "A"], ["A", "B"]),
    "late_commit_seconds": (late_commit_seconds, [200, 200], [204, 200]),
    "search_lag_seconds": (search_lag_seconds, 200, 204),
    "delete_cascades": (delete_cascades, "gone", None),
    "merged_records": (merged_records, "permanent", "recycle"),
    "bulk_id_header": (bulk_id_header, True, False),
    "bulk_empty_result": (bulk_empty_result, 200, 204),
    "external_fields": (external_fields, 200, 400),
    "coql_cuts_texts": (coql_cuts_texts, 600, 500),
    "coql_parent_module": (coql_parent_module, 204, 400),
    "coql_deal_history": (coql_deal_history, 204, 400),
    "coql_what_id": (coql_what_id, 204, 400),
    "deleted_feed_keeps_restored": (deleted_feed_keeps_restored, 204, 200),
    "duplicate_value": (duplicate_value, ["duplicate_record"], ["id"]),
    "already_modified": (already_modified, (412, True), (412, False)),
    "taken_api_name": (taken_api_name, ["My_Field"], ["My_Field", "My_Field1"]),
    "patched_pick_list": (patched_pick_list, 9, 1),
    "role_touches_deal": (role_touches_deal, "05", "00"),
    "rotates_refresh_token": (rotates_refresh_token, [False, False], [False, True]),
    "token_refusal_status": (token_refusal_status, 200, 400),
}  # fmt: skip


@pytest.mark.parametrize("name", LOOKS)
def test_an_open_question_has_two_answers(name: str) -> None:
    look, likelier, other = LOOKS[name]
    assert look(Caller()) == likelier
    zoho = Caller()
    zoho.sandbox.switches.change({name: OTHER_ANSWERS[name]})
    assert look(zoho) == other


def test_the_skew_of_the_clock_shows_in_the_date() -> None:
    sandbox = ZohoSandbox(now=NOW)
    sandbox.switches.change({"clock_skew_seconds": OTHER_ANSWERS["clock_skew_seconds"]})
    assert sandbox._front.skew_seconds == 30.0


def test_every_open_question_is_looked_at() -> None:
    assert set(LOOKS) | {"clock_skew_seconds"} == set(OTHER_ANSWERS)
    likelier = ZohoSwitches()
    assert not {name for name, other in OTHER_ANSWERS.items() if getattr(likelier, name) == other}
    assert ZohoSwitches().change(dict(OTHER_ANSWERS))["coql_lookup"] == "id"


def test_a_switch_takes_what_makes_sense_only() -> None:
    switches = ZohoSwitches()
    for values in ({"nothing": 1}, {"coql_lookup": "name"}, {"edition": "platinum"},
                   {"strict_picklists": 1}, {"daily_credits": "many"},
                   {"validation_rules": [{"module": "Accounts"}]},
                   {"before_save": {"Phone": "upper"}}):  # fmt: skip
        with pytest.raises(ImpossibleError):
            switches.change(values)
