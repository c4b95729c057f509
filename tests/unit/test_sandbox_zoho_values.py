"""The emulated Zoho CRM: values of every type in, out, in conditions; layouts; people's lists."""

import io
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.csv_table import MalformedFolderError
from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.zoho import ZohoSandbox
from tests.unit.sandbox_zoho_caller import NOW, Caller, question

TYPES = {
    "Flag": "boolean", "Big": "bigint", "Day": "date", "Moment": "datetime", "Share": "percent",
    "Mail": "email", "Tags": "multiselectpicklist", "Site": "website",
}  # fmt: skip


@pytest.fixture
def zoho() -> Caller:
    made = Caller()
    choices = [{"display_value": value} for value in ("a", "b")]
    for label, data_type in TYPES.items():
        row: JsonObject = {"field_label": label, "data_type": data_type}
        if data_type == "multiselectpicklist":
            row["pick_list_values"] = choices
        answer = made.post("settings/fields", {"fields": [row]}, module="Accounts")
        assert answer.status == 201, answer.content
    return made


# A field, what is written, and what is read back.
@pytest.mark.parametrize(
    ("field", "written", "read"),
    [
        ("Flag", True, True),
        ("Flag", None, False),
        ("Big", 12345678901, "12345678901"),
        ("Big", "77", "77"),
        ("Day", "2026-12-01", "2026-12-01"),
        ("Moment", "2026-12-01T12:00:00Z", "2026-12-01T07:00:00-05:00"),
        ("Share", 12.345, 12.35),
        ("Tags", ["b", "a"], ["b", "a"]),
        ("Tags", [], None),
        ("Mail", "a@b.example", "a@b.example"),
        ("Site", "", None),
        ("Account_Name", " spaced ", "spaced"),
    ],
)
def test_values_come_back_as_documented(
    zoho: Caller, field: str, written: Any, read: object
) -> None:
    record_id = zoho.insert("Accounts", **({"Account_Name": "A"} | {field: written}))
    assert zoho.get(f"Accounts/{record_id}").data[0][field] == read


# A field, what is refused there, and the type that was expected.
@pytest.mark.parametrize(
    ("field", "written", "expected"),
    [
        ("Flag", "true", "boolean"),
        ("Big", "many", "bigint"),
        ("Big", 2**63, "bigint"),
        ("Day", "soon", "date"),
        ("Moment", "2026-12-01", "datetime"),
        ("Moment", 5, "datetime"),
        ("Tags", "a", "jsonarray"),
        ("Mail", "nobody", "email"),
    ],
)
def test_values_of_another_type_are_refused(
    zoho: Caller, field: str, written: object, expected: str
) -> None:
    answer = zoho.write("Accounts", {"Account_Name": "A", field: written})
    assert answer.codes == ["INVALID_DATA"]
    assert answer.data[0]["details"]["expected_data_type"] == expected


def test_conditions_know_days_instants_and_flags(zoho: Caller) -> None:
    zoho.insert("Accounts", Account_Name="A", Flag=True, Day="2026-12-01", Big=5)
    zoho.insert("Accounts", Account_Name="B", Day="2026-12-31", Moment="2026-12-01T00:00:00Z")
    cases = {
        "Flag = true": ["A"],
        "Flag = 'true'": ["A"],
        "Day between '2026-12-15' and '2026-12-31'": ["B"],
        "Day < '2026-12-15'": ["A"],
        "Moment = '2026-11-30T19:00:00-05:00'": ["B"],
        "Big >= 5": ["A"],
    }
    for condition, names in cases.items():
        rows = zoho.find("Account_Name", "Accounts", condition)
        assert [row["Account_Name"] for row in rows] == names, condition
    for wrong in ("Flag = 'perhaps'", "Day = '2026-12-01T00:00:00Z'", "id = 1.5", "Big = true"):
        answer = zoho.coql(question("id", "Accounts", wrong))
        assert answer.code == "INVALID_QUERY", wrong
    assert zoho.coql("select id from Accounts where Flag = perhaps").code == "SYNTAX_ERROR"
    found = zoho.get(
        "Accounts/search", criteria="((Flag:equals:true)and(Day:not_equal:2026-12-31))"
    )
    assert [row["Account_Name"] for row in found.data] == ["A"]
    assert zoho.get("Accounts/search", criteria="(Day:equals:2026-12-01").code == "INVALID_QUERY"


def test_a_bulk_read_prints_every_type(zoho: Caller) -> None:
    zoho.insert("Accounts", Account_Name="A", Flag=True, Day="2026-12-01", Tags=["a", "b"])
    query = {"module": {"api_name": "Accounts"}, "fields": ["Flag", "Day", "Tags"]}
    job = zoho.send("POST", "/crm/bulk/v8/read", {"query": query}).data[0]["details"]["id"]
    packed = zoho.send("GET", f"/crm/bulk/v8/read/{job}/result").content
    assert lines(packed) == ["Id,Flag,Day,Tags", "true,2026-12-01,a;b"]


def lines(packed: bytes) -> list[str]:
    """The lines of a result, without the ids."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        first, *rest = archive.read(archive.namelist()[0]).decode().splitlines()
    return [first, *(line.partition(",")[2] for line in rest)]


def test_reminders_are_kept_as_they_are() -> None:
    zoho = Caller()
    alarm = {"ALARM": "FREQ=NONE;ACTION=POPUP;TRIGGER=DATE-TIME:2026-11-27T09:00:00-05:00"}
    task = zoho.insert("Tasks", Subject="T", Remind_At=alarm, Send_Notification_Email=True)
    assert zoho.get(f"Tasks/{task}", fields="Remind_At").data[0]["Remind_At"] == alarm
    assert zoho.write("Tasks", {"Subject": "T", "Remind_At": "soon"}).codes == ["INVALID_DATA"]


def test_a_record_may_be_on_another_layout() -> None:
    zoho = Caller()
    layout = zoho.sandbox.act("add_layout", module="Accounts", name="Partenaires")["id"]
    record_id = zoho.insert("Accounts", Account_Name="A", Layout={"id": layout})
    assert zoho.get(f"Accounts/{record_id}").data[0]["Layout"]["name"] == "Partenaires"
    [one] = zoho.get(f"settings/layouts/{layout}", module="Accounts").json["layouts"]
    assert one["id"] == layout
    assert zoho.get("settings/layouts/12", module="Accounts").code == "INVALID_DATA"
    wrong = zoho.write("Accounts", {"Account_Name": "A", "Layout": {"id": "12"}})
    assert wrong.codes == ["INVALID_DATA"]


def test_at_most_two_fields_are_unique() -> None:
    zoho = Caller()
    kind = {"data_type": "text", "unique": {"casesensitive": False}}
    rows = [{"field_label": f"U{number}"} | kind for number in range(3)]
    answer = zoho.post("settings/fields", {"fields": rows}, module="Accounts")
    assert [row["code"] for row in answer.json["fields"]] == [
        "SUCCESS", "SUCCESS", "LIMIT_EXCEEDED",
    ]  # fmt: skip


def test_merged_contacts_keep_their_roles() -> None:
    zoho = Caller()
    winner, loser = (zoho.insert("Contacts", Last_Name=name) for name in ("Roy", "Roi"))
    deal = zoho.insert("Deals", Deal_Name="D", Stage="Qualification")
    zoho.sandbox.act("set_contact_role", deal=deal, contact=loser, role="Purchasing")
    zoho.sandbox.act("merge", id=winner, losers=[loser])
    [row] = zoho.get(f"Deals/{deal}/Contact_Roles", fields="Last_Name").data
    assert (row["id"], row["Contact_Role"]["name"]) == (winner, "Purchasing")
    deal_only = zoho.post(f"Deals/{deal}/actions/merge", {"merge": [{"data": [{"id": "1"}]}]})
    assert deal_only.code == "INVALID_DATA"


def test_users_are_narrowed_and_paged() -> None:
    zoho = Caller()
    zoho.sandbox.clock.advance(timedelta(minutes=5))
    names = {"email": "z@arpent.example", "first_name": "Zoé", "last_name": "Roy"}
    zoe = zoho.sandbox.act("create_user", **names)["id"]

    def found(headers: dict[str, str] | None = None, **query: object) -> list[str]:
        answer = zoho.get("users", headers, **query)
        return [] if answer.status == 204 else [row["id"] for row in answer.json["users"]]

    assert found(ids=zoe) == [zoe]
    assert found({"If-Modified-Since": "2026-11-23T08:04:00-05:00"}) == [zoe]
    assert zoe not in found(type="AdminUsers")
    assert len(found(type="ActiveConfirmedAdmins")) == 2
    assert zoe in found(type="ActiveConfirmedUsers")
    assert found(type="NotConfirmedUsers") == []
    assert (len(found(per_page=2)), found(per_page=2, page=2)) == (2, [zoe])
    assert zoho.get("users/12").status == 204
    assert zoho.get("users", per_page="x").code == "INVALID_DATA"


def test_the_twenty_first_refresh_token_ends_the_oldest() -> None:
    zoho = Caller()
    for number in range(20):
        zoho.sandbox.add_refresh_token(f"1000.{number}")
    assert zoho.get("org").code == "INVALID_TOKEN"
    assert zoho.token_for().json == {"error": "invalid_code"}


OPPORTUNITIES = (
    "id,name,account_id,owner_id,stage,amount,currency,created,close_date,is_closed,is_won,"
    "product,source,loss_reason,vu_le\n"
    "1,Scie,1,1,Gagnée,100,USD,2026-01-05,2026-02-05,true,true,,,,2026-01-06\n"
    "2,Rabot,1,1,Piste,200,USD,2026-03-05,2026-12-05,false,false,,,,2026-01-07\n"
)


def folder(path: Path, activity: str = "") -> Path:
    header = "id,type,account_id,owner_id,timestamp,status,direction\n"
    files = {
        "owners.csv": "id,name\n1,Ève\n",
        "accounts.csv": "id,name,vu_a\n1,Roc,2026-01-05T10:00:00Z\n",
        "opportunities.csv": OPPORTUNITIES,
        "activities.csv": header + activity,
    }
    for name, text in files.items():
        (path / name).write_text(text, encoding="utf-8")
    return path


def test_a_folder_without_history_has_one_stage_each(tmp_path: Path) -> None:
    sandbox = ZohoSandbox(now=NOW)
    sandbox.act("set_currencies", rates={"USD": 0.75})
    sandbox.load(folder(tmp_path))
    zoho = Caller(sandbox)
    rows = zoho.find("Potential_Name, Stage, Modified_Time", "DealHistory", "id is not null")
    found = [(row["Potential_Name"]["name"], row["Stage"], row["Modified_Time"]) for row in rows]
    assert found == [
        ("Scie", "Gagnée", "2026-02-05T00:00:00-05:00"),
        ("Rabot", "Piste", "2026-03-05T00:00:00-05:00"),
    ]
    deal = sandbox.values_of(sandbox.id_of("opportunities", "1"))
    assert (deal["Currency"], deal["Exchange_Rate"], deal["Vu_Le"]) == ("USD", 0.75, "2026-01-06")
    account = sandbox.values_of(sandbox.id_of("accounts", "1"))
    assert account["Vu_A"] == "2026-01-05T05:00:00-05:00"
    assert account["Owner"]["email"] == "admin@arpent.example"


def test_activities_need_a_moment_and_a_kind(tmp_path: Path) -> None:
    for activity, sentence in (
        ("1,call,1,1,,,\n", "must not be empty"),
        ("1,dance,1,1,2026-01-05,,\n", "'dance' is none of"),
    ):
        with pytest.raises(MalformedFolderError, match=sentence):
            ZohoSandbox(now=NOW).load(folder(tmp_path, activity))
