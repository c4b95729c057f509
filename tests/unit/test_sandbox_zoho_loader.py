"""The emulated Zoho CRM: a company's folder loaded, and what its people then do."""

import csv
from pathlib import Path

import pytest

from connectors.sandbox.csv_table import MalformedFolderError
from connectors.sandbox.exchange import ImpossibleError
from connectors.sandbox.zoho import ZohoSandbox
from connectors.sandbox.zoho.actions import ACTIONS
from tests.unit.sandbox_zoho_caller import NOW, Caller

ELISE = Path(__file__).parents[2] / "connectors/sandbox/cases/elise"


@pytest.fixture(scope="module")
def elise() -> Caller:
    """A loaded organisation that no test changes."""
    sandbox = ZohoSandbox(now=NOW)
    sandbox.load(ELISE)
    return Caller(sandbox)


def lines(name: str) -> list[dict[str, str]]:
    with (ELISE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_is_there(elise: Caller) -> None:
    kinds = {"call": "Calls", "meeting": "Events", "email": "Tasks", "note": "Tasks"}
    wanted = {"Accounts": len(lines("accounts.csv")), "Contacts": len(lines("contacts.csv")),
              "Deals": len(lines("opportunities.csv"))}  # fmt: skip
    for row in lines("activities.csv"):
        module = kinds[row["type"]]
        wanted[module] = wanted.get(module, 0) + 1
    found = {name: elise.get(f"{name}/actions/count").json["count"] for name in wanted}
    assert found == wanted
    assert not elise.sandbox.is_empty
    assert elise.sandbox.history() == []


def test_columns_become_fields(elise: Caller) -> None:
    first = lines("accounts.csv")[0]
    values = elise.sandbox.values_of(elise.sandbox.id_of("accounts", first["id"]))
    assert (values["Account_Name"], values["Billing_City"]) == (first["name"], first["city"])
    assert values["Employees"] == int(first["numberofemployees"])
    assert values["Potentiel_Annuel"] == float(first["potentiel_annuel"])
    assert (values["Segment"], values["Region"]) == (first["segment"], first["region"])
    assert values["Created_Time"].startswith(first["created"])
    assert values["Owner"]["name"] == lines("owners.csv")[0]["name"]
    rows = elise.get("settings/fields", module="Accounts").json["fields"]
    types = {row["api_name"]: row["data_type"] for row in rows if row["custom_field"]}
    assert (types["Potentiel_Annuel"], types["Segment"]) == ("double", "picklist")


def test_deals_went_through_their_stages(elise: Caller) -> None:
    deal = next(row for row in lines("opportunities.csv") if row["stage_history"].count(";") > 1)
    deal_id = elise.sandbox.id_of("opportunities", deal["id"])
    wanted = [part.split("@") for part in deal["stage_history"].split(";")]
    answer = elise.get(f"Deals/{deal_id}/Stage_History", fields="Stage,Modified_Time")
    found = [[row["Stage"], row["Modified_Time"][:10]] for row in reversed(answer.data)]
    assert found == wanted
    values = elise.sandbox.values_of(deal_id)
    assert (values["Stage"], values["Amount"]) == (deal["stage"], float(deal["amount"]))
    assert values["Closing_Date"] == deal["close_date"]


def test_stages_are_open_won_or_lost(elise: Caller) -> None:
    layout = elise.get("settings/layouts", module="Deals").json["layouts"][0]["id"]
    [pipeline] = elise.get("settings/pipeline", layout_id=layout).json["pipeline"]
    found = {row["actual_value"]: row["forecast_type"] for row in pipeline["maps"]}
    for row in lines("opportunities.csv"):
        kind = {"True": "Closed Won", "False": "Closed Lost"}[row["is_won"]]
        assert found[row["stage"]] == (kind if row["is_closed"] == "True" else "Open")


def test_contacts_have_their_roles_in_deals(elise: Caller) -> None:
    contact = next(row for row in lines("contacts.csv") if row["hs_buying_role"])
    contact_id = elise.sandbox.id_of("contacts", contact["id"])
    deals = [row for row in lines("opportunities.csv")
             if row["account_id"] == contact["account_id"]]  # fmt: skip
    for deal in deals:
        path = f"Deals/{elise.sandbox.id_of('opportunities', deal['id'])}/Contact_Roles"
        assert contact_id in {row["id"] for row in elise.get(path, fields="id").data}
    said = contact["hs_buying_role"].replace("_", " ").capitalize()
    assert elise.sandbox.values_of(contact_id)["Buying_Role"] == said


def test_activities_hang_on_what_they_are_about(elise: Caller) -> None:
    call = next(row for row in lines("activities.csv") if row["type"] == "call")
    values = elise.sandbox.values_of(elise.sandbox.id_of("activities", call["id"]))
    about = call["opportunity_id"] or call["account_id"]
    table = "opportunities" if call["opportunity_id"] else "accounts"
    assert values["What_Id"]["id"] == elise.sandbox.id_of(table, about)
    assert values["Call_Start_Time"] == call["timestamp"]


def folder(path: Path, **changes: str) -> Path:
    files = {
        "owners.csv": "id,name,email\n1,Ève Roy,eve@arpent.example\n",
        "accounts.csv": "id,name,owner_id\n1,Roc,1\n",
        "opportunities.csv": (
            "id,name,account_id,owner_id,stage,amount,currency,created,close_date,is_closed,"
            "is_won,product,source,loss_reason\n"
        ),
    }
    for name, text in (files | changes).items():
        (path / name).write_text(text, encoding="utf-8")
    return path


def test_a_minimal_folder_is_enough(tmp_path: Path) -> None:
    sandbox = ZohoSandbox(now=NOW)
    sandbox.load(folder(tmp_path))
    values = sandbox.values_of(sandbox.id_of("accounts", "1"))
    assert (values["Account_Name"], values["Owner"]["email"]) == ("Roc", "eve@arpent.example")


def test_a_broken_folder_changes_nothing(tmp_path: Path) -> None:
    sandbox = ZohoSandbox(now=NOW)
    wrong = {"accounts.csv": "id,name,owner_id\n1,Roc,7\n"}
    with pytest.raises(MalformedFolderError, match=r"line 2, column owner_id: '7' is not an id"):
        sandbox.load(folder(tmp_path, **wrong))
    assert sandbox.is_empty
    assert len(sandbox.org.users) == 2


def test_an_edition_may_lack_the_room_for_the_columns(tmp_path: Path) -> None:
    names = ",".join(f"column_{number}" for number in range(11))
    values = ",".join("x" for _ in range(11))
    wide = {"accounts.csv": f"id,name,{names}\n1,Roc,{values}\n"}
    with pytest.raises(MalformedFolderError, match="custom fields limit exceeded"):
        ZohoSandbox(now=NOW, edition="standard").load(folder(tmp_path, **wide))


@pytest.fixture
def zoho() -> Caller:
    return Caller()


def test_people_edit_reassign_and_leave(zoho: Caller) -> None:
    sandbox = zoho.sandbox
    names = {"email": "zoe@arpent.example", "first_name": "Zoé", "last_name": "Roy"}
    zoe = sandbox.act("create_user", **names)["id"]
    account = sandbox.create("Accounts", Account_Name="Roc")
    sandbox.act("edit", id=account, values={"Phone": "1"}, user=zoe)
    sandbox.act("reassign", id=account, owner=zoe)
    [row] = zoho.get("Accounts", fields="Owner,Modified_By,Phone").data
    assert (row["Owner"]["name"], row["Modified_By"]["name"]) == ("Zoé Roy", "Ada Admin")
    sandbox.act("deactivate_user", id=zoe)
    kinds = {kind: zoho.get("users", type=kind) for kind in ("ActiveUsers", "DeactiveUsers")}
    assert zoe in {user["id"] for user in kinds["DeactiveUsers"].json["users"]}
    assert zoe not in {user["id"] for user in kinds["ActiveUsers"].json["users"]}
    assert zoho.write("Accounts", {"Account_Name": "A", "Owner": zoe}).codes == ["INVALID_DATA"]
    sandbox.act("delete_user", id=zoe)
    assert zoho.get("users", type="DeletedUsers").json["users"][0]["status"] == "deleted"
    assert zoho.get(f"users/{zoe}").json["users"][0]["full_name"] == "Zoé Roy"
    assert zoho.get("users", type="Strangers").code == "INVALID_DATA"
    [me] = zoho.get("users", type="CurrentUser").json["users"]
    assert me["email"] == "integration@arpent.example"
    assert [write["action"] for write in sandbox.history()] == ["insert", "update", "update"]


def test_an_administrator_changes_fields_and_stages(zoho: Caller) -> None:
    sandbox = zoho.sandbox
    made = sandbox.act("create_field", module="Accounts", field_label="Potentiel",
                       data_type="double")  # fmt: skip
    account = sandbox.create("Accounts", Account_Name="Roc", Potentiel=5)
    sandbox.act("relabel_field", module="Accounts", field="Potentiel", label="Valeur")
    assert sandbox.values_of(account)["Potentiel"] == 5
    sandbox.act("retype_field", module="Accounts", field="Potentiel", data_type="text")
    assert "Potentiel" not in sandbox.values_of(account)
    sandbox.act("add_choice", module="Accounts", field="Industry", value="forest", label="Forêt")
    sandbox.act("relabel_choice", module="Accounts", field="Industry", value="forest", label="Bois")
    rows = {row["api_name"]: row
            for row in zoho.get("settings/fields", module="Accounts").json["fields"]}  # fmt: skip
    assert rows["Industry"]["pick_list_values"][-1]["display_value"] == "Bois"
    assert (rows["Potentiel"]["id"], rows["Potentiel"]["data_type"]) == (made["id"], "text")
    sandbox.act("delete_field", module="Accounts", field="Potentiel")
    sandbox.act("set_stages", stages=[["Piste", 10, "Open"], ["Gagnée", 100, "Closed Won"]])
    sandbox.act("relabel_stage", stage="Piste", label="Prospect")
    layout = zoho.get("settings/layouts", module="Deals").json["layouts"][0]["id"]
    [pipeline] = zoho.get("settings/pipeline", layout_id=layout).json["pipeline"]
    shown = [(row["actual_value"], row["display_value"]) for row in pipeline["maps"]]
    assert shown == [("Piste", "Prospect"), ("Gagnée", "Gagnée")]


def test_an_organization_may_name_its_tasks_words(zoho: Caller) -> None:
    zoho.sandbox.act(
        "set_task_words", statuses=[["À faire", "À faire"], ["Terminée", "Terminée"]],
        closed="Terminée", priorities=[["Haute", "Haute"]],
    )  # fmt: skip
    task = zoho.insert("Tasks", Subject="T")
    values = zoho.sandbox.values_of(task)
    assert (values["Status"], values["Priority"]) == ("À faire", "Haute")
    zoho.sandbox.act("complete_task", id=task)
    values = zoho.sandbox.values_of(task)
    assert (values["Status"], "Closed_Time" in values) == ("Terminée", True)


# An action that cannot be, and what is said of it.
@pytest.mark.parametrize(
    ("details", "sentence"),
    [
        ({"action": "dance"}, "There is no action 'dance'"),
        ({"action": "edit", "id": "12", "values": {}}, "There is no record '12'"),
        ({"action": "create", "module": "Nothings", "values": {}}, "There is no module"),
        ({"action": "create", "module": "Accounts", "values": {"Nope": 1}}, "has no field 'Nope'"),
        ({"action": "create", "module": "Accounts", "values": {"Phone": 1}}, "invalid data"),
        ({"action": "restore", "id": "12"}, "is not in the recycle bin"),
        ({"action": "purge", "id": "12"}, "needs '12'"),
        ({"action": "merge", "losers": []}, "needs 'id'"),
        ({"action": "delete_field", "module": "Accounts", "field": "Nope"}, "has no field"),
        ({"action": "relabel_stage", "stage": "Nope", "label": "x"}, "There is no stage"),
        ({"action": "relabel_choice", "module": "Accounts", "field": "Industry", "value": "x",
          "label": "y"}, "is no value"),
    ],
)  # fmt: skip
def test_impossible_actions_say_why(
    zoho: Caller, details: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ImpossibleError, match=sentence):
        zoho.sandbox.act(**details)  # type: ignore[arg-type]  # the details hold the action


def test_merging_moves_what_hangs_on_the_loser(zoho: Caller) -> None:
    sandbox = zoho.sandbox
    winner, loser = (sandbox.create("Accounts", Account_Name=name) for name in "AB")
    task = sandbox.create("Tasks", Subject="T", What_Id={"id": loser})
    sandbox.act("merge", id=winner, losers=[loser])
    assert sandbox.values_of(task)["What_Id"]["id"] == winner
    with pytest.raises(ImpossibleError, match="cannot be merged"):
        sandbox.act("merge", id=winner, losers=[winner])
    assert {"edit", "create", "delete", "restore", "merge", "lock", "deactivate_user"} <= set(
        ACTIONS
    )
