"""The emulated Zoho CRM's custom fields: room, derived names, values, layouts, permissions."""

from typing import Any

import pytest

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.zoho import ZohoSandbox
from tests.unit.sandbox_zoho_caller import NOW, Answer, Caller

TIER = {
    "field_label": "Territory Tier",
    "data_type": "picklist",
    "pick_list_values": [
        {"display_value": "Or", "actual_value": "gold"},
        {"display_value": "Argent", "actual_value": "silver"},
    ],
}


@pytest.fixture
def zoho() -> Caller:
    return Caller()


def make(zoho: Caller, *rows: JsonObject, module: str = "Accounts") -> Answer:
    return zoho.post("settings/fields", {"fields": list(rows)}, module=module)


def field(zoho: Caller, name: str) -> Any:
    rows = zoho.get("settings/fields", module="Accounts").json["fields"]
    return next((row for row in rows if row["api_name"] == name), None)


def test_a_field_gets_its_name_from_its_label(zoho: Caller) -> None:
    answer = make(zoho, TIER | {"tooltip": {"name": "info_icon", "value": "Why"}})
    assert answer.status == 201
    [done] = answer.json["fields"]
    assert (done["code"], done["message"]) == ("SUCCESS", "field created")
    assert set(done["details"]) == {"id"}
    tier = field(zoho, "Territory_Tier")
    assert (tier["id"], tier["field_label"]) == (done["details"]["id"], "Territory Tier")
    assert (tier["data_type"], tier["json_type"], tier["custom_field"]) == (
        "picklist", "string", True,
    )  # fmt: skip
    values = [(one["actual_value"], one["display_value"]) for one in tier["pick_list_values"]]
    assert values == [("gold", "Or"), ("silver", "Argent")]
    assert tier["tooltip"] == {"name": "info_icon", "value": "Why"}
    one = zoho.get(f"settings/fields/{tier['id']}", module="Accounts").json["fields"]
    assert one == [tier]


def test_each_field_has_its_own_outcome(zoho: Caller) -> None:
    rows = (
        {"field_label": "Score", "data_type": "integer"},
        {"field_label": "Phone", "data_type": "text"},
        {"data_type": "text"},
        {"field_label": "Long", "data_type": "text", "length": 256},
        {"field_label": "Odd", "data_type": "hologram"},
    )
    answer = make(zoho, *rows)
    assert answer.status == 207
    outcomes = [(row["code"], row["details"].get("api_name")) for row in answer.json["fields"]]
    assert outcomes == [
        ("SUCCESS", None), ("DUPLICATE_DATA", "field_label"),
        ("MANDATORY_NOT_FOUND", "field_label"), ("INVALID_DATA", "length"),
        ("INVALID_DATA", "data_type"),
    ]  # fmt: skip
    assert answer.json["fields"][2]["details"]["json_path"] == "$.fields[2].field_label"
    again = make(zoho, rows[0])
    assert (again.status, again.json["fields"][0]["code"]) == (400, "DUPLICATE_DATA")


# A field that is refused, and where the mistake is.
@pytest.mark.parametrize(
    ("row", "place"),
    [
        ({"field_label": "x" * 26, "data_type": "text"}, "field_label"),
        ({"field_label": "A", "data_type": "picklist"}, "pick_list_values"),
        ({"field_label": "A", "data_type": "picklist", "pick_list_values": []},
         "pick_list_values"),
        ({"field_label": "A", "data_type": "picklist", "pick_list_values": [{}]},
         "display_value"),
        ({"field_label": "A", "data_type": "text", "length": 0}, "length"),
        ({"field_label": "A", "data_type": "text", "colour": "red"}, "colour"),
        ({"field_label": "A", "data_type": "text", "tooltip": {"name": "bubble"}}, "tooltip"),
        ({"field_label": "A", "data_type": "text", "profiles": [{"id": "1"}]}, "profiles"),
    ],
)  # fmt: skip
def test_fields_that_make_no_sense_are_refused(zoho: Caller, row: JsonObject, place: str) -> None:
    answer = make(zoho, row)
    assert answer.status == 400
    assert answer.json["fields"][0]["details"]["api_name"] == place


def test_at_most_five_fields_at_once(zoho: Caller) -> None:
    rows = [{"field_label": f"F{number}", "data_type": "text"} for number in range(6)]
    answer = make(zoho, *rows)
    assert (answer.code, answer.json["details"]["maximum_length"]) == ("INVALID_DATA", 5)
    assert zoho.post("settings/fields", {"fields": rows}).code == "REQUIRED_PARAM_MISSING"
    assert zoho.sandbox.statistics()["creditsBy"]["POST /crm/v8/settings/fields"] == 2
    make(zoho, *rows[:2])
    assert zoho.sandbox.statistics()["creditsBy"]["POST /crm/v8/settings/fields"] == 22


def test_an_edition_has_room_for_so_many() -> None:
    zoho = Caller(ZohoSandbox(now=NOW, edition="standard"))
    for start in (0, 5):
        rows = [{"field_label": f"F{start + n}", "data_type": "text"} for n in range(5)]
        assert make(zoho, *rows).status == 201
    answer = make(zoho, {"field_label": "F10", "data_type": "text"})
    [refused] = answer.json["fields"]
    assert (answer.status, refused["code"], refused["details"]["limit"]) == (
        400, "LIMIT_EXCEEDED", 10,
    )  # fmt: skip
    assert make(zoho, {"field_label": "F10", "data_type": "text"}, module="Deals").status == 201
    assert zoho.get("org").json["org"][0]["license_details"]["paid_type"] == "standard"


def test_a_relabelled_field_keeps_its_name_and_its_values(zoho: Caller) -> None:
    make(zoho, TIER)
    record_id = zoho.insert("Accounts", Account_Name="A", Territory_Tier="Or")
    tier = field(zoho, "Territory_Tier")
    path = f"settings/fields/{tier['id']}"
    answer = zoho.patch(path, {"fields": [{"field_label": "Niveau"}]}, module="Accounts")
    assert answer.status == 200
    renamed = field(zoho, "Territory_Tier")
    assert (renamed["field_label"], renamed["id"]) == ("Niveau", tier["id"])
    assert zoho.sandbox.values_of(record_id)["Territory_Tier"] == "Or"
    taken = zoho.patch(path, {"fields": [{"field_label": "Phone"}]}, module="Accounts")
    assert taken.json["fields"][0]["code"] == "DUPLICATE_DATA"
    retyped = zoho.patch(path, {"fields": [{"data_type": "text"}]}, module="Accounts")
    assert retyped.json["fields"][0]["code"] == "INVALID_DATA"


def test_values_are_added_relabelled_and_retired(zoho: Caller) -> None:
    make(zoho, TIER)
    tier = field(zoho, "Territory_Tier")
    gold, silver = tier["pick_list_values"]
    changes = [
        {"id": gold["id"], "display_value": "Premier"},
        {"id": silver["id"], "_delete": None},
        {"display_value": "Bronze", "actual_value": "bronze"},
    ]
    row = {"id": tier["id"], "pick_list_values": changes}
    assert zoho.patch("settings/fields", {"fields": [row]}, module="Accounts").status == 200
    values = field(zoho, "Territory_Tier")["pick_list_values"]
    assert [(one["actual_value"], one["display_value"], one["type"]) for one in values] == [
        ("gold", "Premier", "used"), ("silver", "Argent", "unused"), ("bronze", "Bronze", "used"),
    ]  # fmt: skip


def test_a_deleted_field_takes_its_values_along(zoho: Caller) -> None:
    make(zoho, TIER)
    record_id = zoho.insert("Accounts", Account_Name="A", Territory_Tier="Or")
    tier = field(zoho, "Territory_Tier")
    answer = zoho.delete(f"settings/fields/{tier['id']}", module="Accounts")
    assert (answer.status, answer.json["fields"][0]["message"]) == (200, "field deleted")
    assert field(zoho, "Territory_Tier") is None
    make(zoho, TIER)
    assert "Territory_Tier" not in zoho.sandbox.values_of(record_id)
    phone = field(zoho, "Phone")
    assert zoho.delete(f"settings/fields/{phone['id']}", module="Accounts").code == "NOT_ALLOWED"
    assert zoho.delete("settings/fields/12", module="Accounts").code == "INVALID_DATA"


def on_layout(zoho: Caller, place: int) -> set[str]:
    layout = zoho.get("settings/layouts", module="Accounts").json["layouts"][place]
    return {row["api_name"] for row in layout["sections"][0]["fields"]}


def test_a_new_field_is_on_the_standard_layout_only(zoho: Caller) -> None:
    layout = zoho.sandbox.act("add_layout", module="Accounts", name="Partenaires")["id"]
    make(zoho, TIER)
    assert "Territory_Tier" in on_layout(zoho, 0)
    assert "Territory_Tier" not in on_layout(zoho, 1)
    assert "Account_Name" in on_layout(zoho, 1)
    tier = field(zoho, "Territory_Tier")
    body = {"layouts": [{"sections": [{"fields": [{"id": tier["id"]}]}]}]}
    path = f"settings/layouts/{layout}"
    assert zoho.patch(path, body, module="Accounts").status == 200
    assert "Territory_Tier" in on_layout(zoho, 1)
    many = {"layouts": [{"sections": [{"fields": [{"id": tier["id"]}] * 6}]}]}
    assert zoho.patch(path, many, module="Accounts").code == "INVALID_DATA"
    names = [row["name"] for row in field(zoho, "Territory_Tier")["layout_associations"]]
    assert names == ["Standard", "Partenaires"]


def test_a_profile_may_be_kept_from_a_field(zoho: Caller) -> None:
    make(zoho, TIER)
    record_id = zoho.insert("Accounts", Account_Name="A", Territory_Tier="Or")
    zoho.sandbox.act(
        "set_permission", module="Accounts", field="Territory_Tier", permission="read_only"
    )
    tier = field(zoho, "Territory_Tier")
    assert (tier["field_read_only"], tier["profiles"][0]["permission_type"]) == (True, "read_only")
    row = {"id": record_id, "Territory_Tier": "silver"}
    assert zoho.put("Accounts", {"data": [row], "trigger": []}).codes == ["SUCCESS"]
    assert zoho.sandbox.values_of(record_id)["Territory_Tier"] == "Or"
    assert zoho.sandbox.statistics()["ignored"] == {"Territory_Tier": 1}
    zoho.sandbox.act(
        "set_permission", module="Accounts", field="Territory_Tier", permission="hidden"
    )
    assert field(zoho, "Territory_Tier") is None
    assert "Territory_Tier" not in zoho.get(f"Accounts/{record_id}").data[0]
    text = "select Territory_Tier from Accounts where id is not null"
    assert zoho.coql(text).code == "INVALID_QUERY"


def test_only_administrators_change_fields_and_layouts(zoho: Caller) -> None:
    names = {"email": "rep@arpent.example", "first_name": "Zoé", "last_name": "Roy"}
    zoho.sandbox.act("create_user", **names)
    zoho.sandbox.add_refresh_token("rep", user="rep@arpent.example")
    rep = Caller(zoho.sandbox, zoho.sandbox.open_session("rep"))
    refused = make(rep, TIER)
    assert (refused.status, refused.code) == (403, "NO_PERMISSION")
    assert rep.delete("settings/fields/1", module="Accounts").status == 403
    assert rep.patch("settings/layouts/1", {}, module="Accounts").status == 403
    assert rep.get("settings/fields", module="Accounts").status == 200


def test_permissions_are_set_when_a_field_is_made(zoho: Caller) -> None:
    profiles = zoho.get("settings/profiles").json["profiles"]
    standard = next(row["id"] for row in profiles if row["name"] == "Standard")
    make(zoho, TIER | {"profiles": [{"id": standard, "permission_type": "read_only"}]})
    kinds = {row["name"]: row["permission_type"]
             for row in field(zoho, "Territory_Tier")["profiles"]}  # fmt: skip
    assert kinds == {"Administrator": "read_write", "Standard": "read_only"}


def test_metadata_tells_modules_pipelines_and_lists(zoho: Caller) -> None:
    modules = {row["api_name"] for row in zoho.get("settings/modules").json["modules"]}
    assert {"Accounts", "Deals", "Contacts", "Tasks", "Events", "Calls", "Notes"} <= modules
    one = zoho.get("settings/modules/Deals").json["modules"]
    assert [row["plural_label"] for row in one] == ["Deals"]
    assert zoho.get("settings/pipeline").code == "REQUIRED_PARAM_MISSING"
    layout = zoho.get("settings/layouts", module="Deals").json["layouts"][0]["id"]
    [pipeline] = zoho.get("settings/pipeline", layout_id=layout).json["pipeline"]
    kinds = {row["actual_value"]: row["forecast_type"] for row in pipeline["maps"]}
    assert (kinds["Qualification"], kinds["Closed Lost"]) == ("Open", "Closed Lost")
    stage = next(row for row in zoho.get("settings/fields", module="Deals").json["fields"]
                 if row["api_name"] == "Stage")  # fmt: skip
    chances = {row["actual_value"]: row["probability"] for row in stage["pick_list_values"]}
    assert chances["Negotiation/Review"] == 90
    lists = zoho.get("settings/related_lists", module="Deals").json["related_lists"]
    assert "Stage_History" in {row["api_name"] for row in lists}
    assert [row["name"] for row in zoho.get("settings/roles").json["roles"]] == ["CEO", "Manager"]


def test_a_hidden_module_is_not_there(zoho: Caller) -> None:
    zoho.sandbox.act("hide_module", module="Deals")
    modules = {row["api_name"] for row in zoho.get("settings/modules").json["modules"]}
    assert "Deals" not in modules
    assert zoho.get("Deals", fields="id").code == "INVALID_MODULE"
    assert zoho.coql("select id from Deals where id is not null").code == "INVALID_QUERY"
